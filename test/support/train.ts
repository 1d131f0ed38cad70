import { fileURLToPath } from 'node:url';
import type { TrainingData } from '#src/data/load.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { Trainer, type TrainerOptions } from '#src/train/trainer.js';
import { weightsSha256 } from '#src/train/weights.js';

export const WORKER_FILE = fileURLToPath(new URL('../../dist/workers/gradient.js', import.meta.url));

export function newTrainer(
  data: TrainingData,
  options: Omit<TrainOptions, 'data'>,
  more: Partial<TrainerOptions> = {},
): Trainer {
  const plan = planTraining(resolveConfig({ data: 'synthetic', ...options }), data);
  return new Trainer(plan, {
    memoryLimit: 2 ** 31,
    workerFile: WORKER_FILE,
    onRetry: () => {},
    onWorkers: () => {},
    ...more,
  });
}

/** Trains to the end: the hash of the weights, and everything that was measured on the way. */
export async function trainToEnd(
  data: TrainingData,
  options: Omit<TrainOptions, 'data'>,
  more: Partial<TrainerOptions> = {},
): Promise<{ sha256: string; losses: number[] }> {
  const trainer = newTrainer(data, options, more);
  const losses: number[] = [];
  try {
    while (trainer.state.step < trainer.plan.totalSteps) {
      await trainer.step();
      losses.push(trainer.state.epochLoss, trainer.state.epochScore);
    }
    if (data.val) losses.push(...Object.values(await trainer.evaluate('val')));
    return { sha256: weightsSha256(trainer.memory.layout, trainer.memory.weights), losses };
  } finally {
    await trainer.close();
  }
}
