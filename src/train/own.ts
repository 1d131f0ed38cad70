/**
 * Functions that a program brings along: a metric and a stopping rule. A configuration, and so a run's
 * folder, holds their names only, so whoever goes on with the run has to give them again.
 */
import { UsageError } from '../errors.js';
import type { Metrics } from '../forward/metrics.js';
import { checkOwnMetric, type OwnMetric } from '../metrics/own.js';
import type { ConfigInput } from './configkeys.js';

/** An epoch that has ended, as a stopping rule is shown it: what does not depend on the machine. */
export interface PastEpoch {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps done so far. */
  readonly step: number;
  readonly train: Metrics;
  /** Null without validation data. */
  readonly val: Metrics | null;
  readonly lr: number;
  /** Whether it was the best epoch so far, by the metric. */
  readonly best: boolean;
}

/**
 * Says after an epoch whether training ends there: true, or a text that says why. It must be a function of
 * the history alone: with a clock or random numbers in it, a resumed run would not end in the same weights.
 * Its name (`function plateau(history) …`) is stored with the run.
 */
export type StoppingRule = (history: readonly PastEpoch[]) => boolean | string;

/** The functions themselves. */
export interface OwnFunctions {
  readonly metric?: OwnMetric;
  readonly stop?: StoppingRule;
}

/** Whether there are any: then trainings run in this thread, since functions cannot be sent to others. */
export const hasFunctions = ({ metric, stop }: OwnFunctions): boolean =>
  metric !== undefined || stop !== undefined;

/** What may stand in the place of a name in the options of a training. */
export interface WithOwn {
  /** What the best epoch is chosen by: a name, or a metric of one's own. */
  readonly metric?: ConfigInput['metric'] | OwnMetric;
  /** Ends training early; it is asked after every epoch. */
  readonly stop?: StoppingRule | undefined;
}

/** Returns the functions among the options. */
export function ownFunctions({ metric, stop }: WithOwn): OwnFunctions {
  return {
    ...(typeof metric === 'object' ? { metric } : {}),
    ...(typeof stop === 'function' ? { stop } : {}),
  };
}

/**
 * Returns the options with the names of functions in the place of the functions.
 * @throws UsageError for a metric that is impossible
 */
export function withOwnNames<T extends WithOwn>(
  options: T,
): Omit<T, keyof WithOwn> & Pick<ConfigInput, 'metric' | 'own'> {
  const { metric, stop, ...rest } = options;
  const functions = ownFunctions({ metric, stop } as WithOwn);
  if (functions.metric) checkOwnMetric(functions.metric);
  if (stop !== undefined && typeof stop !== 'function') {
    throw new UsageError(
      `stop: a stopping rule is a function of the epochs so far, found ${JSON.stringify(stop)}`,
    );
  }
  const named = typeof metric === 'object' ? {} : { metric };
  if (functions.metric === undefined && functions.stop === undefined) return { ...rest, ...named };
  const { metric: own } = functions;
  return {
    ...rest,
    ...named,
    own: {
      ...(own && { metric: { name: own.name, greaterIsBetter: own.greaterIsBetter } }),
      ...(stop && { stop: stop.name || 'stop' }),
    },
  };
}

const NO_FILE = 'which no file can hold: give it again to train, resume, sweep or resumeSweep, in a program';

/** Throws UsageError where a configuration names functions that were not given. */
export function checkOwnGiven({ own }: Pick<ConfigInput, 'own'>, { metric, stop }: OwnFunctions): void {
  const differs =
    own?.metric?.name !== metric?.name || own?.metric?.greaterIsBetter !== metric?.greaterIsBetter;
  if (own?.metric && differs) {
    throw new UsageError(
      `metric ${own.metric.name} is a function of the program that began the training, ${NO_FILE}`,
    );
  }
  if (own?.stop && !stop) {
    throw new UsageError(
      `the stopping rule ${own.stop} is a function of the program that began the training, ${NO_FILE}`,
    );
  }
}
