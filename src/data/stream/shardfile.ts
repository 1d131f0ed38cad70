/** A file of the cache while it is written, and rows as they are stored in it. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Inputs, StoredArray } from '../dataset.js';
import type { EntryHead } from './entryformat.js';

/** A file that is written from its beginning to its end. */
export class ShardFile {
  rows = 0;
  #bytes = 0;
  readonly #handle: number;
  readonly #hash: Hash = createHash('sha256');

  constructor(
    path: string,
    private readonly name: string,
  ) {
    this.#handle = openSync(path, 'wx', 0o600);
  }

  write(bytes: Uint8Array, rows: number): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#handle, bytes, done);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.rows += rows;
  }

  /** Ends the file, which is on the disk then. Returns how it can be told whether it is whole. */
  endNow(): EntryHead['files'][number] {
    fsyncSync(this.#handle);
    this.close();
    return this.#described();
  }

  /**
   * Ends the file. Returns how it can be told whether it is whole, and the promise that it is on the disk, or
   * an error; the next file is written meanwhile.
   */
  end(): { readonly described: EntryHead['files'][number]; readonly synced: Promise<Error | null> } {
    const synced = new Promise<Error | null>((resolve) =>
      fsync(this.#handle, (error) => {
        this.close();
        resolve(error);
      }),
    );
    return { described: this.#described(), synced };
  }

  close(): void {
    closeSync(this.#handle);
  }

  #described(): EntryHead['files'][number] {
    return { file: this.name, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

/** Returns the bytes of rows as they are stored: of each row the numbers, then the codes. */
export function recordsOf(
  { numbers, numberWidth, codes, codeWidth }: Omit<Inputs, 'stored'>,
  count: number,
): Uint8Array {
  if (codeWidth === 0)
    return storedBytes(numbers).subarray(0, count * numberWidth * numbers.BYTES_PER_ELEMENT);
  if (numberWidth === 0) return storedBytes(codes).subarray(0, 2 * count * codeWidth);
  // Numbers beside codes are floats, so halves of 16 bits hold both; copying these is the fastest way.
  const halves = (numberWidth * numbers.BYTES_PER_ELEMENT) / 2;
  const from = new Uint16Array(numbers.buffer, numbers.byteOffset, count * halves);
  const records = new Uint16Array(count * (halves + codeWidth));
  for (let row = 0, at = 0, number = 0, code = 0; row < count; row++) {
    for (let j = 0; j < halves; j++) records[at++] = from[number++];
    for (let j = 0; j < codeWidth; j++) records[at++] = codes[code++];
  }
  return new Uint8Array(records.buffer);
}

/** Returns the bytes of an array. */
export const storedBytes = ({ buffer, byteOffset, byteLength }: StoredArray | Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
