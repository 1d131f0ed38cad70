/** How the cores are shared between trials at the same time and the workers inside each. */
import { availableParallelism } from 'node:os';
import { bytesAllowed } from '../train/budget.js';
import type { TrainConfig } from '../train/config.js';

/** Trials at the same time, and the workers inside each. */
export interface TrialThreads {
  /** Trials at the same time; 1 trains one after the other in this thread. */
  readonly parallel: number;
  readonly workers: TrainConfig['workers'];
  /** Cores that `workers: auto` may use inside a trial. */
  readonly cores: number;
}

/** What is asked for. */
interface Asked {
  readonly parallel: number | 'auto';
  readonly workers: TrainConfig['workers'];
  readonly memoryLimit?: number | undefined;
}

/**
 * Shares the cores between trials. Whole trials scale better than the workers inside one, so as many trials
 * run at once as there are cores, trials and memory for, and cores that are left over go inside.
 * @param bytes the shared memory of one trial
 */
export function shareCores(
  { parallel, workers, memoryLimit }: Asked,
  trials: number,
  bytes: number,
  cores = availableParallelism(),
): TrialThreads {
  const inside = workers === 'auto' ? 1 : Math.max(1, workers);
  const room = Math.max(1, Math.min(trials, Math.floor(bytesAllowed(memoryLimit) / bytes)));
  const atOnce = parallel === 'auto' ? Math.min(room, Math.max(1, Math.floor(cores / inside))) : parallel;
  const share = Math.max(1, Math.floor(cores / atOnce));
  if (workers !== 'auto') return { parallel: atOnce, workers, cores: share };
  return { parallel: atOnce, workers: share < 2 ? 0 : 'auto', cores: share };
}
