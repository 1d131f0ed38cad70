/**
 * Computes means and standard deviations of the training rows in float64 and in row order, so that they have
 * the same bits on every run, and whether the rows are in memory or not.
 */
import type { StoredArray } from './dataset.js';

/** Holds means and standard deviations, of each column or of all columns together. */
export interface Moments {
  readonly mean: Float64Array;
  /** The population standard deviation (divided by n, not n − 1), as in scikit-learn's StandardScaler. */
  readonly std: Float64Array;
}

/** Some rows of an array [·, width]. A source that is not in memory is visited stretch by stretch. */
export interface Stretch<T extends StoredArray | Float64Array = StoredArray> {
  readonly values: T;
  readonly rows: Uint32Array;
}

/** Computes what `columnMoments` does of one column of which no value is NaN. */
export function momentsOf(values: Float64Array): { readonly mean: number; readonly std: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) {
    const deviation = values[i] - mean;
    squares += deviation * deviation;
  }
  return { mean, std: Math.sqrt(squares / values.length) };
}

/** Computes mean and standard deviation of each column of values[·, width] over `rows`, leaving out NaN. */
export function columnMoments(values: StoredArray | Float64Array, width: number, rows: Uint32Array): Moments {
  return streamedColumnMoments(() => [{ values, rows }], width);
}

/** Computes what `columnMoments` does, in the same order, over stretches of rows; they are visited twice. */
export function streamedColumnMoments(
  stretches: () => Iterable<Stretch<StoredArray | Float64Array>>,
  width: number,
): Moments {
  const count = new Float64Array(width);
  const mean = new Float64Array(width);
  const std = new Float64Array(width);
  for (const stretch of stretches()) addValues(mean, count, stretch, width);
  for (let j = 0; j < width; j++) mean[j] /= count[j];
  for (const stretch of stretches()) addSquares(std, mean, stretch, width);
  for (let j = 0; j < width; j++) std[j] = Math.sqrt(std[j] / count[j]);
  return { mean, std };
}

function addValues(
  sum: Float64Array,
  count: Float64Array,
  { values, rows }: Stretch<StoredArray | Float64Array>,
  width: number,
): void {
  for (let r = 0; r < rows.length; r++) {
    const start = rows[r] * width;
    for (let j = 0; j < width; j++) {
      const value = values[start + j];
      if (!Number.isNaN(value)) {
        sum[j] += value;
        count[j]++;
      }
    }
  }
}

function addSquares(
  sum: Float64Array,
  mean: Float64Array,
  { values, rows }: Stretch<StoredArray | Float64Array>,
  width: number,
): void {
  for (let r = 0; r < rows.length; r++) {
    const start = rows[r] * width;
    for (let j = 0; j < width; j++) {
      const deviation = values[start + j] - mean[j];
      if (!Number.isNaN(deviation)) sum[j] += deviation * deviation;
    }
  }
}

/** Computes one mean and standard deviation over all columns together, as for the pixels of images. */
export function commonMoments(values: StoredArray, width: number, rows: Uint32Array): Moments {
  return streamedCommonMoments(() => [{ values, rows }], width);
}

/** Computes what `commonMoments` does, in the same order, over stretches of rows; they are visited twice. */
export function streamedCommonMoments(stretches: () => Iterable<Stretch>, width: number): Moments {
  let [count, sum, squares, bytes] = [0, 0, 0, true];
  const byteSums = { sum: 0, squares: 0 };
  for (const { values, rows } of stretches()) {
    count += rows.length * width;
    if (values instanceof Uint8Array) addBytes(byteSums, values, width, rows);
    else {
      bytes = false;
      sum = addedTo(sum, values, width, rows);
    }
  }
  if (bytes) return momentsOfBytes(byteSums, count);
  const mean = sum / count;
  for (const { values, rows } of stretches()) squares = addedSquares(squares, mean, values, width, rows);
  return { mean: Float64Array.of(mean), std: Float64Array.of(Math.sqrt(squares / count)) };
}

function addedTo(sum: number, values: StoredArray, width: number, rows: Uint32Array): number {
  let total = sum;
  for (let r = 0; r < rows.length; r++) {
    const start = rows[r] * width;
    for (let j = 0; j < width; j++) total += values[start + j];
  }
  return total;
}

function addedSquares(
  squares: number,
  mean: number,
  values: StoredArray,
  width: number,
  rows: Uint32Array,
): number {
  let total = squares;
  for (let r = 0; r < rows.length; r++) {
    const start = rows[r] * width;
    for (let j = 0; j < width; j++) {
      const deviation = values[start + j] - mean;
      total += deviation * deviation;
    }
  }
  return total;
}

/** Sums of bytes, and of their squares. They are exact. */
interface ByteSums {
  sum: number;
  squares: number;
}

/** Returns the moments of so many bytes. */
function momentsOfBytes({ sum, squares }: ByteSums, count: number): Moments {
  const variance = Number(BigInt(count) * BigInt(squares) - BigInt(sum) ** 2n) / (count * count);
  return { mean: Float64Array.of(sum / count), std: Float64Array.of(Math.sqrt(variance)) };
}

/**
 * Adds bytes up with integer sums. Consecutive rows are summed as one stretch of memory, four bytes at a
 * time; `ends` are the bytes before and after the aligned words.
 */
function addBytes(sums: ByteSums, values: Uint8Array, width: number, rows: Uint32Array): void {
  for (let first = 0, last = 0; first < rows.length; first = last) {
    for (last = first + 1; last < rows.length && rows[last] === rows[last - 1] + 1; ) last++;
    const bytes = values.subarray(rows[first] * width, (rows[last - 1] + 1) * width);
    const head = Math.min(bytes.length, -bytes.byteOffset & 3);
    const words = (bytes.length - head) >> 2;
    const ends = [
      [0, head],
      [head + 4 * words, bytes.length],
    ];
    for (const [from, to] of ends) {
      for (let i = from; i < to; i++) {
        sums.sum += bytes[i];
        sums.squares += bytes[i] * bytes[i];
      }
    }
    for (let block = 0; block < words; block += BLOCK) {
      const offset = bytes.byteOffset + head + 4 * block;
      const found = wordSums(new Int32Array(bytes.buffer, offset, Math.min(BLOCK, words - block)));
      sums.sum += found.sum;
      sums.squares += found.squares;
    }
  }
}

/**
 * Number of words that are summed in one int32. The squares of their bytes, at most 2^13 · 4 · 255², fit in
 * it.
 */
const BLOCK = 2 ** 13;

/** Sums the four bytes of each word and their squares. Zeros are skipped: most of an image is background. */
function wordSums(words: Int32Array): ByteSums {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === 0) continue;
    const a = word & 255;
    const b = (word >>> 8) & 255;
    const c = (word >>> 16) & 255;
    const d = word >>> 24;
    sum = (sum + a + b + c + d) | 0;
    squares = (squares + a * a + b * b + c * c + d * d) | 0;
  }
  return { sum, squares };
}
