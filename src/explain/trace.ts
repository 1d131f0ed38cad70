/**
 * Takes one instance through the network and back, in the lecture's notation, derivatives beside differences.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer } from '../network/layer.js';
import type { ParameterLayout, ParameterView } from '../network/layout.js';
import type { Checker } from './checker.js';
import { TOLERANCE } from './differences.js';
import { jacobian } from './influence.js';
import type { Instance } from './instance.js';
import { lectureLayers, parameterVariable, type Variable } from './names.js';
import { isEstimated } from './owngradient.js';
import type { Judgement } from './verdict.js';

/** Holds x, z(k) or y(k), with ∂Div by each of its values. */
export interface Vector {
  readonly values: readonly number[];
  readonly derivatives: readonly number[];
  /** The largest relative error of the derivatives that were compared with differences. */
  readonly error: number;
  /** Number of derivatives that were compared. */
  readonly compared: number;
  /** Number of these that lie at a kink. */
  readonly kinks: number;
  /** Number of these that are too small to check. */
  readonly small: number;
  /**
   * Whether these are no derivatives, because a layer behind passes back an estimate: nothing is compared.
   */
  readonly estimate: boolean;
}

/** Holds ∂Div by one parameter, beside its difference quotient. */
export interface Derivative extends Judgement {
  readonly variable: Variable;
  readonly value: number;
  readonly derivative: number;
  /** y_i(k−1) and dz_j(k), whose product is the derivative by a weight; null for other parameters. */
  readonly factors: readonly [number, number] | null;
}

/** Holds one layer of the lecture with all that was computed in it. */
export interface TracedLayer {
  readonly k: number;
  /** [inputs, outputs] of the weighted combination; null where the layer is an activation alone. */
  readonly affine: readonly [number, number] | null;
  readonly activation: string | null;
  readonly z: Vector | null;
  readonly y: Vector;
  /** f′(z) of a scalar activation. */
  readonly slopes: readonly number[] | null;
  /** [j][i] = ∂y_j/∂z_i of a vector activation; null where it is large. */
  readonly jacobian: readonly (readonly number[])[] | null;
  readonly weights: readonly Derivative[];
  /** Number of the layer's weights; `weights` holds those with the largest derivatives. */
  readonly weightCount: number;
}

/** Holds all numbers of one parameter; `derivatives` is empty where prediction has no gradient for it. */
export interface TracedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly derivatives: readonly number[];
}

/** Holds the forward and the backward pass of one instance. */
export interface Trace {
  readonly x: Vector;
  readonly layers: readonly TracedLayer[];
  readonly divergence: number;
  readonly parameters: readonly TracedParameter[];
  /** The largest relative error of all `compared` derivatives. */
  readonly error: number;
  readonly compared: number;
  readonly kinks: number;
  readonly small: number;
  /** One line for each derivative that is wrong. */
  readonly failures: readonly string[];
}

/** A Jacobian of more units than this would fill the screen and say nothing. */
const JACOBIAN_UNITS = 12;
/**
 * Traces an instance of one row, and compares the `most` largest derivatives of each vector and parameter
 * with difference quotients.
 */
export function trace(instance: Instance, checker: Checker, most: number): Trace {
  const { layout, network, parameters } = instance;
  const { layers } = network;
  const { gradient } = checker;
  const divergence = instance.loss();
  const vectors = vectorsOf(checker, most);
  const weights = layers.map((_, index) => weightsOf(instance, index, vectors, checker, most));
  const weightCounts = layers.map((_, index) =>
    learnedViews(layout, index).reduce((sum, { length }) => sum + length, 0),
  );
  const outputOf = (index: number) => vectors[index + 1]; // vector 0 is x
  const traced = lectureLayers(layers).map(({ k, affineIndex: z, activationIndex: f }): TracedLayer => {
    const indices = [z, f].filter((index) => index !== null);
    return {
      k,
      affine: z === null ? null : [layers[z].inputs, layers[z].outputs],
      activation: f === null ? null : layers[f].kind,
      z: z === null || f === null ? null : outputOf(z),
      y: outputOf((f ?? z)!),
      ...(f === null ? { slopes: null, jacobian: null } : slopesOrJacobian(instance, f)),
      weights: indices.flatMap((index) => weights[index]),
      weightCount: indices.reduce((sum, index) => sum + weightCounts[index], 0),
    };
  });
  return {
    x: vectors[0],
    layers: traced,
    divergence,
    parameters: layout.views.map(({ name, spec, offset, length }) => ({
      name,
      shape: spec.shape,
      values: [...parameters.subarray(offset, offset + length)],
      derivatives: isStatistical(layers[layerOf(name)])
        ? []
        : [...gradient.subarray(offset, offset + length)],
    })),
    ...summary(vectors, weights.flat()),
    failures: failuresOf({ layers: traced }, vectors[0], weights.flat()),
  };
}

function summary(
  vectors: readonly Vector[],
  weights: readonly Derivative[],
): Pick<Trace, 'error' | 'compared' | 'kinks' | 'small'> {
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    error: Math.max(0, ...[...vectors, ...weights].map(({ error }) => error)),
    compared: total(vectors.map(({ compared }) => compared)) + weights.length,
    kinks: total(vectors.map(({ kinks }) => kinks)) + weights.filter(({ kink }) => kink).length,
    small:
      total(vectors.map(({ small }) => small)) + weights.filter(({ verdict }) => verdict === 'small').length,
  };
}

/** Says in one line each which derivatives are wrong. */
function failuresOf({ layers }: Pick<Trace, 'layers'>, x: Vector, weights: readonly Derivative[]): string[] {
  const vectors: [string, Vector][] = [
    ['y(0)', x],
    ...layers.flatMap(({ k, z, y }): [string, Vector][] => [
      ...(z ? [[`z(${k})`, z] as [string, Vector]] : []),
      [`y(${k})`, y],
    ]),
  ];
  const inVectors = vectors
    .filter(([, { error }]) => !isOk(error))
    .map(([name, { error }]) => `dDiv/d${name}: relative error ${error.toExponential(1)} > ${TOLERANCE}`);
  const inWeights = weights
    .filter(({ verdict }) => verdict === 'wrong')
    .map(
      ({ variable, derivative, numeric }) =>
        `dDiv/d${variable.name} is ${derivative.toPrecision(8)}, but the difference quotient ${numeric.toPrecision(8)}`,
    );
  return [...inVectors, ...inWeights];
}

/** Compares x and the output of every layer in the list. */
function vectorsOf(checker: Checker, most: number): Vector[] {
  return checker.vectors.map(({ values, derivatives, estimate }, vector) => {
    const found = (estimate ? [] : largest(derivatives, most)).map((i) => checker.ofVector(vector, i)!);
    return {
      values: [...values],
      derivatives: [...derivatives],
      error: Math.max(0, ...found.map(({ error }) => error)),
      compared: found.length,
      kinks: found.filter(({ kink }) => kink).length,
      small: found.filter(({ verdict }) => verdict === 'small').length,
      estimate,
    };
  });
}

/** Compares the largest derivatives by the parameters of one layer of the list. */
function weightsOf(
  { layout, network: { layers }, parameters }: Instance,
  index: number,
  vectors: readonly Vector[],
  checker: Checker,
  most: number,
): Derivative[] {
  if (isStatistical(layers[index]) || isEstimated(layers, index)) return [];
  const { gradient } = checker;
  const derivativeOf = (view: number, i: number): Derivative => {
    const variable = parameterVariable(layers, layout, view, i);
    const offset = layout.views[view].offset + i;
    const factors = factorsOf(variable, vectors[index], vectors[index + 1]);
    const judged = checker.ofParameter(offset);
    return { variable, value: parameters[offset], derivative: gradient[offset], ...judged, factors };
  };
  const found = learnedViews(layout, index).flatMap((view) => {
    const derivatives = gradient.subarray(view.offset, view.offset + view.length);
    return largest(derivatives, most).map((i) => derivativeOf(layout.views.indexOf(view), i));
  });
  return found.sort(byUnits);
}

/** Returns the factors of dDiv/dw_ij: y_i, which is 1 for i = 0, and dz_j. */
function factorsOf({ place }: Variable, before: Vector, after: Vector): readonly [number, number] | null {
  if (place.kind !== 'parameter' || !place.ij) return null;
  const [i, j] = place.ij;
  return [i === 0 ? 1 : before.values[i - 1], after.derivatives[j - 1]];
}

const layerOf = (name: string): number => Number.parseInt(name, 10);

/** Lists the parameters of one layer that are learned, not running statistics. */
function learnedViews({ views }: ParameterLayout, index: number): ParameterView[] {
  return views.filter(({ name, spec }) => layerOf(name) === index && spec.statistic === undefined);
}

/** Says whether the layer keeps running statistics: such a layer has derivatives in training only. */
const isStatistical = ({ parameters }: Layer): boolean => parameters.some(({ statistic }) => statistic);

/** Says whether a relative error passes. */
export const isOk = (error: number): boolean => error <= TOLERANCE;

/** Describes a scalar activation by its slopes, and a vector activation by its Jacobian. */
function slopesOrJacobian(
  { pass, network }: Instance,
  index: number,
): Pick<TracedLayer, 'slopes' | 'jacobian'> {
  const layer = network.layers[index];
  const { inputs, outputs } = layer;
  if (Math.max(inputs, outputs) > JACOBIAN_UNITS && inputs !== outputs)
    return { slopes: null, jacobian: null };
  const rows = jacobian(pass, layer, network.arrays[index]);
  const scalar =
    inputs === outputs && rows.every((row, j) => row.every((value, i) => i === j || value === 0));
  if (scalar) return { slopes: rows.map((row, j) => row[j]), jacobian: null };
  return { slopes: null, jacobian: inputs <= JACOBIAN_UNITS ? rows.map((row) => [...row]) : null };
}

/** Returns the indices of the entries with the largest magnitudes, in rising order. */
function largest(values: FloatArray, most: number): number[] {
  const indices = Array.from(values, (_, i) => i);
  if (indices.length <= most) return indices;
  return indices
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]))
    .slice(0, most)
    .sort((a, b) => a - b);
}

/** Sorts weights as w_01, w_11, w_21, w_02, …: all that lead to a unit stand together. */
function byUnits(a: Derivative, b: Derivative): number {
  const [p, q] = [a.variable.place, b.variable.place];
  if (p.kind !== 'parameter' || q.kind !== 'parameter' || !p.ij || !q.ij) return 0;
  return p.ij[1] - q.ij[1] || p.ij[0] - q.ij[0];
}
