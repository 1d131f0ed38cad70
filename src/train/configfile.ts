/** config.yaml: the configuration of a training in a file. */

import { DataError, UsageError } from '../errors.js';
import { refuseNewer, type StoredFormat, versionKey } from '../stored.js';
import { parseYaml } from '../yamltext.js';
import {
  CONFIG_VERSION,
  configSchema,
  type PlannedConfig,
  restoreConfig,
  type TrainOptions,
} from './config.js';

/** A configuration file may leave out every key: the command line can name the data. */
export const CONFIG_FORMAT = {
  version: CONFIG_VERSION,
  schema: configSchema.extend({
    formatVersion: versionKey(CONFIG_VERSION),
    data: configSchema.shape.data.optional(),
  }),
  remedy: 'restore the file from a copy, or train again',
} as const satisfies StoredFormat;

/** The key that says which version of the format a file has. */
export const VERSION_KEY = 'formatVersion';

/**
 * Checks the version that a file says it has.
 * @throws DataError for a newer one and for what is none
 */
export function checkVersion(given: unknown, place: string): void {
  refuseNewer(CONFIG_VERSION, { [VERSION_KEY]: given }, place);
  if (!Number.isInteger(given) || (given as number) < 1) {
    throw new DataError(
      `${place}: ${VERSION_KEY}: expected a whole number from 1, found ${JSON.stringify(given) ?? 'nothing'}; leave it out`,
    );
  }
}

/**
 * Returns the configuration that a run has stored.
 * @param file what an error calls the file
 * @throws DataError, which names the file, the key, its value and the remedy
 */
export function parseConfig(text: string, file: string): PlannedConfig {
  const { formatVersion, ...config } = parseConfigValues(text, file);
  if (formatVersion !== undefined) checkVersion(formatVersion, file);
  try {
    return restoreConfig(config as unknown as TrainOptions);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw damaged(file, error.message);
  }
}

/**
 * Returns the keys of a stored configuration with their values as they stand in the file.
 * @throws DataError as `parseConfig` does, for what is no YAML of keys and values
 */
export function parseConfigValues(text: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseYaml(text, file);
  } catch (error) {
    throw new DataError(`${(error as Error).message}; ${CONFIG_FORMAT.remedy}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw damaged(file, `expected keys with their values, found ${JSON.stringify(value) ?? 'nothing'}`);
}

const damaged = (file: string, why: string) => new DataError(`${file}: ${why}; ${CONFIG_FORMAT.remedy}`);
