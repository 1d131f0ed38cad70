/**
 * The piscina worker that measures importances: it reads the model once and then serves the tasks of a
 * channel.
 */
import { workerData } from 'node:worker_threads';
import { readModel } from '../src/model/read.js';
import { type ShuffleSetup, shuffleHandler } from '../src/model/shuffletasks.js';
import { serveTasks } from '../src/parallel/channel.js';
import type { PoolWorkerData } from '../src/parallel/pool.js';

const { channels, setup } = workerData as PoolWorkerData & { readonly setup: ShuffleSetup };
const score = shuffleHandler(setup, readModel(setup.file));

export default (channel: number): void => serveTasks(channels, channel, ([task]) => score(task));
