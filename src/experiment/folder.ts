/**
 * A sweep on disk: its definition, a line for each trial that began or ended, and a run's folder for each.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { makeFolder, writeFileAtomic } from '../atomic.js';
import { shellPath } from '../data/words.js';
import { DataError } from '../errors.js';
import { appendRegular, partOf, readPart, readRegularText } from '../regular.js';
import { isSealed, sealed, sha256Of } from '../run/belonging.js';
import { timedName } from '../run/folder.js';
import { parseStored } from '../stored.js';
import { VERSION } from '../version.js';
import type { SweepDefinition, SweepOptions } from './definition.js';
import { parseSweep, SWEEP_FORMAT, SWEEP_RECORD_FORMAT, type SweepRecord } from './sweepfile.js';

export type { SweepRecord } from './sweepfile.js';

export const SWEEP_FILES = {
  definition: 'sweep.yaml',
  record: 'sweep.json',
  trials: 'trials.jsonl',
  leaderboard: 'leaderboard.csv',
  times: 'times.csv',
  /** The folder of the trials' own folders. */
  folders: 'trials',
  /** The run of the best configuration, trained on all rows. */
  refit: 'refit',
} as const;

/** Returns the folder of a new sweep: `out`, or one under sweeps/ named by time, data and random letters. */
export function newSweepFolder(out: string | undefined, name: string, started: Date): string {
  const folder = out ?? join('sweeps', timedName(name, started));
  if (existsSync(folder)) {
    const remedy = isSweep(folder) ? `, or gradpool resume ${shellPath(folder)}` : '';
    throw new DataError(`${folder}: exists already; take another --out${remedy}`);
  }
  return folder;
}

/** Whether a folder is a sweep's. */
export const isSweep = (folder: string): boolean => existsSync(join(folder, SWEEP_FILES.record));

/** Returns the folder of a trial, counted from 1. */
export const trialFolder = (folder: string, trial: number): string => partOf(folder, trialPart(trial));

/** Returns where in a sweep's folder a trial has its own. */
export const trialPart = (trial: number): string => join(SWEEP_FILES.folders, String(trial).padStart(4, '0'));

/** Returns what sweep.yaml holds for a definition. */
export const definitionText = (folder: string, definition: SweepDefinition): string =>
  `# gradpool resume ${shellPath(folder)}\n${stringify({ formatVersion: SWEEP_FORMAT.version, ...definition })}`;

/** Creates the folder of a new sweep. */
export function createSweepFolder(folder: string, record: SweepRecord): void {
  try {
    makeFolder(join(folder, SWEEP_FILES.folders));
    writeFileAtomic(join(folder, SWEEP_FILES.definition), definitionText(folder, record.definition));
    writeFileAtomic(join(folder, SWEEP_FILES.times), 'trial,epochs,seconds,samples_per_second\n');
    writeSweepRecord(folder, record);
  } catch (error) {
    throw new DataError(
      `${folder}: cannot write the sweep's folder (${(error as Error).message}); take another --out`,
    );
  }
}

export function writeSweepRecord(folder: string, record: SweepRecord): void {
  const stored = sealed({ formatVersion: SWEEP_RECORD_FORMAT.version, ...record });
  writeFileAtomic(join(folder, SWEEP_FILES.record), `${JSON.stringify(stored, null, 2)}\n`);
}

/** Returns the record of a sweep that begins now. */
export function newSweepRecord(
  definition: SweepDefinition,
  started: Date,
  argv: readonly string[],
  found: Pick<SweepRecord, 'kernels' | 'data' | 'folds'>,
): SweepRecord {
  return {
    gradpool: VERSION,
    status: 'running',
    started: started.toISOString(),
    ended: null,
    error: null,
    argv,
    cwd: process.cwd(),
    definition,
    ...found,
  };
}

/** Throws DataError where a folder is not a sweep's. */
export function refuseNoSweep(folder: string): void {
  if (isSweep(folder)) return;
  throw new DataError(`${folder}: not a sweep's folder (it has no ${SWEEP_FILES.record})`);
}

/** A sweep's record, the definition that its user may have changed since, and what else was changed. */
interface ReadSweep {
  readonly record: SweepRecord;
  readonly given: SweepOptions;
  /** SHA-256 of the file that the definition stands in. */
  readonly definitionSha256: string;
  readonly notes: readonly string[];
}

/**
 * Reads a sweep's record and definition.
 * @throws DataError where the folder is not a sweep's or a file is damaged
 */
export function readSweep(folder: string): ReadSweep {
  refuseNoSweep(folder);
  const file = join(folder, SWEEP_FILES.record);
  const json = readPart(folder, SWEEP_FILES.record);
  const record = parseStored(SWEEP_RECORD_FORMAT, json, file) as unknown as SweepRecord;
  if (!isSealed(JSON.parse(json))) {
    throw new DataError(
      `${file}: was changed or damaged (its checksum does not match); ${SWEEP_RECORD_FORMAT.remedy}`,
    );
  }
  const text = readPart(folder, SWEEP_FILES.definition);
  const given = parseSweep(text, join(folder, SWEEP_FILES.definition));
  const definitionSha256 = sha256Of(text);
  return { record, given, definitionSha256, notes: changesOf(folder, record, definitionSha256) };
}

/** Says which files of a sweep are not as it has left them, though it can go on with them. */
function changesOf(folder: string, record: SweepRecord, definition: string): string[] {
  const { definitionSha256 = definition, leaderboardSha256 } = record;
  const leaderboard = partOf(folder, SWEEP_FILES.leaderboard);
  const notes: string[] = [];
  if (definition !== definitionSha256) {
    notes.push(`${join(folder, SWEEP_FILES.definition)}: was changed after the sweep had last read it`);
  }
  if (leaderboardSha256 === undefined) return notes;
  if (!existsSync(leaderboard) || sha256Of(readRegularText(leaderboard)) !== leaderboardSha256) {
    notes.push(
      `${leaderboard}: was changed, damaged or lost after the sweep had written it; gradpool resume ${shellPath(folder)} writes it again`,
    );
  }
  return notes;
}

/** The numbers of the trials that have a folder. */
export function trialsWithFolders(folder: string): Set<number> {
  const folders = partOf(folder, SWEEP_FILES.folders);
  return new Set(existsSync(folders) ? readdirSync(folders).map(Number) : []);
}

/** Writes how long a trial took, in a file of its own because no other run takes the same time. */
export function appendTime(
  folder: string,
  time: { readonly trial: number; readonly epochs: number; readonly seconds: number; readonly speed: number },
): void {
  const { trial, epochs, seconds, speed } = time;
  const cells = [trial, epochs, seconds.toFixed(3), Math.round(speed)];
  appendRegular(partOf(folder, SWEEP_FILES.times), `${cells.join(',')}\n`);
}
