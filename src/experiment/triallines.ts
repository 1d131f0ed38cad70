/**
 * trials.jsonl: a line for each trial that begins, and one for each that ends or reaches the end of a rung.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../errors.js';
import type { Metrics } from '../forward/metrics.js';
import { SWEEP_FILES } from './folder.js';
import { type Assignment, trialKey } from './searches/space.js';

/** A training of a configuration with a seed. */
export interface TrialIdentity {
  /** Counted from 1; the name of its folder. */
  readonly trial: number;
  readonly axes: Assignment;
  readonly seed: number;
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

const ENDINGS: readonly unknown[] = ['completed', 'early-stopped', 'diverged', 'failed'];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether what was read is a line, checked by hand because a sweep may have tens of thousands. */
function isTrialLine(value: unknown): value is TrialLine {
  if (!isObject(value) || !isObject(value.axes)) return false;
  if (!Number.isInteger(value.trial) || !Number.isInteger(value.seed)) return false;
  if (value.status === 'begun') return true;
  const { epochs, status, reason, weightsSha256 } = value;
  return (
    ENDINGS.includes(status) &&
    Number.isInteger(epochs) &&
    typeof reason === 'string' &&
    (weightsSha256 === null || typeof weightsSha256 === 'string') &&
    [value.train, value.val, value.test].every(
      (metrics) => metrics === null || (isObject(metrics) && typeof metrics.loss === 'number'),
    )
  );
}

/** Reads the lines of a sweep. A damaged line is passed over, and a note names it. */
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
    const trials = texts.map((text) => (text.endsWith('}') ? TRIAL.exec(text)?.[1] : undefined));
    for (const [index, trial] of trials.entries()) if (trial !== undefined) last.set(trial, index);
    return texts.map((text, index) => {
      const trial = trials[index];
      return trial === undefined || last.get(trial) === index ? text : '';
    });
  });
  return { lines: [...new Map(lines.map((line) => [line.trial, line])).values()], notes };
}

/** How a line begins that gradpool has written. */
const TRIAL = /^\{"trial":(\d+),/;

/** Parses the lines that `choose` leaves; those that it empties are passed over. */
function parsedLines(
  folder: string,
  choose: (texts: readonly string[]) => readonly string[],
): { lines: TrialLine[]; notes: string[] } {
  const file = join(folder, SWEEP_FILES.trials);
  const notes: string[] = [];
  if (!existsSync(file)) return { lines: [], notes };
  const texts = choose(readFileSync(file, 'utf8').split('\n'));
  const lines = texts.flatMap((text, index) => {
    if (text === '') return [];
    const line = lineIn(text);
    if (line === null) {
      notes.push(`${file}:${index + 1}: the line is damaged and was passed over; its trial is trained again`);
    }
    return line === null ? [] : [line];
  });
  return { lines, notes };
}

function lineIn(text: string): TrialLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return isTrialLine(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Appends lines and forces them to the disk. Where a kill has cut the last line short, they begin on a line
 * of their own.
 */
export function appendTrialLines(folder: string, lines: readonly TrialLine[]): void {
  const path = join(folder, SWEEP_FILES.trials);
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  try {
    const file = openSync(path, 'a+');
    try {
      writeSync(file, (isCut(file) ? '\n' : '') + text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new DataError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

/** Whether a file ends within a line; its last byte says so. */
function isCut(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}

/** What is known of a sweep's trials: their numbers and results. */
export class TrialBook {
  readonly #numbers = new Map<string, number>();
  readonly #results = new Map<string, Map<number, TrialResult>>();
  #next = 1;

  constructor(lines: readonly TrialLine[]) {
    for (const line of lines) {
      this.#numbers.set(trialKey(line.axes, line.seed), line.trial);
      this.#next = Math.max(this.#next, line.trial + 1);
      if (line.status !== 'begun') this.add(line);
    }
  }

  /** Returns a trial with its number, and whether the number is new; new ones pass over those `taken`. */
  identify(
    axes: Assignment,
    seed: number,
    taken: ReadonlySet<number>,
  ): { trial: TrialIdentity; fresh: boolean } {
    const key = trialKey(axes, seed);
    const known = this.#numbers.get(key);
    if (known !== undefined) return { trial: { trial: known, axes, seed }, fresh: false };
    while (taken.has(this.#next)) this.#next++;
    const trial = this.#next++;
    this.#numbers.set(key, trial);
    return { trial: { trial, axes, seed }, fresh: true };
  }

  add(result: TrialResult): void {
    const key = trialKey(result.axes, result.seed);
    const byEpochs = this.#results.get(key) ?? new Map<number, TrialResult>();
    this.#results.set(key, byEpochs.set(result.epochs, result));
  }

  /** Returns what came of a trial up to an epoch, or null; a trial that diverged before then has diverged. */
  at(axes: Assignment, seed: number, epochs: number | 'all'): TrialResult | null {
    if (epochs === 'all') return this.last(axes, seed);
    return this.#results.get(trialKey(axes, seed))?.get(epochs) ?? null;
  }

  /** Returns what came of a trial up to the last epoch that it was trained to, or null. */
  last(axes: Assignment, seed: number): TrialResult | null {
    const results = [...(this.#results.get(trialKey(axes, seed))?.values() ?? [])];
    return results.reduce<TrialResult | null>(
      (last, result) => (last === null || result.epochs > last.epochs ? result : last),
      null,
    );
  }
}
