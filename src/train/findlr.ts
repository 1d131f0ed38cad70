/**
 * The learning-rate range test (Smith 2017): every minibatch takes one step, at rates that grow exponentially
 * until the loss explodes. The rate at which the loss falls fastest is a good one.
 */
import { exp, ln } from '../elementary.js';
import { DivergedError, UsageError } from '../errors.js';
import type { Trainer } from './trainer.js';

/** The rates to try. */
export interface RateRange {
  readonly from: number;
  readonly to: number;
  /** The most minibatches to try, one at each rate. */
  readonly steps: number;
}

export const RATE_RANGE: RateRange = { from: 1e-6, to: 10, steps: 100 };

/** The measurements of a range test; all arrays have one entry for each step made. */
export interface RateSearch {
  /** The learning rate of each step. */
  readonly rates: readonly number[];
  /** The mean loss of each minibatch before its step. */
  readonly losses: readonly number[];
  /** The exponential moving average of the losses, with bias correction. */
  readonly smoothed: readonly number[];
  /**
   * The rate at which the smoothed loss falls fastest, over the logarithm of the rate; null where it never
   * falls.
   */
  readonly suggestion: number | null;
}

const SMOOTHING = 0.9;
/** The loss has exploded when the smoothed loss is this many times its minimum. */
const EXPLODED = 4;

/**
 * Trains with growing rates. The trainer is of no use afterwards.
 * @throws UsageError for an update rule that finds its own step sizes, and for an impossible range
 */
export async function rangeTest(
  trainer: Pick<Trainer, 'step' | 'state' | 'plan'>,
  { from, to, steps }: RateRange,
): Promise<RateSearch> {
  const { optimizer } = trainer.plan.config;
  if (trainer.plan.rule.fullBatch) {
    throw new UsageError(`optimizer ${optimizer} finds its own step sizes: there is no rate to search for`);
  }
  if (!(from > 0 && to > from && steps >= 3)) {
    throw new UsageError(
      `a range test needs 0 < from < to and 3 steps, found from ${from}, to ${to}, steps ${steps}`,
    );
  }
  const growth = ln(to / from) / (steps - 1);
  const rates: number[] = [];
  const losses: number[] = [];
  const smoothed: number[] = [];
  let average = 0;
  let least = Number.POSITIVE_INFINITY;
  let uncorrected = 1; // SMOOTHING^steps, the share that the average's start at 0 still has
  while (rates.length < steps) {
    const rate = from * exp(growth * rates.length);
    const { epochLoss, epochWeight } = trainer.state;
    try {
      await trainer.step(rate);
    } catch (error) {
      if (error instanceof DivergedError) break;
      throw error;
    }
    const batchWeight = trainer.state.epochWeight - epochWeight;
    if (batchWeight === 0) continue; // no row of the batch counts, so nothing was learned at this rate
    const loss = (trainer.state.epochLoss - epochLoss) / batchWeight;
    average = SMOOTHING * average + (1 - SMOOTHING) * loss;
    uncorrected *= SMOOTHING;
    rates.push(rate);
    losses.push(loss);
    const current = average / (1 - uncorrected);
    smoothed.push(current);
    least = Math.min(least, current);
    if (current > EXPLODED * least) break;
  }
  return { rates, losses, smoothed, suggestion: steepest(rates, smoothed) };
}

/**
 * Returns the rate at which the loss falls fastest before its minimum. The rates are evenly spaced on a
 * logarithmic scale, so differences of losses are slopes.
 */
function steepest(rates: readonly number[], losses: readonly number[]): number | null {
  const end = losses.indexOf(losses.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY));
  let suggestion: number | null = null;
  let fastest = 0;
  for (let i = 1; i < end; i++) {
    const fall = losses[i - 1] - losses[i + 1];
    if (fall > fastest) {
      fastest = fall;
      suggestion = rates[i];
    }
  }
  return suggestion;
}
