/** A metric that a program brings along, and the rules for its name and its values. */
import { UsageError } from '../errors.js';
import { METRICS, type TaskPredictions } from './catalogue.js';

/**
 * A metric of one's own: a function of predictions, targets and weights. A training goes by it where it is
 * given as `metric`; a run's folder stores its name and direction, but not the function, so `resume` needs it
 * again.
 */
export interface OwnMetric {
  /** Letters and digits, from a letter on; other than the names of gradpool's metrics. */
  readonly name: string;
  readonly greaterIsBetter: boolean;
  /**
   * Returns the value for the validation rows, a finite number. It must be a function of its argument alone:
   * with a clock or random numbers in it, a resumed run would not end in the same weights.
   */
  readonly value: (predictions: TaskPredictions) => number;
}

/** Throws UsageError for a metric of one's own that is named as another is, or is not a metric. */
export function checkOwnMetric({ name, greaterIsBetter, value }: OwnMetric): void {
  if (typeof value !== 'function' || typeof greaterIsBetter !== 'boolean' || typeof name !== 'string') {
    throw new UsageError(
      'metric: a metric of your own is { name, greaterIsBetter, value }, a text, true or false, and a function',
    );
  }
  if (!/^[a-z][a-z0-9]*$/i.test(name)) {
    throw new UsageError(`metric: the name "${name}" must be letters and digits, such as profit`);
  }
  if (['loss', ...Object.keys(METRICS)].includes(name)) {
    throw new UsageError(`metric: gradpool has a metric ${name} already; give yours another name`);
  }
}

/** Returns the value of one's own metric. Throws UsageError where it is no finite number. */
export function ownValue({ name, value }: OwnMetric, predictions: TaskPredictions): number {
  const found = value(predictions);
  if (Number.isFinite(found)) return found;
  throw new UsageError(`metric ${name}: returned ${found}; a metric must return a finite number`);
}
