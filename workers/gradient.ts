/** The piscina worker of a training: set up once from workerData, it then serves the tasks of one channel. */
import { workerData } from 'node:worker_threads';
import { serveTasks } from '../src/parallel/channel.js';
import type { PoolWorkerData } from '../src/parallel/pool.js';
import {
  bindTraining,
  createContexts,
  decodeTask,
  taskHandler,
  type WorkerSetup,
} from '../src/train/tasks.js';

const { channels, setup } = workerData as PoolWorkerData & { readonly setup: WorkerSetup };
const compute = taskHandler(createContexts(setup, bindTraining(setup)), setup.subsets);

/** Computes the task that stands in the cells of a channel. */
export const handle = (cells: Float64Array, progress: () => void): void =>
  compute(decodeTask(cells), progress);

export default (channel: number): void => serveTasks(channels, channel, handle);
