/** Dotted paths into a configuration: `lr`, `schedules.weightDecay`, `layers.0.units`. */
import { didYouMean } from '../../didyoumean.js';
import { UsageError } from '../../errors.js';
import { CONFIG_KEYS, type TrainOptions } from '../../train/config.js';
import { PARTITION } from '../../train/partkeys.js';
import { EFFECTLESS } from '../../train/runkeys.js';
import type { AxisValue } from './axes.js';

const SAME_PARTS = 'all configurations are compared on the same parts of the rows; put it into the base';

/** Keys that cannot be axes, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  seed: 'every configuration is trained with the same seeds; --seeds says how many',
  ...Object.fromEntries(Object.keys(PARTITION).map((key) => [key, SAME_PARTS])),
  ...Object.fromEntries(EFFECTLESS.map((key) => [key, 'the result does not depend on it'])),
  refit: 'trials are compared by rows that they were not trained on; --refit trains the best one again',
};

/** Throws UsageError for an axis whose key does not exist or cannot be one. */
export function checkPath(path: string): void {
  const [key] = path.split('.');
  if (!(CONFIG_KEYS as readonly string[]).includes(key)) {
    throw new UsageError(`unknown axis '${path}'${didYouMean(key, CONFIG_KEYS)}`);
  }
  if (REFUSED[key] !== undefined) throw new UsageError(`${path} cannot be an axis: ${REFUSED[key]}`);
}

/**
 * Returns options in which the key at a path has a value. What holds the key is created where it is missing.
 * @throws UsageError for a position that a list does not have
 */
export function withValue(options: TrainOptions, path: string, value: AxisValue): TrainOptions {
  return inside(options, path.split('.'), value, path) as TrainOptions;
}

function inside(holder: unknown, [key, ...rest]: readonly string[], value: AxisValue, path: string): unknown {
  if (Array.isArray(holder)) {
    const index = Number(key);
    if (!/^\d+$/.test(key) || index >= holder.length) {
      throw new UsageError(
        `axis ${path}: '${key}' is no position of a list of ${holder.length}; they are counted from 0`,
      );
    }
    return holder.with(index, rest.length === 0 ? value : inside(holder[index], rest, value, path));
  }
  const object = typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>) : {};
  return { ...object, [key]: rest.length === 0 ? value : inside(object[key], rest, value, path) };
}

/** Returns the value of the key at a path; undefined where there is none. */
export function valueAtPath(options: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((holder, key) => (holder as Record<string, unknown> | undefined | null)?.[key], options);
}
