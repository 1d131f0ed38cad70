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
export const handle = taskHandler(createContexts(setup, bindTraining(setup)), setup.subsets);

export default (channel: number): void =>
  serveTasks(channels, channel, (cells, progress) => handle(decodeTask(cells), progress));
