import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { TrainingData } from '../data/load.js';
import { isBuiltIn, isQuery } from '../data/source.js';
import { DataError } from '../errors.js';
import type { TrainConfig } from '../train/config.js';
import type { RunRecord } from './recordformat.js';

/** Returns the configuration with absolute paths, so that `resume` finds the files from any folder. */
export function absoluteSources(config: TrainConfig): TrainConfig {
  const { data, val, test, nativeLibrary, tensorboard, cache } = config;
  return {
    ...config,
    data: absolute(data),
    ...(typeof val === 'string' && val !== 'auto' ? { val: absolute(val) } : {}),
    ...(typeof test === 'string' ? { test: absolute(test) } : {}),
    ...(typeof tensorboard === 'string' ? { tensorboard: resolve(tensorboard) } : {}),
    ...(cache === undefined ? {} : { cache: resolve(cache) }),
    ...(nativeLibrary === undefined ? {} : { nativeLibrary: absolute(nativeLibrary) }),
  };
}

/**
 * Returns the absolute path of a file or of a pattern of files; built-in names and queries stay as they are.
 */
function absolute(source: string): string {
  if (isBuiltIn(source) || isQuery(source)) return source;
  if (existsSync(source)) return resolve(source);
  if (!/[*?[]/.test(source) || isAbsolute(source)) return source;
  // Brackets and asterisks in this folder's own name are not a pattern.
  return join(process.cwd().replace(/[[*?]/g, '[$&]'), source);
}

/** Returns what of a run's data is not the data that it began with, a few words each. */
export function changedSources(
  config: TrainConfig,
  { fingerprint, fingerprints }: TrainingData,
  { dataset, sources }: Pick<RunRecord, 'dataset' | 'sources'>,
): string[] {
  const { val = null, test = null } = sources ?? {};
  return [
    ...(fingerprint === dataset ? [] : [`${config.data}: not the data`]),
    ...(val === null || fingerprints.val === val ? [] : [`${config.val}: not the validation data`]),
    ...(test === null || fingerprints.test === test ? [] : [`${config.test}: not the test data`]),
  ];
}

/**
 * Loads a run's data again. Paths inside a query are relative to the current folder, so when the data is
 * missing or has changed and the run was begun in another folder, the error says so.
 */
export async function fromElsewhere<T>(
  { data, val, test }: TrainConfig,
  begun: string | undefined,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const queries = [data, val, test].some((source) => typeof source === 'string' && isQuery(source));
    if (!(error instanceof DataError) || !queries || begun === undefined || begun === process.cwd())
      throw error;
    throw new DataError(
      `${error.message} (the run was begun in ${begun}, from where its query's files are named: resume it there)`,
    );
  }
}
