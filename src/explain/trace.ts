/** One instance through the network and back, in the lecture's notation, each derivative beside its difference quotient. */
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer } from '../network/layer.js';
import { compare, TOLERANCE } from './differences.js';
import { jacobian } from './influence.js';
import { differentiable, type Instance } from './instance.js';
import { lectureLayers, parameterVariable, type Variable } from './names.js';

/** x, z(k) or y(k) with ∂Div/∂ of it. */
export interface Vector {
  readonly values: readonly number[];
  readonly derivatives: readonly number[];
  /** the largest relative error of the derivatives that were compared with differences */
  readonly error: number;
  readonly compared: number;
  readonly kinks: number;
}

export interface Derivative {
  readonly variable: Variable;
  readonly value: number;
  readonly derivative: number;
  readonly numeric: number;
  readonly error: number;
  readonly kink: boolean;
  /** of a weight: y_i(k−1) and dz_j(k), whose product it is */
  readonly factors: readonly [number, number] | null;
}

export interface TracedLayer {
  readonly k: number;
  /** [inputs, outputs] of the weighted combination, null where the layer is an activation alone */
  readonly affine: readonly [number, number] | null;
  readonly activation: string | null;
  readonly z: Vector | null;
  readonly y: Vector;
  /** f′(z) of a scalar activation */
  readonly slopes: readonly number[] | null;
  /** [j][i] = ∂y_j/∂z_i of a vector activation, where it is small */
  readonly jacobian: readonly (readonly number[])[] | null;
  readonly weights: readonly Derivative[];
  /** how many it has, of which `weights` are the largest */
  readonly weightCount: number;
}

/** All the numbers of one parameter of the layout; one without a gradient in prediction has no derivatives. */
export interface TracedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly derivatives: readonly number[];
}

export interface Trace {
  readonly x: Vector;
  readonly layers: readonly TracedLayer[];
  readonly divergence: number;
  readonly parameters: readonly TracedParameter[];
  /** over all that was compared */
  readonly error: number;
  readonly compared: number;
  readonly kinks: number;
}

/** A Jacobian of more units than this fills the screen and says nothing. */
const JACOBIAN_UNITS = 12;
/** Beside a derivative this much smaller than the largest, rounding of Div leaves no digits to compare. */
const RESOLUTION = 1e-4;

/** `most`: of each vector and each parameter, so many are compared, the largest ones. */
export function trace(instance: Instance, most: number): Trace {
  const { layout, network, parameters } = instance;
  const { layers, arrays } = network;
  const gradient = instance.gradient().slice();
  const divergence = instance.loss();
  const places = [
    { values: network.input, derivatives: network.inputGradient!.slice() },
    ...arrays.map(({ y, dy }) => ({ values: y, derivatives: dy.slice() })),
  ];
  const vectors = places.map(({ values, derivatives }, place): Vector => {
    const found = largest(derivatives, most).map((i) =>
      compare(
        nudged(values, i, () => instance.lossFrom(place)),
        derivatives[i],
        RESOLUTION * sizeOf(derivatives),
      ),
    );
    instance.loss();
    return {
      values: [...values],
      derivatives: [...derivatives],
      error: Math.max(0, ...found.map(({ error }) => error)),
      compared: found.length,
      kinks: found.filter(({ kink }) => kink).length,
    };
  });
  const weightsOf = (index: number | null): Derivative[] =>
    index === null || isStatistical(layers[index])
      ? []
      : differentiable(layout)
          .filter(({ name }) => Number.parseInt(name, 10) === index)
          .flatMap(({ name, offset, length }) => {
            const view = layout.views.findIndex((candidate) => candidate.name === name);
            const block = gradient.subarray(offset, offset + length);
            return largest(block, most).map((i) => derivativeOf(view, i, index));
          })
          .sort(byUnits);
  const derivativeOf = (view: number, i: number, index: number): Derivative => {
    const variable = parameterVariable(layers, layout, view, i);
    const at = layout.views[view].offset + i;
    const ij = variable.place.kind === 'parameter' ? variable.place.ij : null;
    const found = compare(nudged(parameters, at, instance.loss), gradient[at], RESOLUTION * sizeOf(gradient));
    const before = vectors[index].values;
    const factors =
      ij && ([ij[0] === 0 ? 1 : before[ij[0] - 1], vectors[index + 1].derivatives[ij[1] - 1]] as const);
    return { variable, value: parameters[at], derivative: gradient[at], ...found, factors };
  };

  const traced = lectureLayers(layers).map(({ k, affine, activation }): TracedLayer => {
    const f = activation === null ? null : shapeOf(instance, layers, activation);
    const own = [affine, activation].filter((index) => index !== null);
    return {
      k,
      affine: affine === null ? null : [layers[affine].inputs, layers[affine].outputs],
      activation: activation === null ? null : layers[activation].kind,
      z: affine === null || activation === null ? null : vectors[affine + 1],
      y: vectors[(activation ?? affine)! + 1],
      slopes: f?.slopes ?? null,
      jacobian: f?.jacobian ?? null,
      weights: own.flatMap(weightsOf),
      weightCount: differentiable(layout)
        .filter(({ name }) => own.includes(Number.parseInt(name, 10)))
        .reduce((sum, { length }) => sum + length, 0),
    };
  });
  const all = [
    ...vectors,
    ...traced.flatMap(({ weights }) =>
      weights.map((one) => ({ error: one.error, compared: 1, kinks: Number(one.kink) })),
    ),
  ];
  return {
    x: vectors[0],
    layers: traced,
    divergence,
    parameters: layout.views.map(({ name, spec, offset, length }) => ({
      name,
      shape: spec.shape,
      values: [...parameters.subarray(offset, offset + length)],
      derivatives: isStatistical(layers[Number.parseInt(name, 10)])
        ? []
        : [...gradient.subarray(offset, offset + length)],
    })),
    error: Math.max(...all.map(({ error }) => error)),
    compared: all.reduce((sum, { compared }) => sum + compared, 0),
    kinks: all.reduce((sum, { kinks }) => sum + kinks, 0),
  };
}

/** A layer with running statistics has derivatives in training only. */
const isStatistical = ({ parameters }: Layer): boolean => parameters.some(({ statistic }) => statistic);

export const isOk = (error: number): boolean => error <= TOLERANCE;

/** A scalar activation is its slopes, a vector activation its Jacobian. */
function shapeOf(
  instance: Instance,
  layers: readonly Layer[],
  index: number,
): Pick<TracedLayer, 'slopes' | 'jacobian'> {
  const { inputs, outputs } = layers[index];
  if (Math.max(inputs, outputs) > JACOBIAN_UNITS && inputs !== outputs)
    return { slopes: null, jacobian: null };
  const rows = jacobian(instance.pass, layers[index], instance.network.arrays[index]);
  const scalar =
    inputs === outputs && rows.every((row, j) => row.every((value, i) => i === j || value === 0));
  if (scalar) return { slopes: rows.map((row, j) => row[j]), jacobian: null };
  return { slopes: null, jacobian: inputs <= JACOBIAN_UNITS ? rows.map((row) => [...row]) : null };
}

/** Calls `loss` with entry i of an array changed by a step. */
export function nudged(array: FloatArray, i: number, loss: () => number): (step: number) => number {
  const held = array[i];
  return (step) => {
    array[i] = held + step;
    const found = loss();
    array[i] = held;
    return found;
  };
}

/** Indices of the entries with the largest magnitudes, in order of index. */
function largest(values: FloatArray, most: number): number[] {
  const indices = Array.from(values, (_, i) => i);
  if (indices.length <= most) return indices;
  return indices
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]))
    .slice(0, most)
    .sort((a, b) => a - b);
}

function sizeOf(values: FloatArray): number {
  let size = 0;
  for (const value of values) size = Math.max(size, Math.abs(value));
  return size || 1;
}

/** w_01, w_11, w_21, w_02, …: all that leads to a unit together. */
function byUnits(a: Derivative, b: Derivative): number {
  const [p, q] = [a.variable.place, b.variable.place];
  if (p.kind !== 'parameter' || q.kind !== 'parameter' || !p.ij || !q.ij) return 0;
  return p.ij[1] - q.ij[1] || p.ij[0] - q.ij[0];
}
