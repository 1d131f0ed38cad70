/** Writes a training's history as event files, which TensorBoard draws while the training goes on. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { shellPath } from '../data/words.js';
import { UsageError } from '../errors.js';
import type { Metrics } from '../forward/metrics.js';
import type { EventFile, HParamValue } from '../tensorboard/eventfile.js';
import type { TrainConfig } from '../train/config.js';
import type { TrainEvent } from '../train/events.js';
import { RUN_FILES } from './folder.js';
import type { Session } from './session.js';

type Place = TrainConfig['tensorboard'];

/** Returns the folder of a run's event files; null where none are written. */
function boardFolder(tensorboard: Place, folder: string | null): string | null {
  if (folder === null || tensorboard === false) return null;
  if (tensorboard === true) return join(folder, RUN_FILES.board);
  return join(tensorboard, basename(resolve(folder)));
}

/**
 * Returns the key `tensorboard` for the parts of a run or sweep, whose event files lie below its own: members
 * of a bag, trials, a refit.
 */
export function boardOfParts(tensorboard: Place, folder: string | null): Place {
  return typeof tensorboard === 'string' && folder !== null
    ? join(tensorboard, basename(resolve(folder)))
    : tensorboard;
}

/**
 * Returns the key `tensorboard` as a folder that may come from anybody has stored it, and a note where it is
 * not kept: a place outside of the folder is written to only if event files of this run are there already, or
 * the command line names it.
 */
export function keptBoard<Stored extends Place | undefined>(
  stored: Stored,
  given: Place | undefined,
  folder: string,
): { readonly tensorboard: Stored | Place; readonly boardNotes: readonly string[] } {
  if (given !== undefined)
    return { tensorboard: typeof given === 'string' ? resolve(given) : given, boardNotes: [] };
  const place = boardFolder(stored ?? false, folder);
  if (typeof stored !== 'string' || place === null || existsSync(place))
    return { tensorboard: stored, boardNotes: [] };
  const note = `tensorboard: there are no event files of this run in ${place}, so they are written below ${folder}; --tensorboard=${shellPath(stored)} writes them there`;
  return { tensorboard: true, boardNotes: [note] };
}

/** Throws UsageError where event files are wanted of a training that writes nothing. */
export function refuseBoardAlone(tensorboard: Place | undefined, folder: string | null): void {
  if (folder !== null || tensorboard === undefined || tensorboard === false) return;
  throw new UsageError(
    'tensorboard: event files are named after the folder of the run, and with out null there is none: leave out one of the two',
  );
}

/** The event file of a session, as far as it can be written. */
interface Board {
  /** What writes event files, loaded where they are wanted. */
  readonly to: typeof import('../tensorboard/eventfile.js');
  readonly folder: string;
  readonly step: number;
  readonly hparams: Readonly<Record<string, HParamValue>> | undefined;
  /** Whether the charts are written that show training and validation together. */
  charted: boolean;
  file: EventFile | null;
  broken: boolean;
}

/**
 * Passes on the events of a session, and writes them as event files where its configuration asks for it. What
 * cannot be written is left out, and one event says so: the training goes on.
 */
export async function* withBoard(
  { trainer, folder, hparams }: Session,
  events: AsyncIterable<TrainEvent>,
): AsyncGenerator<TrainEvent> {
  const place = boardFolder(trainer.plan.config.tensorboard, folder);
  if (place === null) {
    yield* events;
    return;
  }
  const { step } = trainer.state;
  const to = await import('../tensorboard/eventfile.js');
  const board: Board = { to, folder: place, step, hparams, charted: false, file: null, broken: false };
  try {
    for await (const event of events) {
      const failure = write(board, (file) => record(board, file, event));
      yield event;
      if (failure !== null) yield { type: 'note', message: failure };
    }
  } catch (error) {
    if (hparams) write(board, (file) => board.to.appendHParamsEnd(file, false));
    throw error;
  } finally {
    if (board.file) board.to.closeEventFile(board.file);
  }
}

/** Writes to the event file, which is opened the first time. Returns why it failed, once. */
function write(board: Board, append: (file: EventFile) => void): string | null {
  if (board.broken) return null;
  try {
    board.file ??= opened(board);
    append(board.file);
    return null;
  } catch (error) {
    board.broken = true;
    return `tensorboard: no more event files are written to ${board.folder} (${(error as Error).message}); the training goes on`;
  }
}

function opened(board: Board): EventFile {
  const { folder, step, hparams } = board;
  const file = board.to.openEventFile(folder, step);
  if (hparams) board.to.appendHParams(file, basename(folder), hparams);
  return file;
}

/** Writes what an event says. An epoch is written before the checkpoint that no longer repeats it. */
function record(board: Board, file: EventFile, event: TrainEvent): void {
  if (event.type === 'epoch') {
    const { step, train, val, lr, samplesPerSecond } = event;
    if (!board.charted) board.to.appendCharts(file, chartsOf(train));
    board.charted = true;
    board.to.appendScalars(file, step, {
      ...tagged(train, 'train'),
      ...tagged(val, 'val'),
      learning_rate: lr,
      samples_per_second: samplesPerSecond,
    });
  }
  if (event.type !== 'end' || event.status === 'interrupted') return;
  if (event.test) board.to.appendScalars(file, event.steps, tagged(event.test, 'test'));
  if (board.hparams) board.to.appendHParamsEnd(file, true);
}

/** Returns charts of TensorBoard's custom scalars, each of which shows training and validation together. */
const chartsOf = (metrics: Metrics): Record<string, string> =>
  Object.fromEntries(Object.keys(metrics).map((metric) => [metric, `^${metric}/(train|val)$`]));

/** Names metrics by what they are and the rows they are of: loss/train beside loss/val. */
function tagged(metrics: Metrics | null, part: 'train' | 'val' | 'test'): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics ?? {}).map(([metric, value]) => [`${metric}/${part}`, value as number]),
  );
}
