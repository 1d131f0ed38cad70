/**
 * Turns a batch's gradient into new weights: regularisation, the update rule, running statistics, averaged
 * weights.
 */
import type { Kernels } from '../kernels/kernels.js';
import { updateRunningStatistics } from '../network/runningstatistics.js';
import { averageShare, updateAverage } from '../optim/averaging.js';
import { groupArrays, groupHyper, groupKinds } from '../optim/groups.js';
import { limitNorms, regularizeGradient } from '../optim/regularizers.js';
import type { BatchLoss } from '../optim/rules.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';
import { hyperAt } from './schedules.js';
import { StepRecorder } from './slices.js';
import { writeUpdate } from './stepcells.js';
import { NEGLIGIBLE } from './weighting.js';

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

/** Stands in for the loss, which only rules that need the whole block of parameters ask for. */
const NO_LOSS: BatchLoss = { value: Number.NaN, evaluate: () => Number.NaN };

/** The two ways of updating the weights of a training. */
export interface Updater {
  /**
   * Updates the weights by the gradient in block 0. A batch whose rows count nothing makes no step at all,
   * not even by momentum or weight decay; running statistics and averages are updated nevertheless, because
   * they are over rows and steps.
   */
  apply(kernels: Kernels, step: UpdateStep, loss: BatchLoss): Promise<void>;
  /**
   * Writes the step that the rule makes over all parameters to the memory, for the workers to make it in
   * slices.
   * @param number the number of such updates, from 1
   */
  record(step: UpdateStep, number: number): void;
}

/** Prepares the updates of a training: views of its memory are made once, for a step is soon over. */
export function createUpdater(plan: TrainingPlan, memory: TrainingMemory): Updater {
  const { config, rule, stepsPerEpoch } = plan;
  const { layout, weights, gradients } = memory;
  const trainable = (block: Float32Array) => block.subarray(0, layout.trainable);
  const slots = slotsOfRule(memory.slots, config);
  const whole = { weights, gradient: gradients[0], slots };
  const arrays = {
    weights: trainable(weights),
    gradient: trainable(gradients[0]),
    slots: slots.map(trainable),
    views: layout.views.filter(({ spec }) => !spec.statistic),
  };
  const groups = memory.groups.map((group) => ({ group, arrays: groupArrays(arrays, group) }));
  const kinds = groupKinds(memory.groups);
  const recorder = new StepRecorder(memory);

  return {
    async apply(kernels, { step, lr, rows, weight }, loss) {
      const hyper = hyperAt(plan, step - 1);
      if (weight > NEGLIGIBLE) {
        const gradientScale = regularizeGradient(kernels, arrays, 1 / weight, config);
        for (const { group, arrays } of groups) {
          const scale = { step, lr: lr * group.rateFactor, gradientScale };
          await rule.step(kernels, arrays, groupHyper(hyper, group), scale, loss);
        }
        if (config.maxNorm !== undefined) limitNorms(arrays.weights, arrays.views, config.maxNorm);
      }
      updateRunningStatistics(layout, weights, gradients[0], 1 / rows);
      if (config.averaging !== 'none') {
        const share = averageShare(config, step, stepsPerEpoch);
        updateAverage(kernels, memory.slots[memory.slots.length - 1], weights, share);
      }
    },

    record({ step, lr, weight }, number) {
      const hyper = hyperAt(plan, step - 1);
      for (const group of kinds) {
        const scale = { step, lr: lr * group.rateFactor, gradientScale: 1 / weight };
        recorder.kind = group.kind;
        rule.step(recorder as unknown as Kernels, whole, groupHyper(hyper, group), scale, NO_LOSS);
      }
      if (!recorder.made) throw new Error('a rule without wholeBlock makes one step');
      writeUpdate(memory.update, number, averageShare(config, step, stepsPerEpoch));
    },
  };
}

/** Returns the slots without the average, which is in the last one. */
function slotsOfRule<Slot>(slots: readonly Slot[], { averaging }: TrainingPlan['config']): readonly Slot[] {
  return averaging === 'none' ? slots : slots.slice(0, -1);
}
