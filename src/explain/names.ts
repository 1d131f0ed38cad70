/**
 * Names variables in the lecture's notation. A layer of the lecture is a weighted combination and the
 * activation after it, which are two layers in gradpool's list. Layers and units are counted from 1; unit 0
 * is the constant input y_0 = 1, so that w[k][0,j] is a bias.
 */
import { UsageError } from '../errors.js';
import type { Layer } from '../network/layer.js';
import type { ParameterLayout } from '../network/layout.js';

/** Locates layer k of the lecture in the list; at most one of the two indices is null. */
interface LectureLayer {
  readonly k: number;
  /** Index of the weighted combination; null where the layer has none. */
  readonly affineIndex: number | null;
  /** Index of the activation, or of any other layer that is no combination; null where the layer has none. */
  readonly activationIndex: number | null;
}

/**
 * Groups the layers of a list into those of the lecture: a combination with what follows it, if that is
 * simple.
 */
export function lectureLayers(layers: readonly Layer[]): LectureLayer[] {
  const found: LectureLayer[] = [];
  for (let index = 0; index < layers.length; index++) {
    const k = found.length + 1;
    const next = layers[index + 1];
    if (!layers[index].affine) found.push({ k, affineIndex: null, activationIndex: index });
    else if (next && !next.affine && next.branches.length === 0) {
      found.push({ k, affineIndex: index, activationIndex: ++index });
    } else found.push({ k, affineIndex: index, activationIndex: null });
  }
  return found;
}

/** A variable is a number that Div depends on: an input, or a number in a parameter array. */
export interface Variable {
  /** The printed form: w_12(1), x_3. */
  readonly name: string;
  /** As a user writes it: w[1][1,2], x3. */
  readonly key: string;
  readonly place:
    | { readonly kind: 'input'; readonly index: number }
    | {
        readonly kind: 'parameter';
        /** Index of the layer in the list. */
        readonly layer: number;
        /** Index of the parameter among the layout's views. */
        readonly view: number;
        /** Index of the number in the parameter. */
        readonly index: number;
        /** Index of the number in the block of all parameters. */
        readonly offset: number;
        /** i and j of a combination's weight w_ij; null for other parameters. */
        readonly ij: readonly [number, number] | null;
      };
}

/** Writes z_3(2), or w_1,12(1) where digits would run together. */
function subscript(symbol: string, indices: readonly number[], k: number): string {
  return `${symbol}_${indices.join(indices.some((index) => index > 9) ? ',' : '')}(${k})`;
}

/** Names input `index`, counted from 0. */
const inputVariable = (index: number): Variable => ({
  name: `x_${index + 1}`,
  key: `x${index + 1}`,
  place: { kind: 'input', index },
});

/** Names number `index` in parameter `view` of the layout. */
export function parameterVariable(
  layers: readonly Layer[],
  { views }: ParameterLayout,
  view: number,
  index: number,
): Variable {
  const { name, spec, offset } = views[view];
  const layer = Number.parseInt(name, 10);
  const { k } = lectureLayers(layers).find(({ affineIndex, activationIndex }) =>
    [affineIndex, activationIndex].includes(layer),
  )!;
  const place = { kind: 'parameter', layer, view, index, offset: offset + index } as const;
  if (layers[layer].affine) {
    const units = layers[layer].outputs;
    const ij =
      spec.name === 'bias'
        ? ([0, index + 1] as const)
        : ([Math.floor(index / units) + 1, (index % units) + 1] as const);
    return { name: subscript('w', ij, k), key: `w[${k}][${ij}]`, place: { ...place, ij } };
  }
  const indices = unravel(index, spec.shape).map((position) => position + 1);
  const symbol = nameInLayer(name);
  return {
    name: subscript(symbol, indices, k),
    key: `${symbol}[${k}][${indices}]`,
    place: { ...place, ij: null },
  };
}

/** Takes the layer's index off a parameter's name in the layout: '2.weight' is the layer's 'weight'. */
const nameInLayer = (name: string): string => name.slice(name.indexOf('.') + 1);

/** Returns the indices, counted from 0, of number `index` of an array of this shape. */
function unravel(index: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  for (const size of shape.toReversed()) {
    indices.unshift(index % size);
    index = Math.floor(index / size);
  }
  return indices;
}

/**
 * Finds a variable by its key: `x1`, `w[1][0,2]`, or `weight[2][3]` for the parameter of another layer.
 * Throws UsageError saying which variables there are.
 */
export function findVariable(key: string, layers: readonly Layer[], layout: ParameterLayout): Variable {
  const [, input] = /^x_?\[?(\d+)\]?$/.exec(key) ?? [];
  if (input !== undefined) {
    const { inputs } = layers[0];
    if (Number(input) >= 1 && Number(input) <= inputs) return inputVariable(Number(input) - 1);
    throw new UsageError(`${key}: the network has inputs x1 to x${inputs}`);
  }
  const [, symbol, k, list] = /^([\w.]+)\[(\d+)\]\[([\d, ]+)\]$/.exec(key) ?? [];
  if (symbol === undefined) {
    throw new UsageError(
      `${key}: expected an input such as x1, or a weight such as w[1][1,2] (layer, from unit, to unit; from 0 is the bias)`,
    );
  }
  return findParameter({ key, symbol, k: Number(k), indices: list.split(',').map(Number) }, layers, layout);
}

/** Holds the parts of a key such as w[1][0,2]. */
interface ParameterKey {
  /** As the user wrote it. */
  readonly key: string;
  readonly symbol: string;
  readonly k: number;
  readonly indices: readonly number[];
}

function findParameter(
  { key, symbol, k, indices }: ParameterKey,
  layers: readonly Layer[],
  layout: ParameterLayout,
): Variable {
  const all = lectureLayers(layers);
  const layer = all[k - 1];
  if (!layer) throw new UsageError(`${key}: the network has layers 1 to ${all.length}`);
  const { affineIndex, activationIndex } = layer;
  const isBias = symbol === 'w' && indices[0] === 0;
  const name =
    symbol === 'w'
      ? `${affineIndex}.${isBias ? 'bias' : 'weight'}`
      : `${activationIndex ?? affineIndex}.${symbol}`;
  const view = layout.views.findIndex(
    (candidate) => candidate.name === name && candidate.spec.statistic === undefined,
  );
  if (view === -1)
    throw new UsageError(`${key}: layer ${k} has no such weight; ${available(layers, layout, k)}`);
  const { shape } = layout.views[view].spec;
  const position = (isBias ? indices.slice(1) : indices).map((index) => index - 1);
  if (position.length !== shape.length || position.some((index, d) => !(index >= 0 && index < shape[d]))) {
    throw new UsageError(`${key}: out of range; ${available(layers, layout, k)}`);
  }
  const index = position.reduce((flat, value, d) => flat * shape[d] + value, 0);
  return parameterVariable(layers, layout, view, index);
}

/** Says which variables layer k has: 'w[1][i,j] with i from 0 (the bias) to 2, j from 1 to 2'. */
function available(layers: readonly Layer[], { views }: ParameterLayout, k: number): string {
  const { affineIndex, activationIndex } = lectureLayers(layers)[k - 1];
  const combination = affineIndex === null ? [] : [availableWeights(layers[affineIndex], k)];
  const others = views
    .filter(({ name, spec }) => Number.parseInt(name, 10) === activationIndex && spec.statistic === undefined)
    .map(({ name, spec }) => `${nameInLayer(name)}[${k}][…] up to [${spec.shape}]`);
  return [...combination, ...others].join(', ') || `layer ${k} has no weights`;
}

function availableWeights({ inputs, outputs, parameters }: Layer, k: number): string {
  const first = parameters.length > 1 ? '0 (the bias)' : '1';
  return `w[${k}][i,j] with i from ${first} to ${inputs}, j from 1 to ${outputs}`;
}
