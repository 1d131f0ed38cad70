/**
 * gradpool as a library: what the commands do, for programs. Every type that a function here takes or returns
 * is exported too. Types whose own name is too general for a list of imports get a longer one.
 */

export { type BenchEvent, bench, type Stage as BenchStage } from './bench/bench.js';
export {
  type BenchComparison,
  type ComparedPoint,
  compareReports,
  type Verdict as BenchVerdict,
} from './bench/compare.js';
export type { MachineFacts } from './bench/machine.js';
export type { BenchOptions, BenchSettings, Part as BenchPart } from './bench/options.js';
export type { Breakdown as StepBreakdown, StepPart } from './bench/profile.js';
export type {
  BatchSweep,
  BenchReport,
  Checks as CheckCosts,
  Growth as GrowthMeasurement,
  GrowthPoint,
  LimitPoint,
  Proof as SameBitsProof,
  ScalingPoint,
  StepPoint,
  Strong as StrongScaling,
  TargetPoint,
  TimeToTarget,
  Weak as WeakScaling,
} from './bench/report.js';
export type { Estimate } from './bench/statistics.js';
export type { Calibration, ClassCalibration, ValueCalibration } from './calibration/record.js';
export type { Clock } from './clock.js';
export type { TensorData } from './data/arrays/memory.js';
export type { BlockSource } from './data/blocks.js';
export type { ColumnSchema } from './data/columnschema.js';
export type { Dataset, Encoding, StoredArray, StoredRows, Subset } from './data/dataset.js';
export type { Finding, FindingKind } from './data/findings/finding.js';
export { type LoadOptions, loadTrainingData, type TrainingData } from './data/load.js';
export type { Parting } from './data/parting.js';
export type { Preprocessing } from './data/preprocessing.js';
export type { NumberFormat, Reading } from './data/reading.js';
export type {
  ArraysSchema,
  ElementType,
  ProblemType,
  Schema,
  TableSchema,
  TargetSchema,
} from './data/schema.js';
export type { DataInMemory, DataSource } from './data/source.js';
export type { StreamOptions } from './data/stream/source.js';
export type { CsvText } from './data/tables/csvtext.js';
export type { KeptColumn } from './data/tables/load.js';
export type { TableOverrides } from './data/tables/overrides.js';
export type { CellValue, TableColumns, TableRow, TableRows } from './data/tables/records.js';
export { DataError, DivergedError, GateError, UsageError, UserError } from './errors.js';
export type { NamedSearch, SearchName, SweepOptions } from './experiment/definition.js';
export type * from './experiment/events.js';
export type { LeaderboardRow } from './experiment/leaderboard.js';
export type { SweepResumeOptions, SweepRunOptions } from './experiment/runoptions.js';
export type { ScoreName } from './experiment/scores.js';
export type {
  Axis,
  AxisValue,
  Condition as AxisCondition,
  ListAxis,
  RangeAxis,
} from './experiment/searches/axes.js';
export type { OwnSearch, SearchState, TriedConfiguration } from './experiment/searches/own.js';
export type { Assignment } from './experiment/searches/space.js';
export {
  type AdjustedComparison,
  type Competitor,
  compareWithMany,
} from './experiment/statistics/many.js';
export { comparisonSentence, type SentenceOptions } from './experiment/statistics/sentence.js';
export {
  type ComparisonOptions,
  comparePaired as compare,
  holm,
  type PairedComparison,
  powerOf,
  seedsNeeded,
} from './experiment/statistics/statistics.js';
export { resumeSweep, sweep } from './experiment/sweep.js';
export type { TrialIdentity, TrialResult } from './experiment/triallines.js';
export { type ExplainOptions, type Explanation, explain, type Perturbation } from './explain/explain.js';
export {
  assertPassed,
  type Controls as GradcheckControls,
  type Float32Check,
  type GradcheckReport,
  type Group as GradcheckGroup,
  gradcheck,
} from './explain/gradcheck.js';
export type { ParameterCheck } from './explain/gradient.js';
export type {
  Block as InfluenceBlock,
  Edge as InfluenceEdge,
  Influence,
  Node as InfluenceNode,
} from './explain/influence.js';
export type { Variable as TracedVariable } from './explain/names.js';
export { gradcheckNetwork, type NetworkReport } from './explain/ownnetwork.js';
export type { Path as WeightPath, PathSum, Share as PerturbationShare } from './explain/paths.js';
export type {
  Changeable,
  Ends as EdgeEnds,
  Factor as StepFactor,
  JacobianGrid,
  Marks as StepMarks,
  NodePlace,
  ParameterPlace,
  Step as LectureStep,
  StepStage,
  View as LectureView,
} from './explain/steps.js';
export { openSubject, type Subject, type SubjectRequest } from './explain/subject.js';
export type {
  Derivative as TracedDerivative,
  Trace,
  TracedLayer,
  TracedParameter,
  Vector as TracedVector,
} from './explain/trace.js';
export type { Judgement } from './explain/verdict.js';
export type { Metrics } from './forward/metrics.js';
export type { KernelName } from './kernels/kernels.js';
export { type Folds as SharedFolds, type MeanInterval, meanInterval } from './meaninterval.js';
export type { MetricName, TaskPredictions } from './metrics/catalogue.js';
export type { Score, Scores } from './metrics/measure.js';
export type { OwnMetric } from './metrics/own.js';
export type { ClassPredictions, ValuePredictions } from './metrics/predictions.js';
export type { ClassScores } from './metrics/tallies.js';
export {
  type ColumnImportance,
  type Dependence,
  type EvaluatedUncertainty,
  type EvaluateOptions,
  type Evaluation,
  type Facts,
  type Importance,
  type ImportanceEvent,
  type ImportanceMetric,
  type ImportanceOptions,
  loadModel,
  type MetricIncrease,
  type Model,
  type ModelOptions,
  type PredictionBatch,
  type PredictionEvent,
  type Predictions,
  type PredictOptions,
  type PredictStreamOptions,
  type PredictWorkers,
  type RelatedColumns,
  type Row,
} from './model/index.js';
export type { DivergenceName } from './network/divergences.js';
export type { LayerSpec, NetworkSpec } from './network/spec.js';
export type { LayerRow } from './network/table.js';
export { explanationPage } from './report/lecture.js';
export { makeReport, type Report, type ReportOptions } from './report/report.js';
export { type CrossValidationEvent, crossValidate } from './run/crossvalidate.js';
export { findLearningRate, type RateSearch } from './run/findlr.js';
export { type PlanReport, plan } from './run/planreport.js';
export { type ResumeOptions, type RunOptions, resume, train } from './run/train.js';
export { type TrainedWith, type VerifiedEvent, type VerifyOptions, verify } from './run/verify.js';
export type * from './train/bagevents.js';
export type { Baseline, BaselineMetrics } from './train/baseline.js';
export { resolveConfig, type TrainConfig, type TrainOptions, type TrainSources } from './train/config.js';
export type { ConfigInput } from './train/configkeys.js';
export type * from './train/cvevents.js';
export type * from './train/events.js';
export type { RateCurve, RateRange, RateTrial } from './train/findlr.js';
export type { LayerNorms } from './train/norms.js';
export type { OwnFunctions, PastEpoch, StoppingRule, WithOwn } from './train/own.js';
export type { PresetName } from './train/presets.js';
export type { ProfileReport, RunSeconds, StepSeconds } from './train/profile.js';
export type { PresetFacts } from './train/usepreset.js';
