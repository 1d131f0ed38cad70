/** What has changed since a run began, and is gone on with by force. */
import type { TrainingData } from '../data/load.js';
import { DataError } from '../errors.js';
import type { TrainConfig } from '../train/config.js';
import type { RunRecord } from './folder.js';
import { changedSources } from './sources.js';

export const forcedNotes = (changes: readonly string[]): string[] =>
  changes.map((change) => `--force: ${change}; the bits may differ from those of the run as it began`);

/** Returns the record with what was forced, and with the data that it goes on with. */
export function forcedRecord(record: RunRecord, data: TrainingData, changes: readonly string[]): RunRecord {
  if (changes.length === 0) return record;
  const forced = [...(record.forced ?? []), ...changes];
  return { ...record, forced, dataset: data.fingerprint, sources: data.fingerprints };
}

/**
 * Returns what is not the data that a run began with, where that is to be gone on with.
 * @throws DataError for such data without `force`
 */
export function checkData(
  folder: string,
  config: TrainConfig,
  data: TrainingData,
  record: RunRecord,
  force = false,
): string[] {
  const changed = changedSources(config, data, record);
  if (force) return changed.map((what) => `${what} that ${folder} was trained on`);
  if (changed.length === 0) return [];
  const older =
    record.sources === undefined && data.schema.kind === 'table'
      ? ' (or it was begun by an earlier gradpool, which read tables by other rules: start it again)'
      : '';
  throw new DataError(
    `${changed[0]} that ${folder} was trained on; a run goes on with the same data only, or with --force${older}`,
  );
}
