/**
 * Rows of a dataset that lie on disk rather than in memory: records of one length, each the row's numbers in
 * their stored type and then its category codes, in files of equally many rows.
 */
import { closeSync } from 'node:fs';
import { DataError } from '../../errors.js';
import { openRegular } from '../../regular.js';
import type { Inputs, StoredArray, StoredRows } from '../dataset.js';
import { allocate, elementTypeOf } from '../elements.js';
import { readAt } from '../files.js';
import { storedBytes } from './shardfile.js';

/** Returns the bytes of the numbers of a record, and those of its codes, which follow them. */
function recordParts({ numbers, numberWidth, codeWidth }: Omit<Inputs, 'codes'>) {
  return { numbers: numberWidth * numbers.BYTES_PER_ELEMENT, codes: 2 * codeWidth };
}

/** Returns the bytes of a record. */
export function recordBytes(inputs: Omit<Inputs, 'codes'>): number {
  const { numbers, codes } = recordParts(inputs);
  return numbers + codes;
}

/** The inputs of some rows in memory, row after row. */
export interface RowWindow {
  /** [capacity, numberWidth] */
  readonly numbers: StoredArray;
  /** [capacity, codeWidth] */
  readonly codes: Uint16Array<SharedArrayBuffer>;
}

/** Allocates a window of so many rows. */
export function allocateWindow({ numbers, numberWidth, codeWidth }: Inputs, rows: number): RowWindow {
  return {
    numbers: allocate(elementTypeOf(numbers), rows * numberWidth),
    codes: new Uint16Array(new SharedArrayBuffer(2 * rows * codeWidth)),
  };
}

/**
 * Bytes between two wanted records that are read with them: reading as many takes no longer than another call
 * of the system.
 */
const GAP = 8192;
/** Most bytes of a record that is copied in pieces of 32 or 16 bits. */
const FEW_BYTES = 256;
/** Most bytes of one read. */
const LONGEST_READ = 2 ** 18;

/** Reads records, in one thread. */
export class RecordReader {
  readonly #files: (number | undefined)[] = [];
  readonly #parts: { readonly numbers: number; readonly codes: number };
  readonly #bytes: number;
  #scratch = Buffer.alloc(0);
  #copied = Buffer.alloc(0);

  readonly #stored: StoredRows;

  /** @param inputs of a dataset whose rows are stored */
  constructor(inputs: Inputs) {
    if (inputs.stored === undefined) throw new Error('the rows are in memory');
    this.#stored = inputs.stored;
    this.#parts = recordParts(inputs);
    this.#bytes = recordBytes(inputs);
  }

  /** Copies the inputs of the rows `rows[from] … rows[to−1]` to a window, from its row `at` on. */
  copyRows(window: RowWindow, at: number, rows: Uint32Array, from: number, to: number): void {
    const { numbers, codes } = this.#parts;
    const count = to - from;
    if (codes === 0) {
      const bytes = storedBytes(window.numbers).subarray(at * numbers, (at + count) * numbers);
      this.readRows(bytes, rows, from, to);
      return;
    }
    if (this.#copied.length < count * this.#bytes) this.#copied = Buffer.alloc(count * this.#bytes);
    this.readRows(this.#copied, rows, from, to);
    this.unpack(this.#copied, null, 0, count, window, at);
  }

  /**
   * Reads the records of the rows `rows[from] … rows[to−1]`. Those that lie one after the
   * other in the files, or nearly so, are read at once.
   */
  readRows(target: Uint8Array, rows: Uint32Array, from: number, to: number): void {
    const bytes = this.#bytes;
    const gap = Math.floor(GAP / bytes);
    const longest = Math.max(1, Math.floor(LONGEST_READ / bytes));
    for (let first = from, next = from; first < to; first = next) {
      for (next = first + 1; next < to; next++) {
        const step = rows[next] - rows[next - 1];
        if (step < 1 || step - 1 > gap || rows[next] - rows[first] >= longest) break;
      }
      this.#readSpan(target, first - from, rows, first, next);
    }
  }

  /** Reads all records from the first to the last of these rows, and keeps those of the rows. */
  #readSpan(target: Uint8Array, at: number, rows: Uint32Array, first: number, next: number): void {
    const bytes = this.#bytes;
    const count = rows[next - 1] - rows[first] + 1;
    if (count === next - first) {
      this.read(target.subarray(at * bytes, (at + count) * bytes), rows[first], count);
      return;
    }
    if (this.#scratch.length < count * bytes) this.#scratch = Buffer.alloc(count * bytes);
    const scratch = this.#scratch;
    this.read(scratch.subarray(0, count * bytes), rows[first], count);
    for (let start = first, end = first; start < next; start = end) {
      for (end = start + 1; end < next && rows[end] === rows[end - 1] + 1; ) end++;
      const place = (rows[start] - rows[first]) * bytes;
      target.set(scratch.subarray(place, place + (end - start) * bytes), (at + start - first) * bytes);
    }
  }

  /**
   * Copies records to a window, from its row `at` on.
   * @param order which of the records, its entries from `from` on; null for those from `from` on themselves
   */
  unpack(
    records: Uint8Array,
    order: Uint32Array | null,
    from: number,
    count: number,
    window: RowWindow,
    at: number,
  ): void {
    const { numbers, codes } = this.#parts;
    const [left, right] = [storedBytes(window.numbers), storedBytes(window.codes)];
    if (this.#bytes > FEW_BYTES || numbers % 2 === 1) {
      for (let i = 0; i < count; i++) {
        const start = (order === null ? from + i : order[from + i]) * this.#bytes;
        left.set(records.subarray(start, start + numbers), (at + i) * numbers);
        if (codes > 0) right.set(records.subarray(start + numbers, start + this.#bytes), (at + i) * codes);
      }
      return;
    }
    // Short records are copied faster in pieces of 32 or 16 bits than by a call for each.
    const wide = numbers % 4 === 0 && codes % 4 === 0;
    const [source, a, b] = [piecesOf(records, wide), piecesOf(left, wide), piecesOf(right, wide)];
    const [N, C] = wide ? [numbers / 4, codes / 4] : [numbers / 2, codes / 2];
    for (let i = 0; i < count; i++) {
      const place = (order === null ? from + i : order[from + i]) * (N + C);
      const [n, c] = [(at + i) * N, (at + i) * C];
      for (let j = 0; j < N; j++) a[n + j] = source[place + j];
      for (let j = 0; j < C; j++) b[c + j] = source[place + N + j];
    }
  }

  /**
   * Reads the records of `count` rows from `row` on. @throws DataError where the files have become shorter
   */
  read(target: Uint8Array, row: number, count: number): void {
    const { shardRows } = this.#stored;
    for (let done = 0; done < count; ) {
      const shard = Math.floor((row + done) / shardRows);
      const within = row + done - shard * shardRows;
      const rows = Math.min(count - done, shardRows - within);
      const piece = target.subarray(done * this.#bytes, (done + rows) * this.#bytes);
      readFully(this.#file(shard), this.#stored.shards[shard], piece, within * this.#bytes);
      done += rows;
    }
  }

  close(): void {
    for (const file of this.#files) if (file !== undefined) closeSync(file);
    this.#files.length = 0;
  }

  #file(shard: number): number {
    this.#files[shard] ??= opened(this.#stored.shards[shard]);
    return this.#files[shard]!;
  }
}

function opened(path: string): number {
  try {
    return openRegular(path);
  } catch (error) {
    throw lost(path, (error as Error).message);
  }
}

/** Fills bytes from a place in a file. @throws DataError where the file ends before, or cannot be read */
function readFully(file: number, path: string, bytes: Uint8Array, position: number): void {
  let filled: number;
  try {
    filled = readAt(file, bytes, position);
  } catch (error) {
    throw lost(path, (error as Error).message);
  }
  if (filled < bytes.length) throw lost(path, 'it has become shorter');
}

const lost = (path: string, why: string) =>
  new DataError(
    `${path}: the cached rows cannot be read (${why}); start the command again, which reads the data anew, or gradpool resume RUN`,
  );

const piecesOf = (
  { buffer, byteOffset, byteLength }: Uint8Array,
  wide: boolean,
): Uint32Array | Uint16Array =>
  wide
    ? new Uint32Array(buffer, byteOffset, byteLength >> 2)
    : new Uint16Array(buffer, byteOffset, byteLength >> 1);
