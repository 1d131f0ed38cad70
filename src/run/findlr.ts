import { loadTrainingData } from '../data/load.js';
import { resolveConfig, type TrainOptions, withRows } from '../train/config.js';
import { RATE_RANGE, type RateRange, type RateSearch, rangeTest } from '../train/findlr.js';
import { planTraining } from '../train/plan.js';
import { openSession } from './session.js';
import { absoluteSources } from './sources.js';
import type { RunOptions } from './train.js';

/** The learning-rate range test on a configuration: nothing is evaluated or written. */
export async function findLearningRate(
  options: TrainOptions,
  range: Partial<RateRange> = {},
  run: Pick<RunOptions, 'workerFile'> = {},
): Promise<RateSearch> {
  const config = absoluteSources(resolveConfig(options));
  const { trainer } = openSession(
    planTraining(config, await loadTrainingData(withRows(config, options))),
    run,
  );
  try {
    return await rangeTest(trainer, { ...RATE_RANGE, ...range });
  } finally {
    await trainer.close();
  }
}
