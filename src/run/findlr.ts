import type { TrainOptions } from '../train/config.js';
import { RATE_RANGE, type RateRange, type RateSearch, rangeTest } from '../train/findlr.js';
import { planNewTraining } from './newplan.js';
import { openSession } from './session.js';
import type { RunOptions } from './train.js';

/**
 * Finds a learning rate by a range test: trains on minibatches at rates that grow until the loss explodes,
 * and suggests the rate at which the loss fell fastest. Nothing is evaluated or written.
 *
 * @param options as for `train`; `lr` and `schedule` have no effect
 * @param range rates and most steps to try; by default 100 steps from 1e-6 to 10
 * @throws UsageError for an optimizer that finds its own step sizes, and for an impossible range
 * @example
 * ```js
 * import { findLearningRate } from 'gradpool';
 *
 * const { suggestion, rates, losses } = await findLearningRate(
 *   { data: 'iris', hidden: [16], optimizer: 'adam', batch: 32 },
 *   { from: 1e-5, to: 1, steps: 60 },
 * );
 * console.log(rates.length === losses.length); // → true
 * console.log(suggestion !== null && suggestion > 1e-5 && suggestion < 1); // → true
 * ```
 */
export async function findLearningRate(
  options: TrainOptions,
  range: Partial<RateRange> = {},
  run: Pick<RunOptions, 'workerFile'> = {},
): Promise<RateSearch> {
  const { trainer } = openSession(await planNewTraining(options), run);
  try {
    return await rangeTest(trainer, { ...RATE_RANGE, ...range });
  } finally {
    await trainer.close();
  }
}
