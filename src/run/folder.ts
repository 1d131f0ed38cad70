/** A run on disk: plain files, greppable, copyable. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { makeFolder, writeFileAtomic } from '../atomic.js';
import { DataError } from '../errors.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NativeLibrary } from '../kernels/native/index.js';
import { restoreConfig, type TrainConfig, type TrainOptions } from '../train/config.js';
import type { TrainEvent, TrainResult } from '../train/events.js';

export const RUN_FILES = {
  record: 'run.json',
  config: 'config.yaml',
  metrics: 'metrics.jsonl',
  last: join('checkpoints', 'last.safetensors'),
  best: join('checkpoints', 'best.safetensors'),
  model: 'model.safetensors',
  trace: 'trace.json',
} as const;

/** run.json: what happened, for people and scripts. */
export interface RunRecord {
  readonly gradpool: string;
  readonly status: 'running' | TrainResult['status'] | 'diverged' | 'failed';
  readonly started: string;
  readonly ended: string | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly argv: readonly string[];
  /** the folder it was begun in, from which a query's files are named; runs of older versions have none */
  readonly cwd?: string;
  readonly seed: number;
  readonly kernels: KernelName;
  /** what native kernels multiply with; null: other kernels */
  readonly library: NativeLibrary | null;
  readonly machine: Readonly<Record<string, string | number>>;
  /** SHA-256 of the stored data and its schema */
  readonly dataset: string;
  /** the same of validation and test data that are sources of their own; runs of before 0.2 have none */
  readonly sources?: { readonly val: string | null; readonly test: string | null };
  readonly result: TrainResult | null;
}

/** The folder of a new run: `out`, or one under runs/ named by time, data and four random letters. */
export function newRunFolder(out: string | undefined, dataset: string, started: Date): string {
  const stamp = started.toISOString().slice(0, 19).replaceAll(':', '-');
  const tail = BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .slice(-4);
  const folder = out ?? join('runs', `${stamp}_${dataset.replaceAll(/[^\w.-]+/g, '-')}_${tail}`);
  if (existsSync(folder)) {
    const state = existsSync(join(folder, RUN_FILES.record)) ? 'holds a run already' : 'exists already';
    const remedy = state.startsWith('holds')
      ? `take another --out, or gradpool resume ${folder}`
      : 'take another --out';
    throw new DataError(`${folder}: ${state}; ${remedy}`);
  }
  return folder;
}

export function createRunFolder(folder: string, config: TrainConfig, record: RunRecord): void {
  try {
    makeFolder(join(folder, 'checkpoints'));
    writeConfig(folder, config);
    writeRecord(folder, record);
  } catch (error) {
    throw new DataError(
      `${folder}: cannot write the run's folder (${(error as Error).message}); take another --out`,
    );
  }
}

export function writeConfig(folder: string, config: TrainConfig): void {
  writeFileAtomic(join(folder, RUN_FILES.config), Buffer.from(stringify(config)));
}

export function writeRecord(folder: string, record: RunRecord): void {
  writeFileAtomic(join(folder, RUN_FILES.record), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
}

/** One line of metrics.jsonl; what it says of steps after a checkpoint is said again when the run goes on from there. */
export function appendMetrics(folder: string, event: TrainEvent): void {
  appendFileSync(join(folder, RUN_FILES.metrics), `${JSON.stringify(event)}\n`);
}

/** For JSON.parse: a metric that was not finite, which JSON has as null, is NaN again. */
export function reviveMetrics(key: string, value: unknown): unknown {
  return value === null && (key === 'loss' || key === 'rmse') ? Number.NaN : value;
}

/** Whether a checkpoint was ever written: training begins while the first one is on its way to the disk. */
export function wasSaved(folder: string): boolean {
  const metrics = join(folder, RUN_FILES.metrics);
  return (
    existsSync(join(folder, RUN_FILES.last)) ||
    (existsSync(metrics) && readFileSync(metrics, 'utf8').includes('{"type":"checkpoint"'))
  );
}

/** The record and configuration of an existing run. Throws DataError when the folder is not one. */
export function readRun(folder: string): { record: RunRecord; config: TrainConfig } {
  const file = join(folder, RUN_FILES.record);
  if (!existsSync(file)) {
    throw new DataError(`${folder}: not a run's folder (it has no ${RUN_FILES.record})${siblings(folder)}`);
  }
  try {
    const record = JSON.parse(readFileSync(file, 'utf8'), reviveMetrics) as RunRecord;
    const config = restoreConfig(parse(readFileSync(join(folder, RUN_FILES.config), 'utf8')) as TrainOptions);
    return { record, config };
  } catch (error) {
    throw new DataError(`${folder}: unreadable run (${(error as Error).message})`);
  }
}

/** The newest run beside a folder that was not found: what was probably meant. */
function siblings(folder: string): string {
  const parent = dirname(folder);
  if (!existsSync(parent)) return '';
  const runs = readdirSync(parent).filter((name) => existsSync(join(parent, name, RUN_FILES.record)));
  const newest = runs.sort().at(-1);
  return newest && newest !== basename(folder) ? `; the newest beside it is ${join(parent, newest)}` : '';
}
