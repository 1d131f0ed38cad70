/**
 * Averages the weights over steps or epochs. The average has a slot of its own and is what is evaluated
 * and saved, while training goes on with the weights as they are. The number of weights in the average
 * follows from the step's number, so nothing else is stored.
 */
import { z } from 'zod';
import type { AllValues, HyperRecord } from '../hyperparameters.js';
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import { update } from './elementwise.js';
import { fraction, whole } from './hyper.js';

/** Every way of averaging, with its hyper-parameters. */
export const AVERAGINGS = {
  none: { hyper: {} },
  /** An exponential moving average over steps. */
  ema: {
    hyper: {
      emaDecay: {
        schema: z.union([fraction, z.literal('auto')]),
        default: 0.999,
        help: 'share of the average that a step keeps; auto takes 1 − 1/max(10, steps of an epoch)',
      },
      emaWarmup: {
        schema: z.boolean(),
        default: false,
        help: 'keeps at most (1 + t)/(10 + t) at step t, so that the first weights fade faster',
      },
    },
  },
  /** The plain mean over epochs (Izmailov et al. 2018, who begin after 75 % of the epochs as well). */
  swa: {
    hyper: {
      swaStart: { schema: whole(1), help: 'first epoch averaged (default: after 75 % of the epochs)' },
    },
  },
} as const satisfies Record<string, { readonly hyper: HyperRecord }>;

export type AveragingName = keyof typeof AVERAGINGS;

export interface AveragingOptions
  extends AllValues<{ readonly [Name in AveragingName]: (typeof AVERAGINGS)[Name]['hyper'] }> {
  readonly averaging: AveragingName;
  readonly epochs: number;
}

/** Names the slots that averaging keeps. */
export function averagingSlots({ averaging }: AveragingOptions): readonly string[] {
  return averaging === 'none' ? [] : ['average'];
}

/** Returns whether an average exists after `step` steps. */
export function isAveraged(options: AveragingOptions, step: number, stepsPerEpoch: number): boolean {
  return options.averaging === 'ema' ? step > 0 : swaCount(options, step, stepsPerEpoch) > 0;
}

/**
 * Returns the share of an exponential moving average that step `step` keeps; its warm-up is that of
 * TensorFlow's ExponentialMovingAverage with num_updates.
 */
function emaKept({ emaDecay, emaWarmup }: AveragingOptions, step: number, stepsPerEpoch: number): number {
  const decay = emaDecay === 'auto' ? 1 - 1 / Math.max(10, stepsPerEpoch) : emaDecay;
  return emaWarmup ? Math.min(decay, (1 + step) / (10 + step)) : decay;
}

/**
 * Returns the share with which the weights after step `step` (1, 2, …) enter the average: 1 for the first,
 * which are copied as PyTorch's AveragedModel does, and 0 where a step does not count.
 */
export function averageShare(options: AveragingOptions, step: number, stepsPerEpoch: number): number {
  if (options.averaging === 'ema') return step === 1 ? 1 : 1 - emaKept(options, step, stepsPerEpoch);
  const count = swaCount(options, step, stepsPerEpoch);
  return count === 0 || step % stepsPerEpoch !== 0 ? 0 : 1 / count;
}

/** Moves the average towards the weights by the share of the way between them. */
export function updateAverage(
  kernels: Kernels,
  average: FloatArray,
  weights: FloatArray,
  share: number,
): void {
  if (share === 0) return;
  if (share === 1) {
    average.set(weights);
    return;
  }
  // a ← a + share·(w − a) is a gradient step on ½‖a − w‖², whose gradient is a − w.
  const scalars = { lr: share, momentum: 0, nesterov: 0, weightDecay: 1, gradientScale: -1 };
  update(kernels, 'sgd', average, weights, [null], scalars);
}

/** Returns the number of epochs in the mean after `step` steps. */
function swaCount({ averaging, swaStart, epochs }: AveragingOptions, step: number, perEpoch: number): number {
  if (averaging !== 'swa') return 0;
  const first = swaStart ?? Math.floor(0.75 * epochs) + 1;
  return Math.max(0, Math.floor(step / perEpoch) - first + 1);
}
