/** The piscina worker that predicts blocks of rows: it reads the model once, and then a task is a block. */
import { workerData } from 'node:worker_threads';
import { readModel } from '../src/model/read.js';
import { type ScorerSetup, threadHandler } from '../src/model/scorer.js';

const { setup } = workerData as { readonly setup: ScorerSetup };

export default threadHandler(setup, readModel(setup.file));
