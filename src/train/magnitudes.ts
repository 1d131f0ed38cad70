/** Blames an overflow on what is large: an input, a target, or else what the training has made of them. */
import type { ForwardContext } from '../forward/context.js';
import type { FloatArray } from '../kernels/kernels.js';
import type { BrokenParameter } from './finite.js';
import type { TrainingPlan } from './plan.js';

/** The largest magnitudes among the inputs and targets of some rows, and among the parameters. */
interface Magnitudes {
  readonly input: number;
  readonly target: number;
  readonly parameter: number;
}

/** The first place at which a value is not finite. */
export interface Diagnosis {
  /**
   * A layer's number, the input before all layers, or what the output is compared by after them; or a
   * parameter, whose own value or the sum of whose gradients is not finite.
   */
  readonly place: number | 'input' | 'loss' | 'squared error' | BrokenParameter;
  readonly pass: 'forward' | 'backward' | 'sum' | 'before';
  /** Row numbers in the dataset, counted from 0: the first few. None where all rows have a part in it. */
  readonly rows: readonly number[];
  /** How large the values are that it was computed from; null where they do not matter. */
  readonly of: Magnitudes | null;
}

/** Rows that an error names at most. */
const ROWS_NAMED = 3;
/** Inputs and targets up to this are no outliers: those of tables are standardised. */
const USUAL = 1e6;

export const allFinite = (array: FloatArray): boolean => array.every(Number.isFinite);

export function largest(array: FloatArray): number {
  let found = 0;
  for (const value of array) found = Math.max(found, Math.abs(value));
  return found;
}

/** Returns the first few rows that hold a value which is not finite. */
export function rowsNotFinite(array: FloatArray, rows: number, width: number): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows && found.length < ROWS_NAMED; row++) {
    if (!allFinite(array.subarray(row * width, (row + 1) * width))) found.push(row);
  }
  return found;
}

/** Returns how large the values are that some rows of a pass were computed from. */
export function magnitudes(
  { workspace, pass, problemType }: ForwardContext,
  rows: readonly number[],
): Magnitudes {
  const { network, targets } = workspace;
  const [{ inputs }] = network.layers;
  const width = targets.length / (network.input.length / inputs);
  const most = (array: FloatArray, of: number) =>
    Math.max(
      0,
      ...rows
        .filter((row) => row < pass.rows)
        .map((row) => largest(array.subarray(row * of, (row + 1) * of))),
    );
  return {
    input: most(network.input, inputs),
    target: problemType === 'regression' ? most(targets, width) : 0,
    parameter: Math.max(0, ...network.arrays.flatMap(({ parameters }) => parameters.map(largest))),
  };
}

/** Returns the remedy that the place or what is large there suggests; undefined for the usual one. */
export function remedyFor(
  { objective }: Pick<TrainingPlan, 'objective'>,
  { place, of }: Diagnosis,
): string | undefined {
  if (place === 'input') return 'correct the value, which is outside the range of float32 (3.4e38)';
  if (of) {
    const { input, target, parameter } = of;
    const [what, value] = input >= target ? ['input', input] : ['target', target];
    if (value > USUAL && value > parameter) {
      return `its largest ${what}, as the network sees it, is ${value.toPrecision(3)}: correct that value, or leave the row out`;
    }
  }
  return typeof place === 'number' ? objective.layers[place].domain : undefined;
}
