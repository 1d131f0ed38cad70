/** What the forward passes with 31 digits are given, and how they go over units and rows. */
import type { FloatArray } from '../../kernels/kernels.js';
import type { Layer, LayerArrays, Pass } from '../../network/layer.js';
import { type DoubleDouble, preciseOf } from './doubledouble.js';

/** Values [R, width], row by row. */
export type Values = readonly DoubleDouble[];

/** What a layer computed; `branches` holds what the layers of each branch did. */
export interface Computed {
  readonly x: Values;
  readonly y: Values;
  readonly branches: readonly (readonly Computed[])[];
}

/** What a layer computes from. */
export interface Task {
  readonly layer: Layer;
  readonly arrays: LayerArrays;
  readonly pass: Pass;
  readonly rows: number;
  readonly x: Values;
  /** The same layer with all numbers unchanged; null where these are computed. */
  readonly before: Computed | null;
  /** The outputs of the branches. */
  readonly branches: readonly Values[];
  /** Whether float64 is good enough for what changes in a weighted combination. */
  readonly quick: boolean;
  /** Which numbers of each parameter are changed, and by how much. */
  readonly changes: readonly (readonly (readonly [index: number, step: number])[])[];
}

export type Forward = (task: Task) => Values;

/** Returns the changed values of a parameter. */
export function parameterOf({ arrays, changes }: Task, which: number): Values {
  const values = Array.from(arrays.parameters[which], preciseOf);
  for (const [index, step] of changes[which]) values[index] = values[index].plus(step);
  return values;
}

/** Computes each y_i from x_i; where neither x_i nor a parameter has changed, y_i has not either. */
export function eachUnit(
  { x, before, changes }: Task,
  f: (x: DoubleDouble, i: number) => DoubleDouble,
): Values {
  const reusable = changes.every((list) => list.length === 0) ? before : null;
  return x.map((value, i) => (reusable && reusable.x[i] === value ? reusable.y[i] : f(value, i)));
}

/** Computes each row on its own. */
export function eachRow({ x, rows, layer: { inputs } }: Task, f: (x: Values, r: number) => Values): Values {
  return Array.from({ length: rows }, (_, r) => f(x.slice(r * inputs, (r + 1) * inputs), r)).flat();
}

/** Returns the uniform draws that the layer takes in this step of training. */
export function drawsOf({ pass, rows, layer: { inputs }, arrays: { id } }: Task): FloatArray {
  const draws = new Float64Array(rows * inputs);
  pass.kernels.uniform(draws, rows, inputs, pass.key, pass.firstRow, id);
  return draws;
}

export const argumentOf = <T extends object>({ layer: { argument = {} } }: Task): Partial<T> =>
  argument as Partial<T>;
