/** gradpool as a library: what the commands do, for scripts. */

export { type BenchEvent, bench } from './bench/bench.js';
export { compareReports } from './bench/compare.js';
export type { BenchOptions } from './bench/options.js';
export type { BenchReport } from './bench/report.js';
export type { TensorData } from './data/arrays/memory.js';
export type { Dataset, Subset } from './data/dataset.js';
export { loadTrainingData, type TrainingData } from './data/load.js';
export type { DataSource } from './data/source.js';
export type { CellValue, TableColumns, TableRow, TableRows } from './data/tables/records.js';
export { DataError, DivergedError, GateError, UsageError, UserError } from './errors.js';
export { explain } from './explain/explain.js';
export { assertPassed, gradcheck } from './explain/gradcheck.js';
export { gradcheckNetwork } from './explain/ownnetwork.js';
export { openSubject, type Subject } from './explain/subject.js';
export type { Metrics } from './forward/metrics.js';
export { loadModel } from './model/index.js';
export { findLearningRate } from './run/findlr.js';
export { plan, type ResumeOptions, type RunOptions, resume, train } from './run/train.js';
export { resolveConfig, type TrainConfig, type TrainOptions } from './train/config.js';
export type * from './train/events.js';
export type { RateRange, RateSearch } from './train/findlr.js';
