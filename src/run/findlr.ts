import { resolveConfig, type TrainOptions } from '../train/config.js';
import {
  bestTrial,
  checkRange,
  MARGIN,
  RATE_RANGE,
  type RateCurve,
  type RateRange,
  type RateTrial,
  rangeTest,
  searchRates,
  tryRate,
} from '../train/findlr.js';
import { ownFunctions } from '../train/own.js';
import type { Trainer } from '../train/trainer.js';
import { planNewTraining } from './newplan.js';
import { openSession } from './session.js';
import type { RunOptions } from './train.js';

/** What a search for a learning rate found: the curve of the range test, the trials, and the rate to take. */
export interface RateSearch extends RateCurve {
  /** The trials in the order of their rates. */
  readonly trials: readonly RateTrial[];
  /** Steps of each trial. */
  readonly trialSteps: number;
  /** Steps of the whole training that was asked for. */
  readonly totalSteps: number;
  /** Whether the trials were judged by validation or by training rows, because there are no others. */
  readonly judgedBy: 'validation' | 'training';
  /** The loss before the first step: on the validation rows, without any on the first minibatch. */
  readonly untrainedLoss: number;
  /** The rate of the trial with the least loss; null where no trial was better than no training. */
  readonly suggestion: number | null;
}

/**
 * Finds a learning rate. A range test trains on minibatches at rates that grow until the loss explodes; then
 * rates half a decade apart are tried below its end, each in a short training from the initial weights, and
 * the one with the least validation loss is suggested. Nothing is written.
 *
 * @param options as for `train`; `lr` and `schedule` have no effect, and no trial is longer than `epochs`
 * @param range rates and most steps to try; by default a range test of 100 steps from 1e-6 to 10 and trials
 *   of 500 steps
 * @throws UsageError for an optimizer that finds its own step sizes, and for an impossible range
 * @example
 * ```js
 * import { findLearningRate } from 'gradpool';
 *
 * const { suggestion, trials, rates, losses } = await findLearningRate(
 *   { data: 'iris', hidden: [16], optimizer: 'adam', batch: 32, epochs: 20 },
 *   { from: 1e-5, to: 1, steps: 60 },
 * );
 * console.log(rates.length === losses.length); // → true
 * console.log(trials.some(({ rate }) => rate === suggestion)); // → true
 * ```
 */
export async function findLearningRate(
  options: TrainOptions,
  range: Partial<RateRange> = {},
  run: Pick<RunOptions, 'workerFile'> = {},
): Promise<RateSearch> {
  const plan = await planNewTraining(resolveConfig(options), options);
  const wanted = { ...RATE_RANGE, ...range };
  checkRange(plan, wanted);
  const fresh = async <T>(use: (trainer: Trainer) => Promise<T>): Promise<T> => {
    const { trainer } = openSession(plan, { ...run, own: ownFunctions(options) });
    try {
      return await use(trainer);
    } finally {
      await trainer.close();
    }
  };
  const trialSteps = Math.min(wanted.trialSteps, plan.totalSteps);
  const { before, curve } = await fresh(async (trainer) => ({
    before: plan.data.val ? (await trainer.evaluate('val')).loss : null,
    curve: await rangeTest(trainer, wanted),
  }));
  const untrainedLoss = before ?? curve.losses[0] ?? Number.POSITIVE_INFINITY;
  const margin = trialSteps === plan.totalSteps ? MARGIN.whole : MARGIN.part;
  const trials = await searchRates(wanted, curve.rates.at(-1) ?? wanted.from, margin, (rate) =>
    fresh((trainer) => tryRate(trainer, rate, trialSteps)),
  );
  const best = bestTrial(trials);
  return {
    ...curve,
    trials,
    trialSteps,
    totalSteps: plan.totalSteps,
    judgedBy: plan.data.val ? 'validation' : 'training',
    untrainedLoss,
    suggestion: best !== null && best.loss < untrainedLoss ? best.rate : null,
  };
}
