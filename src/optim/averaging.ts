/**
 * Averages of the weights over the steps, in a slot of their own: they are what is evaluated and saved, while training
 * goes on with the weights as they are. How many were averaged follows from the step's number, so nothing else is kept.
 */
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import { update } from './elementwise.js';

export const AVERAGINGS = ['none', 'ema', 'swa'] as const;

export interface AveragingOptions {
  /** ema: an exponential moving average over steps; swa: the plain mean over epochs (Izmailov et al. 2018) */
  readonly averaging: (typeof AVERAGINGS)[number];
  readonly emaDecay: number;
  /** the first epoch of the mean, counted from 1; default: after 75 % of the epochs, as in the paper */
  readonly swaStart?: number | undefined;
  readonly epochs: number;
}

/** The names of the slots that averaging keeps. */
export function averagingSlots({ averaging }: AveragingOptions): readonly string[] {
  return averaging === 'none' ? [] : ['average'];
}

/** Whether an average exists after so many steps. */
export function isAveraged(options: AveragingOptions, step: number, stepsPerEpoch: number): boolean {
  return options.averaging === 'ema' ? step > 0 : swaCount(options, step, stepsPerEpoch) > 0;
}

/** Takes the weights after step `step` (1, 2, …) into the average; the first are copied, as PyTorch's AveragedModel does. */
export function updateAverage(
  kernels: Kernels,
  average: FloatArray,
  weights: FloatArray,
  options: AveragingOptions,
  step: number,
  stepsPerEpoch: number,
): void {
  let share: number;
  if (options.averaging === 'ema') share = step === 1 ? 1 : 1 - options.emaDecay;
  else {
    const count = swaCount(options, step, stepsPerEpoch);
    if (count === 0 || step % stepsPerEpoch !== 0) return;
    share = 1 / count;
  }
  if (share === 1) {
    average.set(weights);
    return;
  }
  // a ← a + share·(w − a): a step down the gradient a − w of ½‖a − w‖²
  const scalars = { lr: share, momentum: 0, nesterov: 0, weightDecay: 1, gradientScale: -1 };
  update(kernels, 'sgd', average, weights, [null], scalars);
}

/** Epochs in the mean after so many steps. */
function swaCount({ averaging, swaStart, epochs }: AveragingOptions, step: number, perEpoch: number): number {
  if (averaging !== 'swa') return 0;
  const first = swaStart ?? Math.floor(0.75 * epochs) + 1;
  return Math.max(0, Math.floor(step / perEpoch) - first + 1);
}
