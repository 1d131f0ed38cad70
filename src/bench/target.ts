/**
 * Measures the time to a target accuracy: how long a user waits from nothing to a network that is good
 * enough.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../clock.js';
import { loadTrainingData, type TrainingData } from '../data/load.js';
import { DataError, UsageError } from '../errors.js';
import { weightsSha256 } from '../network/digest.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { openTrainer } from '../train/open.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { widths } from '../train/specification.js';
import { cloudData } from './data.js';
import type { BenchContext } from './measure.js';
import { type BenchSettings, trainOptions } from './options.js';
import type { TargetPoint, TimeToTarget } from './report.js';
import { medianOf, pairedRatio } from './statistics.js';

/** A training that has not reached the accuracy after this many epochs gives up. */
const MOST_EPOCHS = 12;
const EVALUATIONS_PER_EPOCH = 4;
const MOST_ROUNDS = 7;
const FEWEST_ROUNDS = 3;
const CLOUD_ROWS = 20_000;

/** Describes a training that ended because the accuracy was reached, or because the epochs were over. */
interface TimedTraining {
  readonly seconds: number;
  readonly reached: boolean;
  readonly accuracy: number;
  readonly steps: number;
  readonly sha256: string;
}

/**
 * Plans the training for each worker count. Throws UsageError or DataError where it cannot be done, before
 * anything is measured.
 */
export async function targetPlans(settings: BenchSettings): Promise<TrainingPlan[]> {
  const { config, data } = await targetData(settings);
  return settings.workers.map((workers) => planTraining({ ...config, workers }, data));
}

/** Measures the time to the accuracy, in turn for all worker counts. Yields the share that is done. */
export async function* timeToTarget(
  context: BenchContext,
  plans: readonly TrainingPlan[],
): AsyncGenerator<number, TimeToTarget> {
  const { settings, clock = systemClock } = context;
  const { data } = plans[0];
  const trainings = plans.map((): TimedTraining[] => []);
  const begin = clock();
  let rounds = settings.rounds ?? FEWEST_ROUNDS;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < plans.length; turn++) {
      yield (round * plans.length + turn) / (rounds * plans.length);
      await nextTurn();
      const index = round % 2 === 0 ? turn : plans.length - 1 - turn;
      trainings[index].push(await trainToTarget(context, plans[index]));
    }
    const roundSeconds = (clock() - begin) / 1000 / (round + 1);
    if (round === 0 && settings.rounds === null) {
      rounds = Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, Math.floor(settings.seconds / roundSeconds)));
    }
  }
  const [{ reached, accuracy, steps }] = trainings[0];
  return {
    data: data.name,
    network: widths(plans[0].layers),
    wanted: settings.accuracy,
    subset: data.test ? 'test' : 'val',
    reached,
    accuracy,
    steps,
    epochs: steps / plans[0].stepsPerEpoch,
    points: settings.workers.map((workers, index): TargetPoint => {
      const times = trainings[index].map(({ seconds }) => seconds);
      const serial = trainings[0].map(({ seconds }) => seconds);
      return {
        workers,
        times,
        seconds: medianOf(times),
        speedup: index === 0 ? null : pairedRatio(serial, times),
        weightsSha256: trainings[index][0].sha256,
      };
    }),
  };
}

/**
 * Trains until the accuracy is reached or the epochs are over, and times it from the start of the threads.
 */
async function trainToTarget(
  { settings, workerFailures, clock = systemClock }: BenchContext,
  plan: TrainingPlan,
): Promise<TimedTraining> {
  const subset = plan.data.test ? 'test' : 'val';
  const every = Math.max(1, Math.floor(plan.stepsPerEpoch / EVALUATIONS_PER_EPOCH));
  const begin = clock();
  const trainer = openTrainer(plan, { onRetry: (message) => workerFailures.push(message), clock });
  try {
    let accuracy = 0;
    while (accuracy < settings.accuracy && trainer.state.step < plan.totalSteps) {
      for (let step = 0; step < every; step++) await trainer.step();
      accuracy = (await trainer.evaluate(subset)).accuracy!;
    }
    const seconds = (clock() - begin) / 1000;
    const sha256 = weightsSha256(trainer.memory.layout, trainer.memory.weights);
    return { seconds, reached: accuracy >= settings.accuracy, accuracy, steps: trainer.state.step, sha256 };
  } finally {
    await trainer.close();
  }
}

/**
 * Loads the data that were asked for. By default these are MNIST, where it is installed and the network fits
 * it, or else clouds as wide as the network.
 */
async function targetData(settings: BenchSettings): Promise<{ config: TrainConfig; data: TrainingData }> {
  const { network, batch, shards, seed } = settings;
  const configOf = (data: string) =>
    resolveConfig({
      preset: 'none',
      ...trainOptions(settings),
      data,
      hidden: network.slice(1, -1),
      batch,
      shards,
      epochs: MOST_EPOCHS,
    });
  const load = async (name: string) => {
    const config = configOf(name);
    return { config, data: await loadTrainingData(config) };
  };
  if (settings.data !== null) {
    const loaded = await load(settings.data);
    const { task, test, val } = loaded.data;
    if (task !== 'classification') {
      throw new UsageError(
        `data: time to an accuracy needs classes, but the target of ${settings.data} is a number`,
      );
    }
    if (!test && !val) {
      throw new UsageError(`data: ${settings.data} has no rows to test on; take data of more rows`);
    }
    return loaded;
  }
  const [inputs, outputs] = [network[0], network[network.length - 1]];
  if (inputs === 784 && outputs === 10) {
    try {
      return await load('mnist');
    } catch (error) {
      if (!(error instanceof DataError)) throw error; // not installed
    }
  }
  return { config: configOf('clouds'), data: cloudData({ rows: CLOUD_ROWS, inputs, outputs, seed }) };
}
