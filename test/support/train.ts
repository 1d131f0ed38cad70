import { fileURLToPath } from 'node:url';
import type { Clock } from '#src/clock.js';
import type { TrainingData } from '#src/data/load.js';
import { weightsSha256 } from '#src/network/digest.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { Trainer, type TrainerOptions } from '#src/train/trainer.js';

export const WORKER_FILE = fileURLToPath(new URL('../../dist/workers/gradient.js', import.meta.url));

/**
 * Opens a trainer on the given data.
 *
 * @param machine Replaces parts of this machine: its clock, and the number of cores for `workers: auto`.
 */
export function newTrainer(
  data: TrainingData,
  options: Omit<TrainOptions, 'data'>,
  more: Partial<TrainerOptions> = {},
  { clock, cores }: { readonly clock?: Clock; readonly cores?: number } = {},
): Trainer {
  const plan = planTraining(
    resolveConfig({ data: 'synthetic', ...options }),
    data,
    false,
    cores,
    more.ranks?.size,
  );
  const defaults = { memoryLimit: 2 ** 31, workerFile: WORKER_FILE, onRetry: () => {}, onWorkers: () => {} };
  return new Trainer(plan, { ...defaults, ...more }, clock);
}

/** Holds the hash of the final weights, and the losses and metrics measured on the way to them. */
interface Trained {
  readonly sha256: string;
  readonly losses: number[];
}

export function trainToEnd(
  data: TrainingData,
  options: Omit<TrainOptions, 'data'>,
  more: Partial<TrainerOptions> = {},
): Promise<Trained> {
  return finish(newTrainer(data, options, more));
}

/** Trains to the end and closes the trainer. */
export async function finish(trainer: Trainer): Promise<Trained> {
  const losses: number[] = [];
  try {
    while (trainer.state.step < trainer.plan.totalSteps) {
      await trainer.step();
      losses.push(trainer.state.epochLoss, trainer.state.epochScore);
    }
    if (trainer.plan.data.val) losses.push(...Object.values(await trainer.evaluate('val')));
    return { sha256: weightsSha256(trainer.memory.layout, trainer.memory.weights), losses };
  } finally {
    await trainer.close();
  }
}
