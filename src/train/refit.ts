/** The rules of `refit`: the network is trained once more, on the validation rows too. */
import type { TrainingData } from '../data/load.js';
import { isFolded } from '../data/parting.js';
import { UsageError } from '../errors.js';
import type { ConfigInput } from './configkeys.js';

/** Whether the validation rows were cut from the training data, so that a refit can learn from them. */
export function isHeldBack({ train, val }: Pick<TrainingData, 'train' | 'val'>): boolean {
  return val !== null && val.dataset === train.dataset;
}

/** Returns the data with the validation rows among the training rows, in the order of the source. */
export function withValidationRows(data: TrainingData): TrainingData {
  const { train, val } = data;
  const rows = new Uint32Array(new SharedArrayBuffer(4 * (train.rows.length + val!.rows.length)));
  rows.set(train.rows);
  rows.set(val!.rows, train.rows.length);
  return { ...data, train: { ...train, rows: rows.sort() }, val: null, notes: [] };
}

/** Why `refit` cannot be combined with other values of a configuration; null where it can. */
export function refitConflict(
  config: Pick<ConfigInput, 'keep' | 'schedule' | 'bag' | 'cv' | 'fold'>,
): string | null {
  const { keep, schedule, bag = 1 } = config;
  if (keep === 'last' && !isFolded(config))
    return 'keep last, because a refit takes as many epochs as the best weights had';
  if (schedule === 'plateau') return 'schedule plateau, which goes by validation rows that a refit has not';
  if (bag > 1) return 'bag, whose members have their own validation rows and together see all rows';
  return null;
}

/** Throws UsageError for a refit that has no validation rows to learn from. */
export function checkRefitRows({ refit }: { readonly refit: boolean }, data: TrainingData): void {
  if (!refit || isHeldBack(data)) return;
  throw new UsageError(
    'refit: needs validation rows that are kept back from the training data, such as --val 0.2; leave refit out',
  );
}
