/** Lists runs and the trials of sweeps: one flat record each, by the files that they keep. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import type { Metrics } from '../../forward/metrics.js';
import { partOf, readRegularText } from '../../regular.js';
import { RUN_FILES, readRecord } from '../../run/folder.js';
import { parseYaml } from '../../yamltext.js';
import { isSweep, readSweep, SWEEP_FILES, trialFolder, trialPart } from '../folder.js';
import { axisValueText } from '../searches/space.js';
import { readLastTrialLines, type TrialLine } from '../triallines.js';

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
  const row: Record<string, ListedRun[string]> = {
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
  };
  if (result) addMetrics(row, result);
  return configured ? { ...row, ...configOf(folder) } : row;
}

/** Returns the trials of a sweep, each by its last line. */
function trialsOf(folder: string, configured: boolean): Listing {
  const { record, given } = readSweep(folder);
  const { lines, notes } = readLastTrialLines(folder);
  const shared = configured ? null : withoutClashes(flat(given.base));
  const seconds = secondsOf(folder);
  const interrupted = record.status === 'running' ? 'running' : 'interrupted';
  const runs = lines.map((line: TrialLine): ListedRun => {
    const ended = line.status === 'begun' ? null : line;
    const run = join(folder, trialPart(line.trial));
    const failed = ended?.status === 'diverged' || ended?.status === 'failed';
    const row: Record<string, ListedRun[string]> = {
      run,
      kind: 'trial',
      status: ended?.status ?? interrupted,
      started: record.started,
      seed: line.seed,
      epochs: ended?.epochs ?? null,
      best_epoch: ended?.bestEpoch ?? null,
      steps: ended?.steps ?? null,
      parameters: ended?.parameters ?? null,
      seconds: seconds.get(line.trial) ?? null,
      sha256: ended?.weightsSha256 ?? null,
      error: failed ? ended.reason : null,
    };
    if (line.fold !== undefined) row.fold = line.fold;
    if (ended) addMetrics(row, ended);
    Object.assign(row, shared ?? configOf(trialFolder(folder, line.trial)));
    for (const [path, value] of Object.entries(line.axes)) if (!isTaken(path)) row[path] = cellOf(value);
    return row;
  });
  return { runs: runs.sort((a, b) => (String(a.run) < String(b.run) ? -1 : 1)), notes };
}

/** Sums the seconds of each trial over its rungs and the processes that trained it. */
function secondsOf(folder: string): Map<number, number> {
  const file = partOf(folder, SWEEP_FILES.times);
  const seconds = new Map<number, number>();
  if (!existsSync(file)) return seconds;
  for (const [, trial, time] of readRegularText(file).matchAll(/^(\d+),\d+,([\d.e+-]+),/gm)) {
    seconds.set(Number(trial), (seconds.get(Number(trial)) ?? 0) + Number(time));
  }
  return seconds;
}

/** Adds the metrics by the names of scores: val_loss, test_accuracy, … */
function addMetrics(
  row: Record<string, ListedRun[string]>,
  result: Record<'train' | 'val' | 'test', Metrics | null>,
): void {
  for (const part of ['train', 'val', 'test'] as const) {
    const metrics = result[part];
    for (const name in metrics) row[`${part}_${name}`] = metrics[name as keyof Metrics]!;
  }
}

/** Reads the configuration of a run; empty where it has none or it is damaged. */
function configOf(folder: string): ListedRun {
  try {
    const file = partOf(folder, RUN_FILES.config);
    return withoutClashes(flat(parseYaml(readRegularText(file), file) as object));
  } catch {
    return {};
  }
}

/** Returns the values of a configuration, lists as text: hidden 256+128. */
function flat(config: object): ListedRun {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, cellOf(value)]));
}

const cellOf = (value: unknown): ListedRun[string] =>
  typeof value === 'object' && value !== null
    ? axisValueText(value)
    : (value as string | number | boolean | null);

/** Leaves out keys whose names are columns of their own: a run's epochs are those that it has trained. */
function withoutClashes(config: ListedRun): ListedRun {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !isTaken(key)));
}

const isTaken = (key: string): boolean => (RUN_COLUMNS as readonly string[]).includes(key);
