/** gradpool as a library: what the commands do, for scripts. */

export type { Dataset, Subset } from './data/dataset.js';
export { loadTrainingData, type TrainingData } from './data/load.js';
export { DataError, DivergedError, GateError, UsageError, UserError } from './errors.js';
export { loadModel } from './model/index.js';
export { plan, type ResumeOptions, type RunOptions, resume, train } from './run/train.js';
export { resolveConfig, type TrainConfig, type TrainOptions } from './train/config.js';
export type * from './train/events.js';
