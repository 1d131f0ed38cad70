/** Loads arrays for a trained model, and refuses data of another kind than the model was trained on. */
import { DataError, UsageError } from '../errors.js';
import type { ArraySource } from './arrays/arrayfiles.js';
import { loadArrays } from './arrays/loadarrays.js';
import type { LoadedDataset } from './fit.js';
import type { ArraysSchema, Schema } from './schema.js';
import type { Source } from './source.js';
import type { LoadTableOptions } from './tables/load.js';

/** Reads arrays by a model's schema. Throws UsageError for options that are for tables. */
export function loadSet(source: ArraySource, schema: ArraysSchema, options: LoadTableOptions): LoadedDataset {
  refuseColumns(source, options);
  return loadArrays(source, schema, options.needTargets);
}

/** Throws UsageError for options that name columns, which arrays do not have. */
export function refuseColumns({ name }: ArraySource, options: LoadTableOptions): void {
  for (const flag of ['keep', 'weights'] as const) {
    if (options[flag] !== undefined)
      throw new UsageError(`--${flag}: ${name} is not a table and has no columns`);
  }
}

/** Returns the error for a source of another kind than a model was trained on. */
export function otherKind(name: string, { kind }: Pick<Source, 'kind'>, schema: Schema): DataError {
  const words = { arrays: 'arrays (IDX, NPY)', table: 'a table' };
  return new DataError(
    `${name}: the data is ${words[kind]}, the model was trained on ${words[schema.kind]}; give data of that kind`,
  );
}
