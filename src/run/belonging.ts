/**
 * What tells that the files of a run belong together, and are as the run wrote them: run.json holds a
 * checksum of itself and of config.yaml, and a checkpoint says of which run, configuration and data it is.
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CONFIG_FORMAT } from '../train/configfile.js';
import type { RunRecord } from './recordformat.js';

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Returns the name by which the files of a run know each other; it says nothing else. */
export const newRunId = (): string => randomBytes(16).toString('hex');

/** Returns what config.yaml holds for a configuration; no preset, for it holds what the preset gave. */
export function storedConfig(config: object): Readonly<Record<string, unknown>> {
  return { formatVersion: CONFIG_FORMAT.version, ...config, preset: 'none' };
}

/** SHA-256 of what config.yaml holds. Its comments and layout do not count. */
const configSha256 = (stored: unknown): string => sha256Of(JSON.stringify(stored));

/** Returns the record with a configuration as the last of those that the run has had. */
export function withConfig<Record extends RunRecord>(record: Record, config: object): Record {
  const digest = configSha256(storedConfig(config));
  const before = record.configs ?? [];
  return before.at(-1) === digest ? record : { ...record, configs: [...before, digest] };
}

/**
 * Whether config.yaml is the one that the run has stored. The one before is too: a kill between run.json and
 * config.yaml leaves it.
 */
export const isOwnConfig = ({ configs }: RunRecord, stored: unknown): boolean =>
  configs === undefined || configs.slice(-2).includes(configSha256(stored));

/** Returns what run.json or sweep.json holds: the record, and the checksum of all the rest of it. */
export function sealed<Sealed extends { readonly sha256?: string }>(record: Sealed) {
  const { sha256, ...rest } = record;
  return { ...rest, sha256: sha256Of(JSON.stringify(rest)) };
}

/**
 * Whether run.json or sweep.json is as it was written. Records of earlier versions have no checksum; those
 * that have one of another file have one of their own.
 */
export function isSealed(stored: Readonly<Record<string, unknown>>): boolean {
  const { sha256, ...rest } = stored;
  if (sha256 === undefined) return SINCE.every((key) => stored[key] === undefined);
  return sha256 === sha256Of(JSON.stringify(rest));
}

/** Keys of records that have a checksum. */
const SINCE = ['id', 'configs', 'definitionSha256'];

/** What a checkpoint belongs to. */
export const originSchema = z.strictObject({
  /** The run's id. */
  run: z.string().nullable(),
  /** SHA-256 of what config.yaml held. */
  config: z.string().nullable(),
  /** SHA-256 of the data of training, and of validation and test where they have sources of their own. */
  dataset: z.string(),
  val: z.string().nullable(),
  test: z.string().nullable(),
});
export type Origin = Readonly<z.output<typeof originSchema>>;

/** Returns what the checkpoints of a run belong to from now on. */
export const originOf = ({ id, configs, dataset, sources }: RunRecord): Origin => ({
  run: id ?? null,
  config: configs?.at(-1) ?? null,
  dataset,
  val: sources?.val ?? null,
  test: sources?.test ?? null,
});

/** Says why a checkpoint does not belong to a run; null where nothing speaks against it. */
export function foreignness(origin: Origin, record: RunRecord): string | null {
  const own = originOf(record);
  const differs = (key: keyof Origin) =>
    origin[key] !== null && own[key] !== null && origin[key] !== own[key];
  if (differs('run')) return 'it is of another run';
  if (origin.config !== null && record.configs && !record.configs.includes(origin.config))
    return 'it was written under a configuration that this run never had';
  if (differs('dataset')) return 'it was trained on other data';
  if (differs('val')) return 'its validation data were others';
  return differs('test') ? 'its test data were others' : null;
}
