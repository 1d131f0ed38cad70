/** The catalogue of metrics: one record from which names, help, `evaluate` and tests derive. */
import type { ProblemType } from '../data/schema.js';
import { type ClassPredictions, totalWeight, type Undefined, type ValuePredictions } from './predictions.js';
import { brier, calibrationError, logLoss, topAccuracy } from './probabilities.js';
import { averagedRanking, PRECISION_RECALL, ROC } from './ranking.js';
import { accuracy, balancedAccuracy, cohen, macro, matthews, weighted } from './tallies.js';
import {
  determination,
  explainedVariance,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  medianAbsoluteError,
  pinball,
  rootMeanSquaredError,
} from './values.js';

interface ClassMetric {
  readonly task: 'classification';
  readonly greaterIsBetter: boolean;
  /** Whether it is a function of probabilities, so that a network without them has none. */
  readonly ofProbabilities: boolean;
  readonly help: string;
  /** Returns the value, or why there is none. Rows have a positive weight in total. */
  readonly value: (predictions: ClassPredictions) => number | Undefined;
}

interface ValueMetric {
  readonly task: 'regression';
  readonly greaterIsBetter: boolean;
  readonly help: string;
  readonly value: (predictions: ValuePredictions) => number | Undefined;
}

/** A metric: a function of predictions for one task, with what people and programs ask about it. */
export type Metric = ClassMetric | ValueMetric;

type Rest<Kind> = Omit<Kind, 'task' | 'greaterIsBetter' | 'ofProbabilities'>;

const ofClasses = (metric: Rest<ClassMetric>) =>
  ({ task: 'classification', greaterIsBetter: true, ofProbabilities: false, ...metric }) as const;
const ofProbabilities = (metric: Rest<ClassMetric> & Pick<ClassMetric, 'greaterIsBetter'>) =>
  ({ task: 'classification', ofProbabilities: true, ...metric }) as const;
const ofValues = (metric: Rest<ValueMetric> & Pick<ValueMetric, 'greaterIsBetter'>) =>
  ({ task: 'regression', ...metric }) as const;

/** Every metric by its name. Names are those of scikit-learn's scorers, in camel case. */
export const METRICS = {
  accuracy: ofClasses({ help: 'share of rows whose class is right', value: accuracy }),
  balancedAccuracy: ofClasses({ help: 'mean recall of the classes that have rows', value: balancedAccuracy }),
  top3Accuracy: ofProbabilities({
    greaterIsBetter: true,
    help: 'share of rows whose class is among the 3 most probable',
    value: topAccuracy(3),
  }),
  top5Accuracy: ofProbabilities({
    greaterIsBetter: true,
    help: 'share of rows whose class is among the 5 most probable',
    value: topAccuracy(5),
  }),
  precisionMacro: ofClasses({ help: 'mean precision of the classes', value: macro('precision') }),
  precisionMicro: ofClasses({ help: 'precision of all classes together: the accuracy', value: accuracy }),
  precisionWeighted: ofClasses({
    help: 'mean precision, each class as its rows',
    value: weighted('precision'),
  }),
  recallMacro: ofClasses({ help: 'mean recall of the classes', value: macro('recall') }),
  recallMicro: ofClasses({ help: 'recall of all classes together: the accuracy', value: accuracy }),
  recallWeighted: ofClasses({ help: 'mean recall, each class as its rows', value: weighted('recall') }),
  f1Macro: ofClasses({ help: 'mean F1 of the classes', value: macro('f1') }),
  f1Micro: ofClasses({ help: 'F1 of all classes together: the accuracy', value: accuracy }),
  f1Weighted: ofClasses({ help: 'mean F1, each class as its rows', value: weighted('f1') }),
  mcc: ofClasses({ help: "Matthews' correlation coefficient", value: matthews }),
  kappa: ofClasses({ help: "Cohen's κ, agreement beyond chance", value: cohen }),
  rocAuc: ofProbabilities({
    greaterIsBetter: true,
    help: 'area under the ROC curve; mean of each class against the rest',
    value: averagedRanking(ROC, 'macro'),
  }),
  rocAucWeighted: ofProbabilities({
    greaterIsBetter: true,
    help: 'the same, each class as its rows',
    value: averagedRanking(ROC, 'weighted'),
  }),
  prAuc: ofProbabilities({
    greaterIsBetter: true,
    help: 'average precision; mean of each class against the rest',
    value: averagedRanking(PRECISION_RECALL, 'macro'),
  }),
  prAucWeighted: ofProbabilities({
    greaterIsBetter: true,
    help: 'the same, each class as its rows',
    value: averagedRanking(PRECISION_RECALL, 'weighted'),
  }),
  logLoss: ofProbabilities({
    greaterIsBetter: false,
    help: "mean of −ln of the right class's probability",
    value: logLoss,
  }),
  brier: ofProbabilities({
    greaterIsBetter: false,
    help: 'mean squared distance of the probabilities from the right class; half of it for two classes',
    value: brier,
  }),
  ece: ofProbabilities({
    greaterIsBetter: false,
    help: 'expected calibration error, in 15 bins',
    value: calibrationError,
  }),
  mae: ofValues({ greaterIsBetter: false, help: 'mean absolute error', value: meanAbsoluteError }),
  rmse: ofValues({ greaterIsBetter: false, help: 'root mean squared error', value: rootMeanSquaredError }),
  r2: ofValues({
    greaterIsBetter: true,
    help: 'R², the share of the variance that is explained',
    value: determination,
  }),
  mape: ofValues({
    greaterIsBetter: false,
    help: 'mean absolute error as a share of the target',
    value: meanAbsolutePercentageError,
  }),
  medianAe: ofValues({ greaterIsBetter: false, help: 'median absolute error', value: medianAbsoluteError }),
  explainedVariance: ofValues({
    greaterIsBetter: true,
    help: 'R² once the mean error is taken off',
    value: explainedVariance,
  }),
  pinball: ofValues({
    greaterIsBetter: false,
    help: 'mean pinball loss of the predicted quantiles, or of the prediction at level 0.5',
    value: pinball,
  }),
} as const satisfies Readonly<Record<string, Metric>>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;
const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

/** Predictions and the task that they are of. */
export type TaskPredictions =
  | ({ readonly task: 'classification' } & ClassPredictions)
  | ({ readonly task: 'regression' } & ValuePredictions);

/** Returns the names of a task's metrics. */
export function metricNames(task: ProblemType): MetricName[] {
  return METRIC_NAMES.filter((name) => METRICS[name].task === task);
}

/** Returns a metric's value, or why it has none. */
export function metricValue(name: MetricName, predictions: TaskPredictions): number | Undefined {
  const metric: Metric = METRICS[name];
  if (!(totalWeight(predictions) > 0)) return { reason: 'all rows have weight 0' };
  if (metric.task === 'regression') {
    if (predictions.task === 'regression') return metric.value(predictions);
    return { reason: 'the model predicts classes' };
  }
  if (predictions.task === 'regression') return { reason: 'the model predicts numbers' };
  if (metric.ofProbabilities && predictions.probabilities === null) {
    return { reason: 'the network gives no probabilities' };
  }
  return metric.value(predictions);
}
