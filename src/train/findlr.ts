/**
 * The search for a learning rate. A range test (Smith 2017) lets every minibatch take one step, at rates that
 * grow exponentially until the loss explodes: that says up to where a rate can work. The range test cannot
 * say which rate is best, because single minibatches are noise and every step starts where the one before
 * ended. So rates below the end are then tried, each in a short training of its own from the same initial
 * weights.
 */
import { exp, ln } from '../elementary.js';
import { DivergedError, UsageError } from '../errors.js';
import type { Trainer } from './trainer.js';

/** The rates to try. */
export interface RateRange {
  readonly from: number;
  readonly to: number;
  /** The most minibatches of the range test, one at each rate. */
  readonly steps: number;
  /** The most minibatches of each trial; no trial is longer than the training would be. */
  readonly trialSteps: number;
}

export const RATE_RANGE: RateRange = { from: 1e-6, to: 10, steps: 100, trialSteps: 500 };

/** The measurements of a range test; all arrays have one entry for each step made. */
export interface RateCurve {
  /** The learning rate of each step. */
  readonly rates: readonly number[];
  /** The mean loss of each minibatch before its step. */
  readonly losses: readonly number[];
  /** The exponential moving average of the losses, with bias correction. */
  readonly smoothed: readonly number[];
}

const SMOOTHING = 0.9;
/** The loss has exploded when the smoothed loss is this many times its minimum. */
const EXPLODED = 4;

type SteppingTrainer = Pick<Trainer, 'step' | 'state' | 'plan'>;

/** Throws UsageError for an update rule that finds its own step sizes, and for an impossible range. */
export function checkRange(plan: Trainer['plan'], { from, to, steps, trialSteps }: RateRange): void {
  if (plan.rule.fullBatch) {
    throw new UsageError(
      `optimizer ${plan.config.optimizer} finds its own step sizes: there is no rate to search for`,
    );
  }
  if (!(from > 0 && to > from && steps >= 3 && trialSteps >= 1)) {
    throw new UsageError(
      `a range test needs 0 < from < to, 3 steps and 1 step of each trial, found from ${from}, to ${to}, steps ${steps}, trial steps ${trialSteps}`,
    );
  }
}

/** Trains with growing rates until the loss explodes. The trainer is of no use afterwards. */
export async function rangeTest(
  trainer: SteppingTrainer,
  { from, to, steps }: RateRange,
): Promise<RateCurve> {
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
  return { rates, losses, smoothed };
}

/** A short training at one rate. */
export interface RateTrial {
  readonly rate: number;
  /**
   * The least validation loss at the end of an epoch or of the trial; without validation data, the least mean
   * of an epoch's minibatches, or of the trial's last quarter. Null where the training diverged.
   */
  readonly loss: number | null;
}

/**
 * Trains at one rate for some steps. The trainer is of no use afterwards.
 * @returns the loss of the trial, null where it diverged
 */
export async function tryRate(
  trainer: SteppingTrainer & Pick<Trainer, 'evaluate'>,
  rate: number,
  steps: number,
): Promise<number | null> {
  const { data, stepsPerEpoch } = trainer.plan;
  const window = Math.min(stepsPerEpoch, Math.ceil(steps / 4));
  const sums = [lossSums(trainer)];
  let least = Number.POSITIVE_INFINITY;
  try {
    for (let step = 1; step <= steps; step++) {
      await trainer.step(rate);
      sums.push(lossSums(trainer));
      if (step % stepsPerEpoch !== 0 && step !== steps) continue;
      const before = sums[Math.max(0, step - window)];
      const loss = data.val
        ? (await trainer.evaluate('val')).loss
        : (sums[step].loss - before.loss) / (sums[step].weight - before.weight);
      if (loss < least) least = loss;
    }
  } catch (error) {
    if (error instanceof DivergedError) return null;
    throw error;
  }
  return Number.isFinite(least) ? least : null;
}

const lossSums = ({ state: { epochLoss, epochWeight } }: SteppingTrainer) => ({
  loss: epochLoss,
  weight: epochWeight,
});

/** The first trial is at the rate nearest to this share of the rate at which the range test ended. */
const FIRST_TRIAL = 1 / 10;
/**
 * The best rate must have this many worse ones on either side: one alone may be worse by chance. Trainings
 * that are short enough to be tried whole are cheap, and with so few steps the loss is no smooth valley.
 */
export const MARGIN = { part: 2, whole: 4 } as const;

/**
 * Tries rates half a decade apart (0.01, 0.03, 0.1, …): first the one that the range test points at, then its
 * neighbours, and on in the direction in which the loss falls, until enough rates on each side of the best
 * one are worse or the range ends.
 *
 * @param end the rate at which the range test ended
 * @param margin how many worse rates are enough
 * @param trial returns the loss at a rate, null where training diverges
 * @returns the trials in the order of their rates
 */
export async function searchRates(
  { from, to }: Pick<RateRange, 'from' | 'to'>,
  end: number,
  margin: number,
  trial: (rate: number) => Promise<number | null>,
): Promise<RateTrial[]> {
  const rates = candidates(from, to);
  const tried = new Map<number, RateTrial>();
  let next: number | null = nearest(rates, end * FIRST_TRIAL);
  while (next !== null) {
    tried.set(next, { rate: rates[next], loss: await trial(rates[next]) });
    next = nextTrial(tried, rates.length, margin);
  }
  return [...tried.keys()].sort((a, b) => a - b).map((index) => tried.get(index)!);
}

/** Returns the trial with the least loss, of equal ones that with the lowest rate; null if all diverged. */
export function bestTrial(trials: readonly RateTrial[]): (RateTrial & { readonly loss: number }) | null {
  let best: (RateTrial & { readonly loss: number }) | null = null;
  for (const { rate, loss } of trials) {
    if (loss !== null && (best === null || loss < best.loss)) best = { rate, loss };
  }
  return best;
}

/** Returns the index of the rate to try next, or null where enough is known. */
function nextTrial(tried: ReadonlyMap<number, RateTrial>, count: number, margin: number): number | null {
  const indices = [...tried.keys()].sort((a, b) => a - b);
  const best = bestTrial(indices.map((index) => tried.get(index)!));
  if (best === null) return indices[0] > 0 ? indices[0] - 1 : null; // all diverged: only lower ones may do
  const center = indices.find((index) => tried.get(index)!.rate === best.rate)!;
  for (let distance = 1; distance <= margin; distance++) {
    for (const index of [center - distance, center + distance]) {
      if (index >= 0 && index < count && !tried.has(index)) return index;
    }
  }
  return null;
}

/** In a range with fewer than three half decades, this many rates are candidates. */
const FEW = 5;

/** Returns 1 and 3 times the powers of ten in a range, or evenly spaced rates of a narrow one. */
function candidates(from: number, to: number): number[] {
  const rates: number[] = [];
  const last = Math.ceil(ln(to) / ln(10));
  for (let power = Math.floor(ln(from) / ln(10)) - 1; power <= last; power++) {
    for (const digit of [1, 3]) {
      const rate = Number(`${digit}e${power}`);
      if (rate >= from && rate <= to) rates.push(rate);
    }
  }
  if (rates.length >= 3) return rates;
  return Array.from({ length: FEW }, (_, i) => from * exp((ln(to / from) * i) / (FEW - 1)));
}

/** Returns the index of the rate that is nearest on a logarithmic scale. */
function nearest(rates: readonly number[], wanted: number): number {
  const distances = rates.map((rate) => Math.abs(ln(rate / wanted)));
  return distances.indexOf(Math.min(...distances));
}
