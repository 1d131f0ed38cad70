/** Sweeps: many trainings of different configurations, and which of them is best. */
import { join } from 'node:path';
import type { DataInMemory } from '../data/source.js';
import { sourceName } from '../data/source.js';
import { DataError, UsageError } from '../errors.js';
import { refuseNamedLibrary } from '../kernels/native/index.js';
import { sha256Of } from '../run/belonging.js';
import { keptBoard, refuseBoardAlone } from '../run/board.js';
import { lockFolder, lockNewFolder, whileLocked } from '../run/lock.js';
import type { TrainSources } from '../train/config.js';
import { ownFunctions, withOwnNames } from '../train/own.js';
import { defineSweep, hasRungs, type SweepDefinition, type SweepOptions } from './definition.js';
import type { SweepEvent } from './events.js';
import {
  createSweepFolder,
  definitionText,
  newSweepFolder,
  newSweepRecord,
  readSweep,
  refuseNoSweep,
  SWEEP_FILES,
  writeSweepRecord,
} from './folder.js';
import { refuseChange } from './growth.js';
import { refuseLibraries } from './libraries.js';
import { absoluteBase, prepareSweep } from './prepare.js';
import type { SweepResumeOptions, SweepRunOptions } from './runoptions.js';
import { runSweep } from './runsweep.js';
import { readTrialLines, TrialBook } from './triallines.js';

/**
 * Trains every configuration of a sweep with every seed and ranks them, as `gradpool sweep` does. The last
 * event has type 'end' and holds the leaderboard. It is a function of the options alone: neither the number
 * of trials at the same time nor interruptions change a bit of it.
 *
 * @param options the options that all trials share, the axes, and how to search
 * @param run where to write, and how many trials run at the same time
 * @throws UsageError for a configuration that is impossible, before the first trial; DataError for data that
 *   cannot be read and for a folder that cannot be written; with `failFast` DivergedError
 * @example
 * ```js
 * import { sweep } from 'gradpool';
 *
 * const base = { data: 'iris', hidden: [8], epochs: 5, val: 0.2 };
 * const axes = { lr: [0.1, 0.0001], optimizer: ['sgd', 'adam'] };
 * for await (const event of sweep({ base, axes, seeds: 2 }, { out: null })) {
 *   if (event.type === 'start') console.log(event.trials); // → 8
 *   if (event.type === 'end') console.log(event.leaderboard[0].axes.lr); // → 0.1
 * }
 * ```
 */
export async function* sweep(options: SweepOptions, run: SweepRunOptions = {}): AsyncGenerator<SweepEvent> {
  const started = new Date();
  const { base: inMemory } = options;
  const definition = asStored(defineSweep({ ...options, base: absoluteBase(inMemory) }));
  if (run.out === null) checkWithoutFolder(definition);
  refuseBoardAlone(definition.base.tensorboard, run.out === null ? null : '');
  const base = { ...definition.base, ...sourcesOf(inMemory), ...ownFunctions(inMemory) };
  const prepared = await prepareSweep(definition, base, { kernels: null, search: options.search });
  const folder = run.out === null ? null : newSweepFolder(run.out, prepared.first.data.name, started);
  const { planner, units } = prepared;
  const shared = units.folds && { folds: units.folds };
  const found = { kernels: planner.kernels, data: await prepared.data.fingerprints(), ...shared };
  const plain = newSweepRecord(definition, started, run.argv ?? [], found);
  const record =
    folder === null ? plain : { ...plain, definitionSha256: sha256Of(definitionText(folder, definition)) };
  const lock = folder === null ? null : lockNewFolder(folder, () => createSweepFolder(folder, record));
  yield* whileLocked(lock, runSweep(prepared, { folder, record, book: new TrialBook([]), run }));
}

/**
 * Continues a sweep: trials that have ended are not trained again, and those under way go on from their
 * checkpoints. The leaderboard comes out the same, byte for byte, as if the sweep had never stopped.
 *
 * @param folder the sweep's folder; its sweep.yaml may have grown since
 * @throws UsageError where the sweep has changed in another way than by growing, DataError where the folder
 *   is damaged or the data is not the data that the sweep began with
 * @example
 * ```js
 * import { resumeSweep, sweep } from 'gradpool';
 *
 * const options = { base: { data: 'iris', epochs: 3, val: 0.2 }, axes: { lr: [0.1, 0.01] } };
 * const abort = new AbortController();
 * for await (const event of sweep(options, { out: 'sweeps/rates', parallel: 1, signal: abort.signal })) {
 *   if (event.type === 'trialEnd') abort.abort();
 *   if (event.type === 'end') console.log(event.status); // → interrupted
 * }
 * for await (const event of resumeSweep('sweeps/rates')) {
 *   if (event.type === 'end') console.log(event.status, event.leaderboard.length); // → completed 2
 * }
 * ```
 */
export async function* resumeSweep(
  folder: string,
  options: SweepResumeOptions = {},
): AsyncGenerator<SweepEvent> {
  refuseNoSweep(folder);
  yield* whileLocked(lockFolder(folder), resumed(folder, options));
}

async function* resumed(folder: string, options: SweepResumeOptions): AsyncGenerator<SweepEvent> {
  const { record: read, given, definitionSha256, notes: changes } = readSweep(folder);
  const { leaderboardSha256, ...before } = read;
  refuseLibraries(given, folder, options.nativeLibrary);
  const library = before.kernels?.library?.path;
  if (library !== options.nativeLibrary) refuseNamedLibrary(library, `${folder}: its library`);
  const { tensorboard, boardNotes } = keptBoard(given.base.tensorboard, options.tensorboard, folder);
  const asked = tensorboard === undefined ? given.base : { ...given.base, tensorboard };
  const definition = asStored(defineSweep({ ...given, base: absoluteBase(asked) }));
  const file = join(folder, SWEEP_FILES.definition);
  aboutFile(file, () => refuseChange(file, before.definition, definition));
  const { lines, notes } = readTrialLines(folder);
  const base = { ...definition.base, ...sourcesOf(options), ...ownFunctions(options) };
  const prepared = await prepareSweep(definition, base, { kernels: before.kernels, search: options.search });
  const data = await prepared.data.fingerprints();
  if (!before.data.every((fingerprint) => data.includes(fingerprint))) {
    throw new DataError(
      `${folder}: the data is not the data that the sweep was begun with; a sweep goes on with the same data only`,
    );
  }
  const { kernels } = prepared.planner;
  const record = {
    ...before,
    definition,
    data,
    kernels,
    definitionSha256,
    status: 'running',
    ended: null,
    error: null,
  } as const;
  writeSweepRecord(folder, record);
  yield* runSweep(
    { ...prepared, notes: [...prepared.notes, ...boardNotes, ...changes, ...notes] },
    { folder, record, book: new TrialBook(lines), run: options },
  );
}

/** Does what may throw a UsageError, which then names the file. */
function aboutFile(file: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof UsageError) || error.message.startsWith(file)) throw error;
    throw new UsageError(`${file}: ${error.message}`);
  }
}

/** Throws UsageError for what a sweep that writes nothing cannot do. */
function checkWithoutFolder({ search, refit }: SweepDefinition): void {
  if (hasRungs(search)) {
    throw new UsageError(
      `search ${search} goes on from checkpoints, so the sweep needs a folder: leave out null, or take another search`,
    );
  }
  if (refit) throw new UsageError('refit writes a run, so the sweep needs a folder: leave out null or refit');
}

/** Returns the sources of the options that are tables in memory. */
function sourcesOf({ data, val, test }: Partial<TrainSources>): Partial<TrainSources> {
  const inMemory = Object.entries({ data, val, test }).filter(([, source]) => typeof source === 'object');
  return Object.fromEntries(inMemory);
}

/**
 * Returns a definition as a file holds it: names in the place of functions and of data in memory, nothing
 * undefined.
 */
function asStored(definition: SweepDefinition): SweepDefinition {
  const inMemory = Object.entries(sourcesOf(definition.base)).map(([key, source]) => [
    key,
    sourceName(source as DataInMemory),
  ]);
  const base = withOwnNames({ ...definition.base, ...Object.fromEntries(inMemory) });
  return JSON.parse(JSON.stringify({ ...definition, base })) as SweepDefinition;
}
