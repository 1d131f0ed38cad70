/**
 * The learning-rate range test (Smith 2017): one step a minibatch at rates that grow exponentially, until the loss
 * explodes. Where it falls fastest is a good rate.
 */
import { exp, ln } from '../elementary.js';
import { DivergedError, UsageError } from '../errors.js';
import type { Trainer } from './trainer.js';

export interface RateRange {
  readonly from: number;
  readonly to: number;
  /** minibatches, at most */
  readonly steps: number;
}

export const RATE_RANGE: RateRange = { from: 1e-6, to: 10, steps: 100 };

export interface RateSearch {
  /** the learning rate of each step */
  readonly rates: readonly number[];
  /** the mean loss of each minibatch, before the step at its rate */
  readonly losses: readonly number[];
  /** their exponential moving average, bias corrected */
  readonly smoothed: readonly number[];
  /** the rate at which the smoothed loss falls fastest per logarithm of the rate; null where it never falls */
  readonly suggestion: number | null;
}

const SMOOTHING = 0.9;
/** The loss has exploded when, smoothed, it is so many times its minimum. */
const EXPLODED = 4;

/** Trains with growing rates; the trainer is of no use afterwards. Throws UsageError for rules that find their own step. */
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
  let weight = 1; // SMOOTHING^steps
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
    if (batchWeight === 0) continue; // no row of the batch counts, so the rate has not been tried
    const loss = (trainer.state.epochLoss - epochLoss) / batchWeight;
    average = SMOOTHING * average + (1 - SMOOTHING) * loss;
    weight *= SMOOTHING;
    rates.push(rate);
    losses.push(loss);
    const current = average / (1 - weight);
    smoothed.push(current);
    least = Math.min(least, current);
    if (current > EXPLODED * least) break;
  }
  return { rates, losses, smoothed, suggestion: steepest(rates, smoothed) };
}

/** Where the loss falls fastest on its way to the minimum; the rates are evenly spaced on a logarithmic scale. */
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
