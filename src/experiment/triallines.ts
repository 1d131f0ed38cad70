/**
 * trials.jsonl: a line for each trial that begins, and one for each that ends or reaches the end of a rung.
 */
import { closeSync, constants, existsSync, fsyncSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { DataError } from '../errors.js';
import type { Metrics } from '../forward/metrics.js';
import { describeIssue } from '../issues.js';
import { checkedLine, isCut, isSoundLine, jsonLines } from '../lines.js';
import { whole } from '../optim/hyper.js';
import { openForAppending, partOf, readRegularText } from '../regular.js';
import { digest, metricsSchema } from '../run/resultformat.js';
import { refuseNewer, type ShapeOf, type StoredFormat, versionKey } from '../stored.js';
import { SWEEP_FILES } from './folder.js';
import { assignmentSchema } from './searches/axes.js';
import { type Assignment, trialKey } from './searches/space.js';
import type { Unit } from './units.js';

/** A training of a configuration with a seed, on a fold where there are folds. */
export interface TrialIdentity {
  /** Counted from 1; the name of its folder. */
  readonly trial: number;
  readonly axes: Assignment;
  readonly seed: number;
  /** The fold of a cross-validation, counted from 1 through all repetitions; absent without one. */
  readonly fold?: number;
}

/** What came of a trial, up to an epoch. */
export interface TrialResult extends TrialIdentity {
  /** The epoch up to which it was to be trained: that of its rung, or the last. */
  readonly epochs: number;
  /** 'diverged' where a loss or gradient was not finite, 'failed' where the configuration was impossible. */
  readonly status: 'completed' | 'early-stopped' | 'diverged' | 'failed';
  /** Why it ended. */
  readonly reason: string;
  readonly bestEpoch: number | null;
  readonly steps: number | null;
  readonly parameters: number | null;
  readonly train: Metrics | null;
  readonly val: Metrics | null;
  readonly test: Metrics | null;
  readonly weightsSha256: string | null;
}

/** Whether a trial ended without a score. */
export const hasFailed = ({ status }: TrialResult): boolean => status === 'diverged' || status === 'failed';

/** A line of trials.jsonl. */
export type TrialLine = (TrialIdentity & { readonly status: 'begun' }) | TrialResult;

const VERSION = 1;
const counted = z.int().min(1);
const IDENTITY = {
  trial: counted.describe('its number, counted from 1, and the name of its folder'),
  axes: assignmentSchema.describe('the value of each axis'),
  seed: whole(0).describe('the seed'),
  fold: counted.exactOptional().describe('the fold, counted from 1, where there are folds'),
} satisfies ShapeOf<TrialIdentity>;

const begun = z.looseObject({
  ...IDENTITY,
  status: z.literal('begun').describe('the trial begins'),
  formatVersion: versionKey(VERSION),
});

const ended = z.looseObject({
  ...IDENTITY,
  epochs: counted.describe('the epoch up to which it was to be trained'),
  status: z
    .enum(['completed', 'early-stopped', 'diverged', 'failed'])
    .describe('how it ended, or how its rung did'),
  reason: z.string().describe('why it ended'),
  bestEpoch: counted.nullable().describe('epoch with the least loss'),
  steps: whole(0).nullable().describe('steps done'),
  parameters: whole(0).nullable().describe('number of weights and biases'),
  train: metricsSchema.nullable().describe('metrics on the training rows'),
  val: metricsSchema.nullable().describe('metrics on the validation rows'),
  test: metricsSchema.nullable().describe('metrics on the test rows'),
  weightsSha256: digest.nullable().describe('SHA-256 of the final weights'),
} satisfies ShapeOf<TrialResult>);

export const TRIALS_FORMAT = {
  version: VERSION,
  schema: z.discriminatedUnion('status', [begun, ended]),
  remedy: 'its trial is trained again',
} as const satisfies StoredFormat;

/**
 * Reads the lines of a sweep. A damaged line is passed over, and a note names it.
 * @throws DataError for a line of a newer version
 */
export function readTrialLines(folder: string): { lines: TrialLine[]; notes: string[] } {
  return parsedLines(folder, (texts) => texts);
}

/**
 * Reads the last line of each trial. Lines that a later one of the same trial makes obsolete are not parsed,
 * which with tens of thousands of trials takes half of the time.
 */
export function readLastTrialLines(folder: string): { lines: TrialLine[]; notes: string[] } {
  const { lines, notes } = parsedLines(folder, (texts) => {
    const last = new Map<string, number>();
    const trials = texts.map((text) =>
      isSoundLine(text, UNCHECKED) && text.endsWith('}') ? TRIAL.exec(text)?.[1] : undefined,
    );
    for (const [index, trial] of trials.entries()) if (trial !== undefined) last.set(trial, index);
    return texts.map((text, index) => {
      const trial = trials[index];
      return trial === undefined || last.get(trial) === index ? text : '';
    });
  });
  return { lines: [...new Map(lines.map((line) => [line.trial, line])).values()], notes };
}

/** How a line begins that gradpool has written. */
const TRIAL = /^\{(?:"crc32":"[0-9a-f]{8}",)?(?:"formatVersion":\d+,)?"trial":(\d+),/;
/** How a line begins that a version before 0.2 has written, without a checksum. */
const UNCHECKED = /^\{"(?:formatVersion|trial)":/;

/** Parses the lines that `choose` leaves; those that it empties are passed over. */
function parsedLines(
  folder: string,
  choose: (texts: readonly string[]) => readonly string[],
): { lines: TrialLine[]; notes: string[] } {
  const file = partOf(folder, SWEEP_FILES.trials);
  const notes: string[] = [];
  if (!existsSync(file)) return { lines: [], notes };
  const { version, schema, remedy } = TRIALS_FORMAT;
  const lines = jsonLines(choose(readRegularText(file).split('\n')).join('\n')).flatMap(
    ({ number, text, value }): TrialLine[] => {
      const place = `${file}:${number}`;
      refuseNewer(version, value, place);
      const line = schema.safeParse(value);
      const sound = isSoundLine(text, UNCHECKED);
      if (line.success && sound) return [withoutChecksum(line.data)];
      const issue = line.success
        ? 'its checksum does not match'
        : describeIssue(line.error.issues[0], value, []);
      const why = value === undefined ? '' : ` (${issue})`;
      notes.push(`${place}: the line is damaged${why} and was passed over; ${remedy}`);
      return [];
    },
  );
  return { lines, notes };
}

const withoutChecksum = ({ crc32, ...line }: z.output<typeof begun> | z.output<typeof ended>): TrialLine =>
  line as TrialLine;

/**
 * Appends lines and forces them to the disk. Where a kill has cut the last line short, they begin on a line
 * of their own.
 */
export function appendTrialLines(folder: string, lines: readonly TrialLine[]): void {
  const path = partOf(folder, SWEEP_FILES.trials);
  const text = lines.map((line) => `${checkedLine(JSON.stringify(versioned(line)))}\n`).join('');
  try {
    const file = openForAppending(path, constants.O_RDWR);
    try {
      writeSync(file, (isCut(file) ? '\n' : '') + text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

/** Adds the format's version to the line of a trial that begins. */
const versioned = (line: TrialLine): object =>
  line.status === 'begun' ? { formatVersion: VERSION, ...line } : line;

/** What is known of a sweep's trials: their numbers and results. */
export class TrialBook {
  readonly #numbers = new Map<string, number>();
  readonly #results = new Map<string, Map<number, TrialResult>>();
  #next = 1;

  constructor(lines: readonly TrialLine[]) {
    for (const line of lines) {
      this.#numbers.set(trialKey(line.axes, line), line.trial);
      this.#next = Math.max(this.#next, line.trial + 1);
      if (line.status !== 'begun') this.add(line);
    }
  }

  /** Returns a trial with its number, and whether the number is new; new ones pass over those `taken`. */
  identify(
    axes: Assignment,
    unit: Unit,
    taken: ReadonlySet<number>,
  ): { trial: TrialIdentity; fresh: boolean } {
    const key = trialKey(axes, unit);
    const known = this.#numbers.get(key);
    if (known !== undefined) return { trial: { trial: known, axes, ...unit }, fresh: false };
    while (taken.has(this.#next)) this.#next++;
    const trial = this.#next++;
    this.#numbers.set(key, trial);
    return { trial: { trial, axes, ...unit }, fresh: true };
  }

  add(result: TrialResult): void {
    const key = trialKey(result.axes, result);
    const byEpochs = this.#results.get(key) ?? new Map<number, TrialResult>();
    this.#results.set(key, byEpochs.set(result.epochs, result));
  }

  /** Returns what came of a trial up to an epoch, or null; a trial that diverged before then has diverged. */
  at(axes: Assignment, unit: Unit, epochs: number | 'all'): TrialResult | null {
    if (epochs === 'all') return this.last(axes, unit);
    return this.#results.get(trialKey(axes, unit))?.get(epochs) ?? null;
  }

  /** Returns what came of a trial up to the last epoch that it was trained to, or null. */
  last(axes: Assignment, unit: Unit): TrialResult | null {
    const results = [...(this.#results.get(trialKey(axes, unit))?.values() ?? [])];
    return results.reduce<TrialResult | null>(
      (last, result) => (last === null || result.epochs > last.epochs ? result : last),
      null,
    );
  }
}
