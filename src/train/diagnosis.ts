/**
 * Finds where a value that is not finite comes from, for the error of the step or the evaluation that met it.
 */
import { type Subset, sourceRow } from '../data/dataset.js';
import { DivergedError } from '../errors.js';
import {
  addScores,
  computeDivergence,
  evaluateRows,
  type ForwardContext,
  forwardRows,
} from '../forward/context.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import type { Metrics } from '../forward/metrics.js';
import type { FloatArray } from '../kernels/kernels.js';
import { apart } from '../network/network.js';
import { type BrokenParameter, brokenParameter, brokenView } from './finite.js';
import { beginPass, type GradientContext, type GradientTask, prepareTask } from './gradient.js';
import { allFinite, type Diagnosis, largest, magnitudes, remedyFor, rowsNotFinite } from './magnitudes.js';
import { addBlocks } from './memory.js';
import type { TrainingPlan } from './plan.js';
import { weighRows } from './stages.js';
import type { BatchPass } from './stepcells.js';

type Planned = Pick<TrainingPlan, 'data' | 'objective' | 'stepsPerEpoch' | 'sizes'>;

/**
 * Describes a step whose loss, score or gradient is not finite, and what to do about it.
 * @param batch its batch, which is cut into so many shards
 * @param lr its learning rate
 */
export function divergedError(
  context: GradientContext,
  plan: Planned,
  batch: BatchPass,
  shards: number,
  lr: number,
): DivergedError {
  const found = diagnoseStep(layerByLayer(context), plan, batch, shards);
  const begin = `diverged at ${stepText(plan, batch.step)}`;
  const usual = `lower --lr (now ${lr}) or set --clip 1`;
  if (!found) return new DivergedError(`${begin}: a gradient is not finite; ${usual}`);
  return new DivergedError(
    `${begin}: ${placeText(plan, found)}${rowsText(plan, plan.data.train, found)}; ${remedyFor(plan, found) ?? usual}`,
  );
}

/** Describes a step whose update would have made a parameter or a slot that is not finite. */
export function updateError(plan: Planned, broken: BrokenParameter, step: number, lr: number): DivergedError {
  return new DivergedError(
    `diverged at ${stepText(plan, step)}: the update makes ${parameterText(plan, broken)} not finite; lower --lr (now ${lr}) or set --clip 1`,
  );
}

/** Describes a parameter or a slot that is found not to be finite after so many steps. */
export function brokenError(
  plan: Planned,
  broken: BrokenParameter,
  steps: number,
  lr: number,
): DivergedError {
  return new DivergedError(
    `diverged after step ${steps}: ${parameterText(plan, broken)} is not finite; lower --lr (now ${lr}) or set --clip 1`,
  );
}

/**
 * Describes an evaluation whose metrics are not all finite. The weights must still be those that were
 * evaluated.
 */
export function evaluationError(
  context: GradientContext,
  plan: Planned & Pick<TrainingPlan, 'lr'>,
  name: 'train' | 'val' | 'test',
  metrics: Metrics,
  step: number,
): DivergedError {
  const subset = plan.data[name]!;
  const metric = Object.entries(metrics).find(([, value]) => !Number.isFinite(value))?.[0] ?? 'loss';
  const words = { train: 'training', val: 'validation', test: 'test' }[name];
  const what = `diverged after epoch ${Math.ceil(step / plan.stepsPerEpoch)}: the ${words} ${metric} is not finite`;
  const found = diagnoseEvaluation(layerByLayer(context), plan, subset);
  const remedy = `look for a value far out of range in it, or lower --lr (now ${plan.lr})`;
  if (!found) return new DivergedError(`${what}; lower --lr (now ${plan.lr}) or set --clip 1`);
  return new DivergedError(
    `${what}: ${placeText(plan, found)}${rowsText(plan, subset, found)}; ${remedyFor(plan, found) ?? remedy}`,
  );
}

/** Returns the context with a network whose layers write all their arrays. */
const layerByLayer = (context: GradientContext): GradientContext => ({
  ...context,
  workspace: { ...context.workspace, network: apart(context.workspace.network) },
});

const stepText = ({ stepsPerEpoch }: Planned, step: number): string =>
  `step ${step + 1} (epoch ${Math.floor(step / stepsPerEpoch) + 1})`;

function placeText(plan: Planned, { place, pass }: Diagnosis): string {
  if (typeof place === 'string') return `the ${place} is not finite`;
  if (typeof place === 'number') return `${layerText(plan, place)} is not finite in the ${pass} pass`;
  const parameter = parameterText(plan, place);
  return pass === 'sum'
    ? `the gradient of ${parameter}, summed over the batch, is not finite`
    : `${parameter} is not finite before the step`;
}

function layerText({ objective }: Planned, layer: number): string {
  const { kind, inputs, outputs } = objective.layers[layer];
  return `layer ${layer} (${kind} ${inputs}->${outputs})`;
}

/** Names a parameter by its layer and its own name there, which inside a composite layer is a path. */
function parameterText(plan: Planned, { view, slot }: BrokenParameter): string {
  const [layer, ...path] = view.name.split('.');
  const what = view.spec.statistic ? `the running statistic ${path.join('.')}` : `the ${path.join('.')}`;
  return `${slot === null ? '' : `the optimiser's ${slot} of `}${what} of ${layerText(plan, Number(layer))}`;
}

/**
 * Names rows as people count them, from 1. Rows that were split off the training data keep their numbers
 * there; data of its own source has its own numbers.
 */
function rowsText({ data }: Planned, { dataset }: Subset, { rows }: Diagnosis): string {
  if (rows.length === 0) return '';
  const name =
    dataset === data.train.dataset ? 'data' : dataset === data.val?.dataset ? 'validation' : 'test';
  return ` for ${name} row ${rows.map((row) => row + 1).join(', ')}`;
}

/** Returns what is wrong with parameters and slots before anything is computed with them. */
function diagnoseParameters({ kernels, memory }: GradientContext, plan: Planned): Diagnosis | null {
  const broken = brokenParameter(kernels, memory, plan);
  return broken && { place: broken, pass: 'before', rows: [], of: null };
}

/**
 * Repeats the passes of a step that went wrong and looks at every array in the order of computation: the
 * parameters, the outputs from the first layer on, then the loss, then the gradients from the last layer
 * back, then their sums over rows.
 */
function diagnoseStep(
  context: GradientContext,
  plan: Planned,
  batch: BatchPass,
  shards: number,
): Diagnosis | null {
  const { trainingRows, memory, kernels } = context;
  const broken = diagnoseParameters(context, plan);
  if (broken) return broken;
  const whole: GradientTask = { first: 0, last: shards, leaves: 'subtrees' };
  const { sequence } = prepareTask(context, whole, batch.rows);
  let backwardFound: Diagnosis | null = null;
  for (const piece of sequence.passes) {
    const from = batch.start + piece.from;
    const inDataset = (found: Diagnosis) => ({
      ...found,
      rows: found.rows.map((row) => sourceRow(trainingRows, from + row)),
    });
    beginPass(context, batch, sequence, piece);
    forwardRows(context, trainingRows, from, batch.start + piece.to);
    const found = diagnoseForward(context, () => weighRows(context, from));
    if (found) return inDataset(found);
    if (backwardFound) continue;
    const backward = diagnoseBackward(context);
    backwardFound = backward && inDataset(backward);
  }
  if (backwardFound) return backwardFound;
  addBlocks(kernels, memory, sequence.additions);
  const view = brokenView(kernels, memory.layout, memory.gradients[sequence.roots[0]]);
  const of = magnitudes(
    context,
    Array.from({ length: context.pass.rows }, (_, row) => row),
  );
  return view && { place: { view, slot: null }, pass: 'sum', rows: [], of };
}

/** Runs the layers backward; returns the first that makes of finite gradients one that is not. */
function diagnoseBackward(context: GradientContext): Diagnosis | null {
  const { workspace, pass } = context;
  const { layers, arrays } = workspace.network;
  const last = layers.length - 1;
  const inLoss = rowsNotFinite(arrays[last].dy, pass.rows, layers[last].outputs);
  if (inLoss.length > 0) {
    return { place: 'loss', pass: 'backward', rows: inLoss, of: magnitudes(context, inLoss) };
  }
  for (let layer = last; layer >= 0; layer--) {
    layers[layer].backward(pass, arrays[layer]);
    const { dx, dy, gradients } = arrays[layer];
    const passedOn = dx === null ? [] : rowsNotFinite(dx, pass.rows, layers[layer].inputs);
    const blocks = pass.subtrees.map(({ block }) => block);
    const whole = gradients.every((of) => blocks.every((block) => allFinite(of[block])));
    if (passedOn.length === 0 && whole) continue;
    const rows = passedOn.length > 0 ? passedOn : [largestRow(arrays[layer].x, dy, pass.rows, layers[layer])];
    return { place: layer, pass: 'backward', rows, of: magnitudes(context, rows) };
  }
  return null;
}

/** Returns the row with the largest part in the gradients of a layer's parameters. */
function largestRow(
  x: FloatArray,
  dy: FloatArray,
  rows: number,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
): number {
  const part = (row: number) =>
    largest(x.subarray(row * inputs, (row + 1) * inputs)) *
    largest(dy.subarray(row * outputs, (row + 1) * outputs));
  let found = 0;
  for (let row = 1; row < rows; row++) if (part(row) > part(found)) found = row;
  return found;
}

/** Repeats an evaluation block by block and looks at every array of the forward pass. */
function diagnoseEvaluation(context: GradientContext, plan: Planned, subset: Subset): Diagnosis | null {
  const broken = diagnoseParameters(context, plan);
  if (broken) return broken;
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
    rows.length > 0 ? [{ place, pass: 'forward', rows, of: magnitudes(context, rows) }] : [];
  const [beforeLoss] = [
    ...found('input', rowsNotFinite(input, pass.rows, layers[0].inputs)),
    ...layers.flatMap(({ outputs }, layer) =>
      found(layer, rowsNotFinite(arrays[layer].y, pass.rows, outputs)),
    ),
  ];
  computeDivergence(context, weigh !== null);
  weigh?.();
  if (beforeLoss) return beforeLoss;
  const scores = Float64Array.from({ length: pass.rows }, (_, row) => addScores(context, row, row + 1, 0));
  const [inLoss] = [
    ...found('loss', rowsNotFinite(workspace.rowLosses, pass.rows, 1)),
    ...found('squared error', rowsNotFinite(scores, pass.rows, 1)),
  ];
  return inLoss ?? null;
}
