import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.js';
import type { OwnMetric } from '../metrics/own.js';
import { threadsFor } from '../parallel/pool.js';
import type { Ranks } from '../ranks/ranks.js';
import { startThreads } from '../threads.js';
import { bytesAllowed } from './budget.js';
import type { TrainConfig } from './config.js';
import type { TrainingPlan } from './plan.js';
import type { Profile } from './profile.js';
import { Trainer } from './trainer.js';

interface OpenOptions {
  /** The compiled worker module; by default this package's own. */
  readonly workerFile?: string | undefined;
  /** Called when a worker has failed and its task runs again. */
  readonly onRetry: (message: string) => void;
  /** Called when `workers: auto` has decided, and again whenever it changes its choice. */
  readonly onWorkers?: (workers: number, why: string) => void;
  /** Takes what the user should know and what changes no result. */
  readonly onNote?: (message: string) => void;
  /** Takes the times of every step; the plan must have been made for a profile. */
  readonly profile?: Profile | null;
  readonly clock?: Clock | undefined;
  /** The metric of the program that trains, where the configuration names one. */
  readonly ownMetric?: OwnMetric | undefined;
  /** The ranks of which this process is one. */
  readonly ranks?: Ranks | null | undefined;
}

const WORKER_FILE = fileURLToPath(new URL('../../workers/gradient.js', import.meta.url));

/**
 * Creates a trainer on this machine. Its shared memory may take the configured limit, by default all the
 * memory of the machine or the container.
 * @throws DataError when the training needs more
 */
export function openTrainer(plan: TrainingPlan, options: OpenOptions): Trainer {
  const { workerFile = WORKER_FILE, onWorkers = () => {}, profile = null, clock, ...rest } = options;
  // What a test wants to happen in a thread must not be taken over by the coordinator.
  const together = options.workerFile !== undefined;
  const memoryLimit = bytesAllowed(plan.config.memoryLimit);
  return new Trainer(plan, { ...rest, memoryLimit, workerFile, together, onWorkers, profile }, clock);
}

/**
 * Starts the threads that a trainer will need, while its data are read. Where the number of workers is to be
 * chosen by measuring, that begins without threads.
 */
export function startWorkers({ workers }: TrainConfig, workerFile = WORKER_FILE): void {
  if (workers !== 'auto' && workers > 0) startThreads(workerFile, threadsFor(workers));
}
