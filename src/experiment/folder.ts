/**
 * A sweep on disk: its definition, a line for each trial that began or ended, and a run's folder for each.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { makeFolder, writeFileAtomic } from '../atomic.js';
import { shellPath } from '../data/words.js';
import { DataError, UsageError } from '../errors.js';
import { timedName } from '../run/folder.js';
import { VERSION } from '../version.js';
import type { SweepDefinition, SweepOptions } from './definition.js';
import type { SweepKernels } from './trialplan.js';

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

/** The contents of sweep.json: what a sweep was begun with, and how it stands. */
export interface SweepRecord {
  readonly gradpool: string;
  readonly status: 'running' | 'completed' | 'interrupted' | 'failed';
  readonly started: string;
  readonly ended: string | null;
  readonly error: string | null;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The definition with which it was last run, from which sweep.yaml may only grow. */
  readonly definition: SweepDefinition;
  /** What `kernels: auto` stands for in all trials. */
  readonly kernels: SweepKernels | null;
  /** SHA-256 of all training data that was read. */
  readonly data: readonly string[];
}

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
export const trialFolder = (folder: string, trial: number): string =>
  join(folder, SWEEP_FILES.folders, String(trial).padStart(4, '0'));

/** Creates the folder of a new sweep. */
export function createSweepFolder(folder: string, record: SweepRecord): void {
  try {
    makeFolder(join(folder, SWEEP_FILES.folders));
    const text = stringify(record.definition);
    writeFileAtomic(join(folder, SWEEP_FILES.definition), `# gradpool resume ${shellPath(folder)}\n${text}`);
    writeFileAtomic(join(folder, SWEEP_FILES.times), 'trial,epochs,seconds,samples_per_second\n');
    writeSweepRecord(folder, record);
  } catch (error) {
    throw new DataError(
      `${folder}: cannot write the sweep's folder (${(error as Error).message}); take another --out`,
    );
  }
}

export function writeSweepRecord(folder: string, record: SweepRecord): void {
  writeFileAtomic(join(folder, SWEEP_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
}

/** Returns the record of a sweep that begins now. */
export function newSweepRecord(
  definition: SweepDefinition,
  started: Date,
  argv: readonly string[],
  found: Pick<SweepRecord, 'kernels' | 'data'>,
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

/**
 * Reads a sweep's record, and the definition that its user may have changed since.
 * @throws DataError where the folder is not a sweep's or a file is damaged
 */
export function readSweep(folder: string): { record: SweepRecord; given: SweepOptions } {
  refuseNoSweep(folder);
  const read = <T>(name: string, revive: (text: string) => T): T => {
    try {
      return revive(readFileSync(join(folder, name), 'utf8'));
    } catch (error) {
      const line = (error as Error).message.split('\n')[0];
      throw new DataError(`${join(folder, name)}: unreadable (${line})`);
    }
  };
  const record = read(SWEEP_FILES.record, (text) => JSON.parse(text) as SweepRecord);
  return { record, given: read(SWEEP_FILES.definition, asSweep) };
}

/** Reads the text of a sweep's file. Throws UsageError where it does not hold keys. */
export function asSweep(text: string): SweepOptions {
  const value: unknown = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('expected keys with their values: base, axes, search, …');
  }
  return { base: {}, axes: {}, ...value } as unknown as SweepOptions;
}

/** The numbers of the trials that have a folder. */
export function trialsWithFolders(folder: string): Set<number> {
  const folders = join(folder, SWEEP_FILES.folders);
  return new Set(existsSync(folders) ? readdirSync(folders).map(Number) : []);
}

/** Writes how long a trial took, in a file of its own because no other run takes the same time. */
export function appendTime(
  folder: string,
  time: { readonly trial: number; readonly epochs: number; readonly seconds: number; readonly speed: number },
): void {
  const { trial, epochs, seconds, speed } = time;
  const cells = [trial, epochs, seconds.toFixed(3), Math.round(speed)];
  appendFileSync(join(folder, SWEEP_FILES.times), `${cells.join(',')}\n`);
}
