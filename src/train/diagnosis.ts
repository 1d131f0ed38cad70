/** Where a value that is not finite comes from: what to tell of a step or an evaluation that met one. */
import type { Subset } from '../data/dataset.js';
import { DivergedError } from '../errors.js';
import type { FloatArray } from '../kernels/kernels.js';
import { type Context, divergence, evaluateRows, forwardRows, rowScore, weighRows } from './context.js';
import { evaluationBlocks } from './evaluation.js';
import type { Metrics } from './events.js';
import { beginPass, plannedRun, type ShardRun } from './gradient.js';
import { EVALUATION_BLOCK } from './memory.js';
import type { TrainingPlan } from './plan.js';

/** Where such a value appeared first. */
interface Diagnosis {
  /** a layer's number; or the input, before all layers; or what the output is compared by, after them */
  readonly place: number | 'input' | 'loss' | 'squared error';
  readonly pass: 'forward' | 'backward';
  /** row numbers in the dataset, counted from 0: the first few */
  readonly rows: readonly number[];
}

type Planned = Pick<TrainingPlan, 'data' | 'objective' | 'stepsPerEpoch'>;

const ROWS_NAMED = 3;

/**
 * What to tell of a step whose loss, score or gradient is not finite. @param run all shards of its batch
 * @param lr its rate
 */
export function divergedError(context: Context, plan: Planned, run: ShardRun, lr: number): DivergedError {
  const found = diagnose(context, plan.data.train, run);
  const step = `step ${run.step + 1} (epoch ${Math.floor(run.step / plan.stepsPerEpoch) + 1})`;
  const remedy = `lower --lr (now ${lr}) or set --clip 1`;
  if (!found) return new DivergedError(`diverged at ${step}: a gradient is not finite; ${remedy}`);
  return new DivergedError(
    `diverged at ${step}: ${placeText(plan, found)} for ${rowsText(plan, plan.data.train, found)}; ${remedyFor(plan, found) ?? remedy}`,
  );
}

/**
 * What to tell of an evaluation whose metrics are not all finite, while the weights are still those
 * evaluated.
 */
export function evaluationError(
  context: Context,
  plan: Planned & Pick<TrainingPlan, 'lr'>,
  name: 'train' | 'val' | 'test',
  metrics: Metrics,
  step: number,
): DivergedError {
  const subset = plan.data[name]!;
  const metric = Object.entries(metrics).find(([, value]) => !Number.isFinite(value))?.[0] ?? 'loss';
  const words = { train: 'training', val: 'validation', test: 'test' }[name];
  const what = `diverged after epoch ${Math.ceil(step / plan.stepsPerEpoch)}: the ${words} ${metric} is not finite`;
  const found = diagnoseEvaluation(context, subset);
  const remedy = `look for a value far out of range in it, or lower --lr (now ${plan.lr})`;
  if (!found) return new DivergedError(`${what}; lower --lr (now ${plan.lr}) or set --clip 1`);
  return new DivergedError(
    `${what}: ${placeText(plan, found)} for ${rowsText(plan, subset, found)}; ${remedyFor(plan, found) ?? remedy}`,
  );
}

function placeText({ objective }: Planned, { place, pass }: Diagnosis): string {
  if (typeof place === 'string') return `the ${place} is not finite`;
  const { kind, inputs, outputs } = objective.layers[place];
  return `layer ${place} (${kind} ${inputs}->${outputs}) is not finite in the ${pass} pass`;
}

/**
 * Rows as people count them, from 1. A part of the training data has its numbers there; other data has its
 * own.
 */
function rowsText({ data }: Planned, { dataset }: Subset, { rows }: Diagnosis): string {
  const name =
    dataset === data.train.dataset ? 'data' : dataset === data.val?.dataset ? 'validation' : 'test';
  return `${name} row ${rows.map((row) => row + 1).join(', ')}`;
}

/** What the place itself says of a remedy. */
function remedyFor({ objective }: Planned, { place }: Diagnosis): string | undefined {
  if (place === 'input') return 'correct the value, which is outside the range of float32 (3.4e38)';
  return typeof place === 'number' ? objective.layers[place].domain : undefined;
}

/**
 * Repeats the passes of a step that went wrong and looks at every array in the order of computation: the
 * outputs from the first layer on, then the loss, then the gradients from the last layer back.
 */
function diagnose(context: Context, subset: Subset, run: ShardRun): Diagnosis | null {
  const { memory, workspace, pass } = context;
  const { layers, arrays } = workspace.network;
  const plan = plannedRun(context, run);
  let backwards: Diagnosis | null = null;
  for (const piece of plan.passes) {
    const from = run.start + piece.from;
    const named = (row: number) => memory.order[from + row];
    beginPass(context, run, plan, piece);
    forwardRows(context, subset, memory.order, from, run.start + piece.to);
    const found = firstForward(context, () => weighRows(context, subset, from));
    if (found) return { ...found, rows: found.rows.map(named) };
    for (let layer = layers.length - 1; layer >= 0 && !backwards; layer--) {
      const rows = notFinite(arrays[layer].dy, pass.rows, layers[layer].outputs);
      if (rows.length > 0) backwards = { place: layer, pass: 'backward', rows: rows.map(named) };
      else layers[layer].backward(pass, arrays[layer]);
    }
  }
  return backwards;
}

/** The same of an evaluation, block by block. */
function diagnoseEvaluation(context: Context, subset: Subset): Diagnosis | null {
  for (let block = 0; block < evaluationBlocks(subset); block++) {
    const from = block * EVALUATION_BLOCK;
    evaluateRows(context, subset, from, Math.min(from + EVALUATION_BLOCK, subset.rows.length));
    const found = firstForward(context, null);
    if (found) return { ...found, rows: found.rows.map((row) => subset.rows[from + row]) };
  }
  return null;
}

/**
 * After a forward pass: computes the divergence, and returns the first place that is not finite, with rows of
 * the pass.
 * @param weigh scales the divergence as training does; null in an evaluation, which has no backward pass
 * either
 */
function firstForward(context: Context, weigh: (() => void) | null): Diagnosis | null {
  const { workspace, pass } = context;
  const { layers, arrays, input } = workspace.network;
  const found = (place: Diagnosis['place'], rows: number[]): Diagnosis[] =>
    rows.length > 0 ? [{ place, pass: 'forward', rows }] : [];
  const [first] = [
    ...found('input', notFinite(input, pass.rows, layers[0].inputs)),
    ...layers.flatMap(({ outputs }, layer) => found(layer, notFinite(arrays[layer].y, pass.rows, outputs))),
  ];
  divergence(context, weigh !== null);
  weigh?.();
  if (first) return first;
  const scores = Float64Array.from({ length: pass.rows }, (_, row) => rowScore(context, row));
  const [last] = [
    ...found('loss', notFinite(workspace.rowLosses, pass.rows, 1)),
    ...found('squared error', notFinite(scores, pass.rows, 1)),
  ];
  return last ?? null;
}

function notFinite(array: FloatArray, rows: number, width: number): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows && found.length < ROWS_NAMED; row++) {
    if (!array.subarray(row * width, (row + 1) * width).every(Number.isFinite)) found.push(row);
  }
  return found;
}
