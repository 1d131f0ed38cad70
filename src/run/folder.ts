/** A run on disk: plain files that can be read, searched and copied. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { makeFolder, writeFileAtomic } from '../atomic.js';
import { shortName } from '../data/source.js';
import { shellPath } from '../data/words.js';
import { DataError } from '../errors.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NativeLibrary } from '../kernels/native/index.js';
import { type PlannedConfig, restoreConfig, type TrainConfig, type TrainOptions } from '../train/config.js';
import type { TrainEvent, TrainResult } from '../train/events.js';
import type { PresetName } from '../train/presets.js';
import { generationAges } from './generations.js';
import { type FolderLock, lockNewFolder } from './lock.js';

export const RUN_FILES = {
  record: 'run.json',
  config: 'config.yaml',
  metrics: 'metrics.jsonl',
  last: join('checkpoints', 'last.safetensors'),
  best: join('checkpoints', 'best.safetensors'),
  model: 'model.safetensors',
  trace: 'trace.json',
  /** The folder of the refit, which is laid out as a run's. */
  refit: 'refit',
} as const;

/** The contents of run.json: what happened, for people and scripts. */
export interface RunRecord {
  readonly gradpool: string;
  readonly status: 'running' | TrainResult['status'] | 'diverged' | 'failed';
  readonly started: string;
  readonly ended: string | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly argv: readonly string[];
  /**
   * The folder in which it was begun, to which paths in a query are relative; absent in runs of older
   * versions.
   */
  readonly cwd?: string;
  readonly seed: number;
  /** The preset whose values the configuration holds; absent in runs of versions before 0.2. */
  readonly preset?: PresetName;
  readonly kernels: KernelName;
  /** The library that native kernels multiply with; null for other kernels. */
  readonly library: NativeLibrary | null;
  readonly machine: Readonly<Record<string, string | number>>;
  /** SHA-256 of the stored training data and its schema. */
  readonly dataset: string;
  /**
   * SHA-256 of validation and test data that have sources of their own; absent in runs of versions before
   * 0.2.
   */
  readonly sources?: { readonly val: string | null; readonly test: string | null };
  readonly result: TrainResult | null;
  /** Set in the folder of a bag's member: its number, counted from 1, and that of all. */
  readonly member?: { readonly number: number; readonly of: number };
  /** Set in the folder of a refit. */
  readonly refit?: true;
}

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
  join(folder, 'members', String(member));

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
    makeFolder(join(folder, config.bag > 1 ? 'members' : 'checkpoints'));
    writeConfig(folder, config);
    writeRecord(folder, record);
  } catch (error) {
    throw new DataError(
      `${folder}: cannot write the run's folder (${(error as Error).message}); take another --out`,
    );
  }
}

/**
 * Writes a run's configuration. It holds what the preset gave, so it names none: a preset of a later version
 * may hold other values.
 */
export function writeConfig(folder: string, config: TrainConfig): void {
  const stored = { ...config, preset: 'none' };
  writeFileAtomic(join(folder, RUN_FILES.config), Buffer.from(stringify(stored)));
}

export function writeRecord(folder: string, record: RunRecord): void {
  writeFileAtomic(join(folder, RUN_FILES.record), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
}

/**
 * Appends an event to metrics.jsonl. When a run goes on from a checkpoint, the events after that checkpoint
 * are appended a second time.
 */
export function appendMetrics(folder: string, event: TrainEvent): void {
  appendFileSync(join(folder, RUN_FILES.metrics), `${JSON.stringify(event)}\n`);
}

/** Revives metrics that were not finite for JSON.parse: JSON writes NaN as null. */
export function reviveMetrics(key: string, value: unknown): unknown {
  return value === null && (key === 'loss' || key === 'rmse') ? Number.NaN : value;
}

/**
 * Whether a checkpoint was ever written: a run may be killed while its first checkpoint is still being
 * written.
 */
export function wasSaved(folder: string): boolean {
  const metrics = join(folder, RUN_FILES.metrics);
  return (
    generationAges(join(folder, RUN_FILES.last)).length > 0 ||
    (existsSync(metrics) && readFileSync(metrics, 'utf8').includes('{"type":"checkpoint"'))
  );
}

/**
 * Reads the record and the configuration of a run.
 * @throws DataError when the folder is not a run's
 */
export function readRun(folder: string): { record: RunRecord; config: PlannedConfig } {
  refuseNoRun(folder);
  const file = join(folder, RUN_FILES.record);
  try {
    const record = JSON.parse(readFileSync(file, 'utf8'), reviveMetrics) as RunRecord;
    const config = restoreConfig(parse(readFileSync(join(folder, RUN_FILES.config), 'utf8')) as TrainOptions);
    return { record, config };
  } catch (error) {
    throw new DataError(`${folder}: unreadable run (${(error as Error).message})`);
  }
}

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
