/** The piscina worker: set up once from workerData, then a lane's tasks, one after the other. */
import { workerData } from 'node:worker_threads';
import { type Lanes, serve } from '../src/parallel/lane.js';
import { createContexts, decodeTask, taskHandler, type WorkerSetup } from '../src/train/tasks.js';

const { lanes, setup } = workerData as { lanes: Lanes; setup: WorkerSetup };
export const handle = taskHandler(createContexts(setup), setup.subsets);

export default (lane: number): void => serve(lanes, lane, (cells) => handle(decodeTask(cells)));
