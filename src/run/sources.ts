import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { isBuiltIn, isQuery } from '../data/source.js';
import { DataError } from '../errors.js';
import type { TrainConfig } from '../train/config.js';

/** The same configuration with its files by absolute paths, so that `resume` finds them from any folder. */
export function absoluteSources(config: TrainConfig): TrainConfig {
  const { data, val, test, nativeLibrary } = config;
  return {
    ...config,
    data: absolute(data),
    ...(typeof val === 'string' && val !== 'auto' ? { val: absolute(val) } : {}),
    ...(typeof test === 'string' ? { test: absolute(test) } : {}),
    ...(nativeLibrary === undefined ? {} : { nativeLibrary: absolute(nativeLibrary) }),
  };
}

/** A query with an asterisk in it is no pattern of files. */
function absolute(source: string): string {
  if (isBuiltIn(source) || isQuery(source)) return source;
  if (existsSync(source)) return resolve(source);
  if (!/[*?[]/.test(source) || isAbsolute(source)) return source;
  return join(process.cwd().replace(/[[*?]/g, '[$&]'), source); // this folder's own name is no pattern
}

/**
 * Loads a run's data again. The paths in a query are read from the current folder: where the run was begun in
 * another one and the data is not found or not the same, the error says so.
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
