/** The worker that reads the batches of streamed data ahead. */
import { type ReadAheadSetup, readAhead } from '../src/data/stream/readahead.js';
import { type ThrownError, thrownError } from '../src/errors.js';

/** Its one task ends with the training; it returns what went wrong, since an error would lose its class. */
export default (setup: ReadAheadSetup) => (): ThrownError | null => {
  try {
    readAhead(setup);
    return null;
  } catch (error) {
    return thrownError(error);
  }
};
