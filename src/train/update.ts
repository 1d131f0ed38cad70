/** From a batch's gradient to new weights: regularisation, the update rule, running statistics, the average. */
import type { Kernels } from '../kernels/kernels.js';
import { updateStatistics } from '../network/statistics.js';
import { updateAverage } from '../optim/averaging.js';
import { limitNorms, regularizeGradient } from '../optim/regularizers.js';
import type { BatchLoss } from '../optim/rules.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';
import { type RecordedStep, StepRecorder } from './sliced.js';
import { NEGLIGIBLE } from './weighting.js';

/** The step that a rule makes over all parameters, for workers to make in slices. */
export function recordUpdate(
  { rule, hyper }: TrainingPlan,
  memory: TrainingMemory,
  step: Step,
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

/** Only rules that look at the whole block ask for it. */
const NO_LOSS: BatchLoss = { value: Number.NaN, evaluate: () => Number.NaN };

/** `step` counts from 1; `rows` are those of the batch, `weight` is what they count together. */
interface Step {
  readonly step: number;
  readonly lr: number;
  readonly rows: number;
  readonly weight: number;
}

/**
 * A batch that counts nothing takes no step along its gradient, nor any by momentum or decay; running statistics and averages
 * follow all the same, since they are over rows and steps.
 */
export async function applyUpdate(
  kernels: Kernels,
  { config, rule, hyper, stepsPerEpoch }: TrainingPlan,
  { layout, weights, slots, gradients }: TrainingMemory,
  { step, lr, rows, weight }: Step,
  loss: BatchLoss,
): Promise<void> {
  const averaging = config.averaging !== 'none';
  const own = averaging ? slots.slice(0, -1) : slots;
  const trainable = (block: Float32Array) => block.subarray(0, layout.trainable);
  const arrays = {
    weights: trainable(weights),
    gradient: trainable(gradients[0]),
    slots: own.map(trainable),
    views: layout.views.filter(({ spec }) => !spec.statistic),
  };
  if (weight > NEGLIGIBLE) {
    const gradientScale = regularizeGradient(kernels, arrays, 1 / weight, config);
    await rule.step(kernels, arrays, hyper, { step, lr, gradientScale }, loss);
    if (config.maxNorm !== undefined) limitNorms(arrays.weights, arrays.views, config.maxNorm);
  }
  updateStatistics(layout, weights, gradients[0], 1 / rows);
  if (averaging) {
    updateAverage(kernels, slots[slots.length - 1], weights, config, step, stepsPerEpoch);
  }
}
