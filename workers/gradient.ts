/** The piscina worker: set up once from workerData, then one task after another. */
import { workerData } from 'node:worker_threads';
import { createTaskHandler, type WorkerSetup } from '../src/train/tasks.js';

export default createTaskHandler(workerData as WorkerSetup);
