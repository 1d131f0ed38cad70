/**
 * Scores rows among which the values of one column are permuted, which takes from it what it says of a row.
 */
import type { Subset } from '../data/dataset.js';
import { allocate, elementTypeOf } from '../data/elements.js';
import type { RawFeature } from '../data/schema.js';
import { allRows } from '../data/split.js';
import { allocateWindow, RecordReader } from '../data/stream/records.js';
import type { ScoreSums } from './importancemetrics.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import { scoreRows } from './scores.js';

/** Copies the rows of a subset, so that values in them may be changed. */
export function copyRows({ dataset, rows }: Subset): Subset {
  const { numberWidth, codeWidth, targetWidth } = dataset;
  const { numbers, codes } = allocateWindow(dataset, rows.length);
  if (dataset.stored) new RecordReader(dataset).copyRows({ numbers, codes }, 0, rows, 0, rows.length);
  const targets = allocate(elementTypeOf(dataset.targets), rows.length * targetWidth);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!dataset.stored) {
      numbers.set(dataset.numbers.subarray(row * numberWidth, (row + 1) * numberWidth), i * numberWidth);
      codes.set(dataset.codes.subarray(row * codeWidth, (row + 1) * codeWidth), i * codeWidth);
    }
    targets.set(dataset.targets.subarray(row * targetWidth, (row + 1) * targetWidth), i * targetWidth);
  }
  const copied = { rows: rows.length, numbers, numberWidth, codes, codeWidth, targets, targetWidth };
  return { dataset: copied, rows: allRows(rows.length) };
}

/**
 * Gives the rows of `into` all features of a column from other rows of `from`: row i gets those of row
 * `donors[i]`. Everything that was made of the column moves together.
 */
export function takeFeatures(
  into: Subset,
  from: Subset,
  { numbers, codes }: RawFeature,
  donors: ArrayLike<number>,
): void {
  const { numberWidth, codeWidth, rows } = into.dataset;
  for (const j of numbers) {
    for (let i = 0; i < rows; i++) {
      into.dataset.numbers[i * numberWidth + j] = from.dataset.numbers[donors[i] * numberWidth + j];
    }
  }
  for (const c of codes) {
    for (let i = 0; i < rows; i++) {
      into.dataset.codes[i * codeWidth + c] = from.dataset.codes[donors[i] * codeWidth + c];
    }
  }
}

/** Scores one set of rows with one column or another permuted. */
export class ShuffledScorer {
  readonly #rows: Subset;
  readonly #changed: Subset;
  readonly #own: Uint32Array;

  constructor(
    private readonly model: ReadModel,
    private readonly runner: Runner,
    subset: Subset,
    private readonly source: string,
  ) {
    this.#rows = copyRows(subset);
    this.#changed = copyRows(subset);
    this.#own = this.#rows.rows;
  }

  /** Scores the rows as they are. */
  baseline(): ScoreSums {
    return scoreRows(this.model, this.runner, this.#rows, this.source);
  }

  /** Scores the rows with the column's values in another order: row i has the values of row `order[i]`. */
  shuffled(column: RawFeature, order: Uint32Array): ScoreSums {
    takeFeatures(this.#changed, this.#rows, column, order);
    const sums = scoreRows(this.model, this.runner, this.#changed, this.source);
    takeFeatures(this.#changed, this.#rows, column, this.#own);
    return sums;
  }
}
