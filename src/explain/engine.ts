/**
 * Computes Div again after a small change, in float64 with the library's own layers. It runs in the page of
 * `explain --html` and knows as much of the network as the page holds: all layers, or in a large network the
 * last ones, with some weights of the combination before them.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { DivergenceName } from '../network/divergences.js';
import type { UncheckedLayer } from '../network/kind.js';
import { LAYER_KINDS } from '../network/kinds.js';
import type { BoundSequence, Layer } from '../network/layer.js';
import { type ParameterView, parameterLayout } from '../network/layout.js';
import { unfused } from '../network/network.js';
import { buildLayers } from '../network/spec.js';
import { createInstance, type Instance } from './instance.js';
import type { Changeable, NodePlace } from './steps.js';
import type { Subject } from './subject.js';

/** What an engine is made of, as plain data. */
export interface EngineData {
  /** The layers from number `from` of the list on. */
  readonly layers: readonly UncheckedLayer[];
  readonly from: number;
  /** What the first of them reads: x, or what the combination before it computed. */
  readonly input: readonly number[];
  /** Their parameters in the layout's order, one after the other, in base64. */
  readonly parameters: string;
  readonly type: keyof typeof TYPES;
  readonly loss: DivergenceName;
  readonly lossParameter: number | readonly number[] | null;
  readonly desired: readonly number[];
  /**
   * The combination before layer `from`: its inputs, by what its weights are multiplied, and the weights from
   * some inputs, in base64. Null where there is none.
   */
  readonly before: {
    readonly x: readonly number[];
    readonly scaling: number;
    readonly rows: Readonly<Record<number, string>>;
  } | null;
}

/** What a change leads to; it can be read until the next one. */
interface Changed {
  readonly divergence: number;
  /** Returns the value of a node; null where the engine does not hold its layer. */
  valueAt(place: NodePlace): number | null;
}

/** Computes the consequences of changes, each from the same beginning. */
export interface Engine {
  /** Div without any change. */
  readonly unchanged: number;
  /** Whether the engine holds what this number acts on. */
  knows(place: Changeable['place']): boolean;
  /** Adds `step` to one number; `knows` must be true of it. */
  changed(place: Changeable['place'], step: number): Changed;
}

/** The arrays in which parameters are handed over: float32 where that loses nothing. */
const TYPES = { float32: Float32Array, float64: Float64Array } as const;

/** Bytes of parameters that a page holds at most. */
const MOST_BYTES = 250_000;

/**
 * Takes as many of the last layers as a page has room for; null where it has none for the last one. `outputs`
 * holds x and what each layer computes; `inputs` says which inputs of the network may be changed.
 */
export function engineData(
  { layers, weights, loss, lossParameter, d }: Subject,
  outputs: readonly (readonly number[])[],
  inputs: readonly number[],
): EngineData | null {
  const views = parameterLayout(layers).views;
  const type = weights.every((value) => Math.fround(value) === value) ? 'float32' : 'float64';
  const bytes = (from: number) =>
    viewsFrom(views, from).reduce((sum, { length }) => sum + length * TYPES[type].BYTES_PER_ELEMENT, 0);
  const from = layers.findIndex((_, index) => bytes(index) <= MOST_BYTES);
  if (from < 0) return null;
  const held = viewsFrom(views, from).flatMap(({ offset, length }) => [
    ...weights.subarray(offset, offset + length),
  ]);
  const previous = layers[from - 1];
  const matrix = views.find(({ name }) => name === `${from - 1}.weight`);
  const row = (i: number) => {
    const begin = matrix!.offset + i * previous.outputs;
    return toBase64(new TYPES[type](weights.subarray(begin, begin + previous.outputs)));
  };
  return {
    layers: layers.slice(from).map(specOf),
    from,
    input: outputs[from],
    parameters: toBase64(new TYPES[type](held)),
    type,
    loss,
    lossParameter: lossParameter ?? null,
    desired: [...d],
    before: previous?.affine
      ? {
          x: outputs[from - 1],
          scaling: previous.argument?.ntk === true ? 1 / Math.sqrt(previous.inputs) : 1,
          rows: from === 1 ? Object.fromEntries(inputs.map((i) => [i, row(i)])) : {},
        }
      : null,
  };
}

const viewsFrom = (views: readonly ParameterView[], from: number) =>
  views.filter(({ name }) => Number.parseInt(name, 10) >= from);

/** Writes a layer in the network language. */
function specOf({ kind, argument = {} }: Layer): UncheckedLayer {
  const known = Object.keys(LAYER_KINDS[kind].argument.shape);
  const given = Object.entries(argument).filter(([key, value]) => known.includes(key) && value !== undefined);
  return given.length > 0 ? { [kind]: Object.fromEntries(given) } : kind;
}

/** Builds the layers again. */
export function createEngine(data: EngineData): Engine {
  const layers = buildLayers(data.layers, data.input.length);
  const instance = createInstance({
    objective: unfused(layers, data.loss, data.lossParameter ?? undefined),
    rows: 1,
  });
  const { network, parameters, layout, desired } = instance;
  desired.set(data.desired.slice(0, desired.length));
  const held = new TYPES[data.type](fromBase64(data.parameters));
  let taken = 0;
  for (const { offset, length } of layout.views) {
    parameters.set(held.subarray(taken, taken + length), offset);
    taken += length;
  }
  let undo = () => network.input.set(data.input);
  undo();
  return {
    unchanged: instance.loss(),
    knows: (place) => changeOf(data, instance, place) !== null,
    changed(place, step) {
      undo();
      undo = changeOf(data, instance, place)!(step);
      const divergence = instance.loss();
      return { divergence, valueAt: ({ path, unit }) => arrayAt(network, data.from, path)?.[unit] ?? null };
    },
  };
}

/** Adds a step to some number; returns what takes it back. */
type Change = (step: number) => () => void;

/** Returns how to change a number; null where the engine does not hold it. */
function changeOf(
  { from, before, input, type }: EngineData,
  { network, parameters, layout }: Instance,
  place: Changeable['place'],
): Change | null {
  const width = input.length;
  const ofSum = (j: number, factor: number) => (step: number) => {
    network.input[j] += factor * step;
    return () => network.input.set(input);
  };
  if ('input' in place) {
    if (from === 0) return ofSum(place.input, 1);
    const text = before?.rows[place.input];
    if (text === undefined) return null;
    const row = new TYPES[type](fromBase64(text));
    return (step) => {
      for (const [j, weight] of row.entries()) network.input[j] += weight * before!.scaling * step;
      return () => network.input.set(input);
    };
  }
  const { array, index } = place.parameter;
  const layer = Number.parseInt(array, 10);
  if (layer === from - 1 && before) {
    const factor = array.endsWith('bias') ? 1 : before.scaling * before.x[Math.floor(index / width)];
    return ofSum(index % width, factor);
  }
  const view = layout.views.find(({ name }) => name === array.replace(/^\d+/, String(layer - from)));
  if (layer < from || !view) return null;
  return (step) => {
    const at = view.offset + index;
    const original = parameters[at];
    parameters[at] += step;
    return () => {
      parameters[at] = original;
    };
  };
}

/** Finds what the layer at a path of the whole network computes; null where it is not held. */
function arrayAt(network: BoundSequence, from: number, path: string): FloatArray | null {
  const [first, ...inner] = path.split('.').slice(0, -1).map(Number);
  if (first < from) return first === from - 1 ? network.input : null;
  let arrays = network.arrays[first - from];
  while (inner.length > 0) {
    const branch = arrays.branches.length > 1 ? inner.shift()! : 0;
    arrays = arrays.branches[branch].arrays[inner.shift()!];
  }
  return arrays.y;
}

function toBase64({ buffer }: { readonly buffer: ArrayBufferLike }): string {
  const bytes = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join(''));
}

const fromBase64 = (text: string): ArrayBuffer =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
