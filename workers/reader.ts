/** The piscina worker that reads the batches of streamed data ahead. */
import { workerData } from 'node:worker_threads';
import { type ReadAheadSetup, readAhead } from '../src/data/stream/readahead.js';
import { type ThrownError, thrownError } from '../src/errors.js';

/** Serves until it is stopped; returns what went wrong, since an error would lose its class. */
export default (): ThrownError | null => {
  try {
    readAhead((workerData as { readonly setup: ReadAheadSetup }).setup);
    return null;
  } catch (error) {
    return thrownError(error);
  }
};
