import type { Subset } from '../data/dataset.js';
import { DivergedError } from '../errors.js';
import type { FloatArray } from '../kernels/kernels.js';
import { type Context, divergence, forwardRows } from './context.js';
import { beginPass, plannedRun, type ShardRun } from './gradient.js';
import type { TrainingPlan } from './plan.js';

/** Where a value that is not finite appeared first. */
interface Diagnosis {
  readonly layer: number;
  readonly pass: 'forward' | 'backward';
  /** row numbers in the dataset, the first few */
  readonly rows: readonly number[];
}

const ROWS_NAMED = 3;

/** What to tell of a step whose loss or gradient is not finite. @param run all shards of its batch @param lr its rate */
export function divergedError(
  context: Context,
  { data, objective, stepsPerEpoch }: Pick<TrainingPlan, 'data' | 'objective' | 'stepsPerEpoch'>,
  run: ShardRun,
  lr: number,
): DivergedError {
  const found = diagnose(context, data.train, run);
  const step = `step ${run.step + 1} (epoch ${Math.floor(run.step / stepsPerEpoch) + 1})`;
  const remedy = `lower --lr (now ${lr}) or set --clip 1`;
  if (!found) return new DivergedError(`diverged at ${step}: a gradient is not finite; ${remedy}`);
  const { kind, inputs, outputs, domain } = objective.layers[found.layer];
  const layer = `layer ${found.layer} (${kind} ${inputs}->${outputs})`;
  return new DivergedError(
    `diverged at ${step}: ${layer} is not finite in the ${found.pass} pass for data row ${found.rows.join(', ')}; ${domain ?? remedy}`,
  );
}

/**
 * Repeats the passes of a step that went wrong and looks at every array in the order of computation: the outputs from
 * the first layer on, then the gradients from the last layer back.
 */
function diagnose(context: Context, subset: Subset, run: ShardRun): Diagnosis | null {
  const { memory, workspace, pass } = context;
  const { layers, arrays } = workspace.network;
  const plan = plannedRun(context, run);
  let backwards: Diagnosis | null = null;
  for (const piece of plan.passes) {
    const from = run.start + piece.from;
    const named = (array: FloatArray, width: number) =>
      notFinite(array, piece.to - piece.from, width).map((row) => memory.order[from + row]);
    beginPass(context, run, plan, piece);
    forwardRows(context, subset, memory.order, from, run.start + piece.to);
    for (let layer = 0; layer < layers.length; layer++) {
      const found = named(arrays[layer].y, layers[layer].outputs);
      if (found.length > 0) return { layer, pass: 'forward', rows: found };
    }
    divergence(context, true);
    for (let layer = layers.length - 1; layer >= 0 && !backwards; layer--) {
      const found = named(arrays[layer].dy, layers[layer].outputs);
      if (found.length > 0) backwards = { layer, pass: 'backward', rows: found };
      else layers[layer].backward(pass, arrays[layer]);
    }
  }
  return backwards;
}

function notFinite(array: FloatArray, rows: number, width: number): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows && found.length < ROWS_NAMED; row++) {
    if (!array.subarray(row * width, (row + 1) * width).every(Number.isFinite)) found.push(row);
  }
  return found;
}
