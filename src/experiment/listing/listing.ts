/** Lists runs and the trials of sweeps: one flat record each, by the files that they keep. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DataError } from '../../errors.js';
import type { Metrics } from '../../forward/metrics.js';
import { RUN_FILES, readRecord } from '../../run/folder.js';
import { isSweep, readSweep, SWEEP_FILES, trialFolder } from '../folder.js';
import { axisValueText } from '../searches/space.js';
import { readTrialLines, type TrialLine } from '../triallines.js';

/** A run or a trial as a flat record: what it is, its metrics, and keys of its configuration. */
export type ListedRun = Readonly<Record<string, string | number | boolean | null>>;

/** Columns that every record has, before those of metrics and configuration. */
export const RUN_COLUMNS = [
  'run',
  'kind',
  'status',
  'started',
  'seed',
  'epochs',
  'best_epoch',
  'steps',
  'parameters',
  'seconds',
  'sha256',
  'error',
] as const;

/** What was found below a folder. */
interface Listing {
  readonly runs: readonly ListedRun[];
  /** Names what could not be read and was passed over, a plain line each. */
  readonly notes: readonly string[];
}

/** Folders below a run or sweep that are parts of it. */
const PARTS = ['members', 'checkpoints', 'node_modules', '.git'];

/**
 * Lists all runs and trials below a folder.
 * @param configured whether the configurations are read as well, which takes a millisecond for each run
 * @throws DataError where the folder does not exist
 */
export function listRuns(folder: string, configured: boolean): Listing {
  if (!existsSync(folder)) throw new DataError(`${folder}: there is no such folder; check the path`);
  const runs: ListedRun[] = [];
  const notes: string[] = [];
  const visit = (place: string) => {
    try {
      if (isSweep(place)) {
        const found = trialsOf(place, configured);
        for (const run of found.runs) runs.push(run);
        notes.push(...found.notes);
        return;
      }
      if (existsSync(join(place, RUN_FILES.record))) {
        runs.push(runOf(place, configured));
        return;
      }
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      notes.push(`${error.message}; it was passed over`);
      return;
    }
    const below = readdirSync(place, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of below.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!PARTS.includes(name)) visit(join(place, name));
    }
  };
  visit(folder);
  return { runs, notes };
}

/** Lists a run. Throws DataError where run.json is damaged. */
function runOf(folder: string, configured: boolean): ListedRun {
  const { status, started, seed, result, error } = readRecord(folder);
  return {
    run: folder,
    kind: 'run',
    status,
    started,
    seed,
    epochs: result?.epochs ?? null,
    best_epoch: result?.bestEpoch ?? null,
    steps: result?.steps ?? null,
    parameters: result?.parameters ?? null,
    seconds: result?.wallSeconds ?? null,
    sha256: result?.weightsSha256 ?? null,
    error,
    ...metricColumns(result ?? { train: null, val: null, test: null }),
    ...(configured ? configOf(folder) : {}),
  };
}

/** Returns the trials of a sweep, each by its last line. */
function trialsOf(folder: string, configured: boolean): Listing {
  const { record, given } = readSweep(folder);
  const { lines, notes } = readTrialLines(folder);
  const last = new Map<number, TrialLine>();
  for (const line of lines) last.set(line.trial, line);
  const shared = withoutClashes(flat(given.base));
  const seconds = secondsOf(folder);
  const runs = Array.from(last.values(), (line): ListedRun => {
    const ended = line.status === 'begun' ? null : line;
    const run = trialFolder(folder, line.trial);
    return {
      run,
      kind: 'trial',
      status:
        line.status === 'begun' ? (record.status === 'running' ? 'running' : 'interrupted') : line.status,
      started: record.started,
      seed: line.seed,
      epochs: ended?.epochs ?? null,
      best_epoch: ended?.bestEpoch ?? null,
      steps: ended?.steps ?? null,
      parameters: ended?.parameters ?? null,
      seconds: seconds.get(line.trial) ?? null,
      sha256: ended?.weightsSha256 ?? null,
      error: ended?.status === 'diverged' || ended?.status === 'failed' ? ended.reason : null,
      ...metricColumns(ended ?? { train: null, val: null, test: null }),
      ...(configured ? configOf(run) : shared),
      ...(line.fold === undefined ? {} : { fold: line.fold }),
      ...withoutClashes(flat(line.axes)),
    };
  });
  return { runs: runs.sort((a, b) => (String(a.run) < String(b.run) ? -1 : 1)), notes };
}

/** Sums the seconds of each trial over its rungs and the processes that trained it. */
function secondsOf(folder: string): Map<number, number> {
  const file = join(folder, SWEEP_FILES.times);
  const seconds = new Map<number, number>();
  if (!existsSync(file)) return seconds;
  for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
    const [trial, , time] = line.split(',').map(Number);
    if (Number.isFinite(time)) seconds.set(trial, (seconds.get(trial) ?? 0) + time);
  }
  return seconds;
}

/** Returns the metrics by the names of scores: val_loss, test_accuracy, … */
function metricColumns(result: Record<'train' | 'val' | 'test', Metrics | null>): ListedRun {
  const columns: Record<string, number> = {};
  for (const part of ['train', 'val', 'test'] as const) {
    for (const [metric, value] of Object.entries(result[part] ?? {})) columns[`${part}_${metric}`] = value;
  }
  return columns;
}

/** Reads the configuration of a run; empty where it has none or it is damaged. */
function configOf(folder: string): ListedRun {
  try {
    return withoutClashes(flat(parse(readFileSync(join(folder, RUN_FILES.config), 'utf8'))));
  } catch {
    return {};
  }
}

/** Returns the values of a configuration, lists as text: hidden 256+128. */
function flat(config: object): ListedRun {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null
        ? axisValueText(value)
        : (value as string | number | boolean),
    ]),
  );
}

/** Leaves out keys whose names are columns of their own: a run's epochs are those that it has trained. */
function withoutClashes(config: ListedRun): ListedRun {
  const taken: readonly string[] = RUN_COLUMNS;
  return Object.fromEntries(Object.entries(config).filter(([key]) => !taken.includes(key)));
}
