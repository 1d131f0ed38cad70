/** The events that a run has recorded, and how those of another training are compared with them. */
import { isDeepStrictEqual } from 'node:util';
import type { TrainEvent, TrainResult } from '../train/events.js';
import type { RunRecord } from './folder.js';
import { readMetrics } from './metricsfile.js';

/** The events of a run, by which a training that repeats it is judged. */
export interface Reference {
  /** Ends of epochs, members and folds, by `keyOf`. */
  readonly events: ReadonlyMap<string, TrainEvent>;
  /** The result; null where the run has not ended. */
  readonly result: TrainResult | null;
  /** Workers of the run's last steps; null where it does not say. */
  readonly workers: number | null;
}

/** The keys that are compared; others, such as times, differ from run to run. */
const COMPARED: Readonly<Record<string, readonly string[]>> = {
  epoch: ['step', 'train', 'val', 'lr', 'best', 'norms'],
  refitEpoch: ['step', 'train', 'lr'],
  member: ['seed', 'status', 'epochs', 'bestEpoch', 'val', 'weightsSha256'],
  fold: ['rows', 'status', 'epochs', 'bestEpoch', 'held', 'weightsSha256'],
  end: ['status', 'epochs', 'steps', 'bestEpoch', 'train', 'val', 'test', 'weightsSha256'],
};

/** What an error calls the keys. */
const WORDS: Readonly<Record<string, string>> = {
  train: 'training metrics',
  val: 'validation metrics',
  test: 'test metrics',
  held: 'metrics on the held-out rows',
  lr: 'learning rate',
  norms: 'norms of weights and gradient',
  weightsSha256: 'weights (SHA-256)',
  best: 'choice of the best epoch',
  bestEpoch: 'best epoch',
};

/** Reads what a run has left. Epochs that were trained twice, by a run that went on, count once. */
export function readReference(folder: string, { result, status }: RunRecord): Reference {
  const { events } = readMetrics(folder);
  const ended = events.flatMap((event): [string, TrainEvent][] => {
    const key = keyOf(event);
    return key === null || event.type === 'end' ? [] : [[key, event]];
  });
  const complete = status === 'completed' || status === 'early-stopped';
  const workers = events.findLast((event) => event.type === 'workers')?.workers;
  return {
    events: new Map(ended),
    result: complete ? result : null,
    workers: result?.workers ?? workers ?? null,
  };
}

/** Returns what tells an event from others of its type; null where it has nothing to compare. */
export function keyOf(event: TrainEvent): string | null {
  if (event.type === 'epoch') return `epoch ${event.member ?? event.fold ?? 0} ${event.epoch}`;
  if (event.type === 'refitEpoch') return `refit ${event.epoch}`;
  if (event.type === 'member') return `member ${event.member}`;
  if (event.type === 'fold') return `fold ${event.fold}`;
  return event.type === 'end' ? 'end' : null;
}

/** Says where and how an event differs from the run's; null where it does not. */
export function eventDifference(event: TrainEvent, recorded: object): string | null {
  const [found, before] = [event, recorded].map(plain);
  // Files of older versions lack some keys.
  const keys = COMPARED[event.type].filter((key) => key in found && key in before);
  const differing = keys.find((key) => !isDeepStrictEqual(found[key], before[key]));
  if (differing === undefined) return null;
  const values = [before, found].map((each) => JSON.stringify(each[differing]));
  return `${placeOf(event)}: ${WORDS[differing] ?? differing}: the run has ${values[0]}, trained again ${values[1]}`;
}

/** Returns a value as a JSON file gives it back. */
export const plain = (value: object): Record<string, unknown> => JSON.parse(JSON.stringify(value));

function placeOf(event: TrainEvent): string {
  if (event.type === 'epoch') {
    const { member, fold, epoch, step } = event;
    const of = member !== undefined ? `member ${member}, ` : fold !== undefined ? `fold ${fold}, ` : '';
    return `${of}epoch ${epoch} (step ${step})`;
  }
  if (event.type === 'refitEpoch') return `refit, epoch ${event.epoch}`;
  return event.type === 'member' || event.type === 'fold' ? keyOf(event)! : 'the result';
}
