/** A run on disk: plain files that can be read, searched and copied. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { makeFolder, writeFileAtomic } from '../atomic.js';
import { isFolded } from '../data/parting.js';
import { shortName } from '../data/source.js';
import { shellPath } from '../data/words.js';
import { DataError } from '../errors.js';
import { checkedLine, endsInLine } from '../lines.js';
import { appendRegular, partOf, readPart, readRegularText } from '../regular.js';
import { parseStored } from '../stored.js';
import type { PlannedConfig, TrainConfig } from '../train/config.js';
import { parseConfig, parseConfigValues } from '../train/configfile.js';
import type { TrainEvent } from '../train/events.js';
import { isOwnConfig, isSealed, sealed, storedConfig, withConfig } from './belonging.js';
import { METRICS_FORMAT } from './eventformat.js';
import { generationAges } from './generations.js';
import { type FolderLock, lockNewFolder } from './lock.js';
import { RECORD_FORMAT, type RunRecord } from './recordformat.js';

export type { RunRecord } from './recordformat.js';

export const RUN_FILES = {
  record: 'run.json',
  config: 'config.yaml',
  metrics: 'metrics.jsonl',
  last: join('checkpoints', 'last.safetensors'),
  best: join('checkpoints', 'best.safetensors'),
  model: 'model.safetensors',
  trace: 'trace.json',
  /** Frames of a network of two inputs. */
  picture: 'picture.jsonl',
  /** The folder of event files, where no other is named. */
  board: 'tensorboard',
  /** The folder of the refit, which is laid out as a run's. */
  refit: 'refit',
} as const;

/** Returns a name that no other run has: by time, data and four random letters. */
export function timedName(data: string, started: Date): string {
  const stamp = started.toISOString().slice(0, 19).replaceAll(':', '-');
  const tail = BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .slice(-4);
  return `${stamp}_${data}_${tail}`;
}

/**
 * Returns the folder of a new run: `out`, or one under runs/ named by time, data and four random letters.
 * @param data as the configuration names it
 * @throws DataError when it exists already
 */
export function newRunFolder(out: string | undefined, data: string, started: Date): string {
  const folder = out ?? join('runs', timedName(shortName(data), started));
  if (existsSync(folder)) {
    const state = existsSync(join(folder, RUN_FILES.record)) ? 'holds a run already' : 'exists already';
    const remedy = state.startsWith('holds')
      ? `take another --out, or gradpool resume ${shellPath(folder)}`
      : 'take another --out';
    throw new DataError(`${folder}: ${state}; ${remedy}`);
  }
  return folder;
}

/** Returns the folder of a bag's member, counted from 1. */
export const memberFolder = (folder: string, member: number): string =>
  partOf(folder, join('members', String(member)));

/** Returns the folder of a fold, counted from 1. */
export const foldFolder = (folder: string, fold: number): string =>
  join(folder, 'folds', String(fold).padStart(2, '0'));

/**
 * Creates and locks the folder of a new run, with its configuration and record; null where nothing is
 * written.
 */
export function newRun(folder: string | null, config: TrainConfig, record: RunRecord): FolderLock | null {
  return folder === null ? null : lockNewFolder(folder, () => createRunFolder(folder, config, record));
}

/** Writes the first files of a run's folder, and makes the folder where it is missing. */
export function createRunFolder(folder: string, config: TrainConfig, record: RunRecord): void {
  try {
    makeFolder(join(folder, config.bag > 1 ? 'members' : isFolded(config) ? 'folds' : 'checkpoints'));
    writeConfig(folder, config);
    writeRecord(folder, record);
  } catch (error) {
    throw new DataError(
      `${folder}: cannot write the run's folder (${(error as Error).message}); take another --out`,
    );
  }
}

/**
 * Writes record and configuration of a run that goes on, if it has a folder. The record comes first: it knows
 * both configurations, so whichever file a kill leaves, the two belong together. Returns the record.
 */
export function writeRun<Record extends RunRecord>(
  folder: string | null,
  config: TrainConfig,
  record: Record,
): Record {
  const known = withConfig(record, config);
  if (folder === null) return known;
  writeRecord(folder, known);
  writeConfig(folder, config);
  return known;
}

/**
 * Writes a run's configuration. It holds what the preset gave, so it names none: a preset of a later version
 * may hold other values.
 */
function writeConfig(folder: string, config: TrainConfig): void {
  writeFileAtomic(join(folder, RUN_FILES.config), Buffer.from(stringify(storedConfig(config))));
}

export function writeRecord(folder: string, record: RunRecord): void {
  const stored = sealed({ formatVersion: RECORD_FORMAT.version, ...record });
  writeFileAtomic(join(folder, RUN_FILES.record), Buffer.from(`${JSON.stringify(stored, null, 2)}\n`));
}

/**
 * Appends an event to metrics.jsonl. When a run goes on from a checkpoint, the events after that checkpoint
 * are appended a second time.
 */
export function appendMetrics(folder: string, event: TrainEvent): void {
  const file = partOf(folder, RUN_FILES.metrics);
  if (event.type !== 'start') {
    appendRegular(file, `${checkedLine(JSON.stringify(event))}\n`);
    return;
  }
  const { type, ...rest } = event;
  const line = checkedLine(JSON.stringify({ type, formatVersion: METRICS_FORMAT.version, ...rest }));
  // A kill may have cut the last line of an earlier session short.
  appendRegular(file, `${endsInLine(file) ? '\n' : ''}${line}\n`);
}

/**
 * Whether a checkpoint was ever written: a run may be killed while its first checkpoint is still being
 * written.
 */
export function wasSaved(folder: string): boolean {
  const metrics = partOf(folder, RUN_FILES.metrics);
  return (
    generationAges(partOf(folder, RUN_FILES.last)).length > 0 ||
    (existsSync(metrics) && readRegularText(metrics).includes('"type":"checkpoint"'))
  );
}

/**
 * Reads the record and the configuration of a run.
 * @param refuse is told what was changed since the run has written it, where that can still be read
 * @throws DataError when the folder is not a run's, and for a file that is damaged or of a newer version
 */
export function readRun(
  folder: string,
  refuse = refuseChanged(folder),
): { record: RunRecord; config: PlannedConfig } {
  const record = readRecord(folder, refuse);
  const file = join(folder, RUN_FILES.config);
  const text = readPart(folder, RUN_FILES.config);
  const config = parseConfig(text, file);
  if (!isOwnConfig(record, parseConfigValues(text, file))) {
    refuse(
      `${file}: was changed or cut after the run had stored it (its checksum is not the one in run.json)`,
    );
  }
  return { record, config };
}

/**
 * Reads the record of a run.
 * @throws DataError as `readRun` does
 */
export function readRecord(folder: string, refuse = refuseChanged(folder)): RunRecord {
  refuseNoRun(folder);
  const text = readPart(folder, RUN_FILES.record);
  const file = join(folder, RUN_FILES.record);
  const record = parseStored(RECORD_FORMAT, text, file) as RunRecord;
  if (!isSealed(JSON.parse(text))) refuse(`${file}: was changed or damaged (its checksum does not match)`);
  return record;
}

/** Refuses what has changed in the folder of a member, a fold or a refit, which a run makes again. */
export const refuseChangedPart =
  (folder: string) =>
  (change: string): void => {
    throw new DataError(
      `${change}; restore it from a copy, or remove ${shellPath(folder)}: what is missing is trained again`,
    );
  };

/** Refuses what has changed since the run has written it, and says how to go on with it all the same. */
const refuseChanged =
  (folder: string) =>
  (change: string): void => {
    throw new DataError(
      `${change}; restore it from a copy, or go on with it as it is: gradpool resume ${shellPath(folder)} --force`,
    );
  };

/** Throws DataError where a folder is not a run's. */
export function refuseNoRun(folder: string): void {
  if (existsSync(join(folder, RUN_FILES.record))) return;
  throw new DataError(`${folder}: not a run's folder (it has no ${RUN_FILES.record})${siblings(folder)}`);
}

/** Suggests the newest run beside a folder that was not found. */
function siblings(folder: string): string {
  const parent = dirname(folder);
  if (!existsSync(parent)) return '';
  const runs = readdirSync(parent).filter((name) => existsSync(join(parent, name, RUN_FILES.record)));
  const newest = runs.sort().at(-1);
  return newest && newest !== basename(folder) ? `; the newest beside it is ${join(parent, newest)}` : '';
}
