/** Reads metrics.jsonl for a report: the epochs, and what the run said of itself. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { isSoundLine } from '../../lines.js';
import { partOf, readRegularText } from '../../regular.js';
import { RUN_FILES } from '../../run/folder.js';
import type { EpochEvent } from '../../train/events.js';

/** The parts of an epoch that a report draws; those of a refit have no validation. */
export type LoggedEpoch = Pick<EpochEvent, 'epoch' | 'train' | 'val' | 'lr' | 'seconds' | 'norms'> & {
  /** Whether it was the best epoch so far; those of a refit are not compared. */
  readonly best?: boolean;
};

/** The epochs of one training: of the run itself, of a member of a bag, of a fold, or of the refit. */
export interface LoggedCurve {
  readonly name: string;
  readonly kind: 'run' | 'member' | 'fold' | 'refit';
  readonly epochs: readonly LoggedEpoch[];
}

const startSchema = z.looseObject({
  dataset: z.string(),
  rows: z.looseObject({ train: z.number(), val: z.number(), test: z.number() }),
  widths: z.string(),
  parameters: z.number(),
  batch: z.number(),
  stepsPerEpoch: z.number(),
  notes: z.array(z.string()),
});

/** What a run said at its start. */
type LoggedStart = z.infer<typeof startSchema>;

/** What metrics.jsonl holds. */
export interface RunLog {
  readonly start: LoggedStart | null;
  readonly curves: readonly LoggedCurve[];
  /** Why so many workers trained, in the order in which it was decided. */
  readonly workers: readonly string[];
  /** What failed and was done again, such as the work of a worker that died. */
  readonly retries: readonly string[];
  /** Names the lines that were passed over. */
  readonly notes: readonly string[];
}

/** Damaged lines that are named one by one. */
const MOST_NAMED = 5;

type Line = Readonly<Record<string, unknown>>;

/** Reads what a run has logged. When it went on from a checkpoint, the later line of an epoch counts. */
export function readRunLog(folder: string): RunLog {
  const file = partOf(folder, RUN_FILES.metrics);
  const { lines, damaged } = readLines(file);
  const trainings = new Map<string, { kind: LoggedCurve['kind']; epochs: Map<number, LoggedEpoch> }>();
  let start: LoggedStart | null = null;
  const [workers, retries]: string[][] = [[], []];
  for (const { line, number } of lines) {
    if (line.type === 'start') {
      const parsed = startSchema.safeParse(line);
      if (parsed.success) start = parsed.data;
      else damaged.push(number);
    } else if (line.type === 'workers') {
      if (typeof line.why === 'string') workers.push(`${Number(line.workers)}: ${line.why}`);
    } else if (line.type === 'retry') {
      if (typeof line.message === 'string') retries.push(line.message);
    } else if (line.type === 'epoch' || line.type === 'refitEpoch') {
      if (!isEpoch(line)) damaged.push(number);
      else {
        const { kind, name } = trainingOf(line);
        const training = trainings.get(name) ?? { kind, epochs: new Map() };
        trainings.set(name, training);
        training.epochs.set(line.epoch, { ...line, val: line.val ?? null });
      }
    }
  }
  const curves = Array.from(trainings, ([name, { kind, epochs }]): LoggedCurve => {
    return { name, kind, epochs: [...epochs.values()].sort((a, b) => a.epoch - b.epoch) };
  });
  return { start, curves: curves.sort(byKind), workers, retries, notes: notesOf(file, damaged) };
}

function readLines(file: string): { lines: { line: Line; number: number }[]; damaged: number[] } {
  const damaged: number[] = [];
  const texts = existsSync(file) ? readRegularText(file).split('\n') : [];
  const lines = texts.flatMap((text, index) => {
    const wanted = /^\{("crc32":"[^"]*",)?"type":"(start|workers|retry|epoch|refitEpoch)"/.test(text);
    if (text === '' || (!wanted && isSound(text))) return [];
    const line = isSoundLine(text) ? parsed(text) : null;
    if (line === null) damaged.push(index + 1);
    return line === null ? [] : [{ line, number: index + 1 }];
  });
  return { lines, damaged };
}

/** Whether a line that a report has no use for is whole, as far as its ends show. */
const isSound = (text: string): boolean => isSoundLine(text) && text.endsWith('}');

function parsed(text: string): Line | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Line) : null;
  } catch {
    return null;
  }
}

const isMetrics = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((metric) => typeof metric === 'number' || metric === null);

const isNorm = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Line).layer === 'string' &&
  typeof (value as Line).weights === 'number' &&
  typeof (value as Line).gradient === 'number';

/** Whether a line has what is drawn of an epoch, checked by hand because there may be many thousands. */
function isEpoch(line: Line): line is Line & LoggedEpoch {
  const { epoch, train, val, lr, seconds, best, norms } = line;
  return (
    Number.isInteger(epoch) &&
    isMetrics(train) &&
    (val === null || val === undefined || isMetrics(val)) &&
    typeof lr === 'number' &&
    typeof seconds === 'number' &&
    (best === undefined || typeof best === 'boolean') &&
    (norms === undefined || (Array.isArray(norms) && norms.every(isNorm)))
  );
}

function trainingOf({ type, member, fold }: Line): Pick<LoggedCurve, 'name' | 'kind'> {
  if (type === 'refitEpoch') return { name: 'refit', kind: 'refit' };
  if (typeof member === 'number') return { name: `member ${member}`, kind: 'member' };
  if (typeof fold === 'number') return { name: `fold ${fold}`, kind: 'fold' };
  return { name: 'run', kind: 'run' };
}

const ORDER = ['run', 'member', 'fold', 'refit'];

const byKind = (a: LoggedCurve, b: LoggedCurve): number =>
  ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.name.localeCompare(b.name, 'en', { numeric: true });

function notesOf(file: string, damaged: readonly number[]): string[] {
  const named = [...damaged]
    .sort((a, b) => a - b)
    .slice(0, MOST_NAMED)
    .map((line) => `${file}:${line}: the line is damaged and was passed over`);
  const more = damaged.length - named.length;
  return more > 0 ? [...named, `${file}: ${more} more damaged lines were passed over`] : named;
}
