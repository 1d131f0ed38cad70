/** The piscina worker that predicts blocks of rows: it reads the model once, and then a task is a block. */
import { workerData } from 'node:worker_threads';
import { readModel } from '../src/model/read.js';
import { type Scored, type ScorerSetup, type ScorerTask, threadHandler } from '../src/model/scorer.js';

const { setup } = workerData as { readonly setup: ScorerSetup };
const handle = threadHandler(setup, readModel(setup.file));

export default (task: ScorerTask): Scored => handle(task);
