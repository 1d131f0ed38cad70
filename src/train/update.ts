/**
 * Turns a batch's gradient into new weights: regularisation, the update rule, running statistics, averaged
 * weights.
 */
import type { Kernels } from '../kernels/kernels.js';
import { updateRunningStatistics } from '../network/runningstatistics.js';
import { updateAverage } from '../optim/averaging.js';
import { limitNorms, regularizeGradient } from '../optim/regularizers.js';
import type { BatchLoss } from '../optim/rules.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';
import { type RecordedStep, StepRecorder } from './slices.js';
import { NEGLIGIBLE } from './weighting.js';

/** Returns the step that a rule makes over all parameters, for the workers to make in slices. */
export function recordUpdate(
  { rule, hyper }: TrainingPlan,
  memory: TrainingMemory,
  step: UpdateStep,
): RecordedStep {
  const recorder = new StepRecorder();
  const { weights, slots, gradients } = memory;
  const arrays = { weights, gradient: gradients[0], slots };
  rule.step(
    recorder as unknown as Kernels,
    arrays,
    hyper,
    { ...step, gradientScale: 1 / step.weight },
    NO_LOSS,
  );
  if (!recorder.recorded) throw new Error('a rule without wholeBlock makes one step');
  return recorder.recorded;
}

/** Stands in for the loss, which only rules that need the whole block of parameters ask for. */
const NO_LOSS: BatchLoss = { value: Number.NaN, evaluate: () => Number.NaN };

/** One update. */
export interface UpdateStep {
  /** The number of the update, from 1. */
  readonly step: number;
  readonly lr: number;
  /** Rows of the batch. */
  readonly rows: number;
  /** Σ w: what these rows count together. */
  readonly weight: number;
}

/**
 * Updates the weights by the gradient in block 0. A batch whose rows count nothing makes no step at all, not
 * even by momentum or weight decay; running statistics and averages are updated nevertheless, because they
 * are over rows and steps.
 */
export async function applyUpdate(
  kernels: Kernels,
  { config, rule, hyper, stepsPerEpoch }: TrainingPlan,
  { layout, weights, slots, gradients }: TrainingMemory,
  { step, lr, rows, weight }: UpdateStep,
  loss: BatchLoss,
): Promise<void> {
  const averaging = config.averaging !== 'none';
  const ruleSlots = averaging ? slots.slice(0, -1) : slots; // the average is in the last slot
  const trainable = (block: Float32Array) => block.subarray(0, layout.trainable);
  const arrays = {
    weights: trainable(weights),
    gradient: trainable(gradients[0]),
    slots: ruleSlots.map(trainable),
    views: layout.views.filter(({ spec }) => !spec.statistic),
  };
  if (weight > NEGLIGIBLE) {
    const gradientScale = regularizeGradient(kernels, arrays, 1 / weight, config);
    await rule.step(kernels, arrays, hyper, { step, lr, gradientScale }, loss);
    if (config.maxNorm !== undefined) limitNorms(arrays.weights, arrays.views, config.maxNorm);
  }
  updateRunningStatistics(layout, weights, gradients[0], 1 / rows);
  if (averaging) {
    updateAverage(kernels, slots[slots.length - 1], weights, config, step, stepsPerEpoch);
  }
}
