/**
 * Finds where a value that is not finite comes from, for the error of the step or the evaluation that met it.
 */
import type { Subset } from '../data/dataset.js';
import { DivergedError } from '../errors.js';
import {
  computeDivergence,
  evaluateRows,
  type ForwardContext,
  forwardRows,
  rowScore,
} from '../forward/context.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import type { Metrics } from '../forward/metrics.js';
import type { FloatArray } from '../kernels/kernels.js';
import { beginPass, type GradientContext, type GradientTask, taskPasses, weighRows } from './gradient.js';
import type { TrainingPlan } from './plan.js';

/** The first place at which a value is not finite. */
interface Diagnosis {
  /** A layer's number, the input before all layers, or what the output is compared by after them. */
  readonly place: number | 'input' | 'loss' | 'squared error';
  readonly pass: 'forward' | 'backward';
  /** Row numbers in the dataset, counted from 0: the first few. */
  readonly rows: readonly number[];
}

type Planned = Pick<TrainingPlan, 'data' | 'objective' | 'stepsPerEpoch'>;

/** Rows that an error names at most. */
const ROWS_NAMED = 3;

/**
 * Describes a step whose loss, score or gradient is not finite, and what to do about it.
 * @param task all shards of its batch
 * @param lr its learning rate
 */
export function divergedError(
  context: GradientContext,
  plan: Planned,
  task: GradientTask,
  lr: number,
): DivergedError {
  const found = diagnoseStep(context, task);
  const step = `step ${task.step + 1} (epoch ${Math.floor(task.step / plan.stepsPerEpoch) + 1})`;
  const remedy = `lower --lr (now ${lr}) or set --clip 1`;
  if (!found) return new DivergedError(`diverged at ${step}: a gradient is not finite; ${remedy}`);
  return new DivergedError(
    `diverged at ${step}: ${placeText(plan, found)} for ${rowsText(plan, plan.data.train, found)}; ${remedyFor(plan, found) ?? remedy}`,
  );
}

/**
 * Describes an evaluation whose metrics are not all finite. The weights must still be those that were
 * evaluated.
 */
export function evaluationError(
  context: ForwardContext,
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
 * Names rows as people count them, from 1. Rows that were split off the training data keep their numbers
 * there; data of its own source has its own numbers.
 */
function rowsText({ data }: Planned, { dataset }: Subset, { rows }: Diagnosis): string {
  const name =
    dataset === data.train.dataset ? 'data' : dataset === data.val?.dataset ? 'validation' : 'test';
  return `${name} row ${rows.map((row) => row + 1).join(', ')}`;
}

/** Returns the remedy that the place itself suggests, if it has one. */
function remedyFor({ objective }: Planned, { place }: Diagnosis): string | undefined {
  if (place === 'input') return 'correct the value, which is outside the range of float32 (3.4e38)';
  return typeof place === 'number' ? objective.layers[place].domain : undefined;
}

/**
 * Repeats the passes of a step that went wrong and looks at every array in the order of computation: the
 * outputs from the first layer on, then the loss, then the gradients from the last layer back.
 */
function diagnoseStep(context: GradientContext, task: GradientTask): Diagnosis | null {
  const { workspace, pass, trainingRows } = context;
  const { layers, arrays } = workspace.network;
  const sequence = taskPasses(context, task);
  let backwardFound: Diagnosis | null = null;
  for (const piece of sequence.passes) {
    const from = task.start + piece.from;
    const datasetRow = (row: number) => trainingRows.rows[from + row];
    beginPass(context, task, sequence, piece);
    forwardRows(context, trainingRows, from, task.start + piece.to);
    const found = diagnoseForward(context, () => weighRows(context, from));
    if (found) return { ...found, rows: found.rows.map(datasetRow) };
    for (let layer = layers.length - 1; layer >= 0 && !backwardFound; layer--) {
      const rows = rowsNotFinite(arrays[layer].dy, pass.rows, layers[layer].outputs);
      if (rows.length > 0) backwardFound = { place: layer, pass: 'backward', rows: rows.map(datasetRow) };
      else layers[layer].backward(pass, arrays[layer]);
    }
  }
  return backwardFound;
}

/** Repeats an evaluation block by block and looks at every array of the forward pass. */
function diagnoseEvaluation(context: ForwardContext, subset: Subset): Diagnosis | null {
  for (let block = 0; block < evaluationBlocks(subset); block++) {
    const { from, to } = blockRows(subset, block);
    evaluateRows(context, subset, from, to);
    const found = diagnoseForward(context, null);
    if (found) return { ...found, rows: found.rows.map((row) => subset.rows[from + row]) };
  }
  return null;
}

/**
 * Computes the divergence after a forward pass and returns the first place that is not finite, with its rows
 * counted from the first of the pass.
 * @param weigh scales the divergence as training does; null in an evaluation, which has no backward pass
 * either
 */
function diagnoseForward(context: ForwardContext, weigh: (() => void) | null): Diagnosis | null {
  const { workspace, pass } = context;
  const { layers, arrays, input } = workspace.network;
  const found = (place: Diagnosis['place'], rows: number[]): Diagnosis[] =>
    rows.length > 0 ? [{ place, pass: 'forward', rows }] : [];
  const [beforeLoss] = [
    ...found('input', rowsNotFinite(input, pass.rows, layers[0].inputs)),
    ...layers.flatMap(({ outputs }, layer) =>
      found(layer, rowsNotFinite(arrays[layer].y, pass.rows, outputs)),
    ),
  ];
  computeDivergence(context, weigh !== null);
  weigh?.();
  if (beforeLoss) return beforeLoss;
  const scores = Float64Array.from({ length: pass.rows }, (_, row) => rowScore(context, row));
  const [inLoss] = [
    ...found('loss', rowsNotFinite(workspace.rowLosses, pass.rows, 1)),
    ...found('squared error', rowsNotFinite(scores, pass.rows, 1)),
  ];
  return inLoss ?? null;
}

/** Returns the first few rows that hold a value which is not finite. */
function rowsNotFinite(array: FloatArray, rows: number, width: number): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows && found.length < ROWS_NAMED; row++) {
    if (!array.subarray(row * width, (row + 1) * width).every(Number.isFinite)) found.push(row);
  }
  return found;
}
