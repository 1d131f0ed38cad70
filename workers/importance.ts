/** The worker that measures importances; it reads the model once. */
import { readModel } from '../src/model/read.js';
import { type ShuffleSetup, shuffleHandler } from '../src/model/shuffletasks.js';
import { serving } from '../src/parallel/channel.js';

export default serving((setup: ShuffleSetup) => {
  const score = shuffleHandler(setup, readModel(setup.file));
  return ([task]) => score(task);
});
