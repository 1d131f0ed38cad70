/** Reads a file of plain CSV part by part: finds where records begin, and parses them, in any thread. */
import { closeSync, fstatSync } from 'node:fs';
import { openRegular } from '../../regular.js';
import { readAt } from '../files.js';
import { type PlainFormat, PlainParser, type PlainPart } from './plaincsv.js';

/** Some bytes of a file: the records that begin there. */
export interface PartRange {
  readonly file: number;
  readonly from: number;
  readonly to: number;
}

/** All that a thread needs to know. */
export interface PlainFiles {
  readonly files: readonly (PlainFormat & { readonly path: string; readonly hasHeader: boolean })[];
  /** Longest line in bytes. */
  readonly longest: number;
}

const LINE_FEED = 0x0a;
/** Bytes that are read beyond a part at first, for the end of its last record. */
const BEYOND = 2 ** 16;

export class PlainPartReader {
  readonly #parsers: PlainParser[] = [];
  #room = Buffer.alloc(0);

  constructor(private readonly setup: PlainFiles) {}

  /** Parses the records of a part; returns null where they are not plain. */
  read(range: PartRange): PlainPart | null {
    const handle = openRegular(this.setup.files[range.file].path);
    try {
      return this.#parse(handle, range);
    } finally {
      closeSync(handle);
    }
  }

  #parse(handle: number, { file, from, to }: PartRange): PlainPart | null {
    const { files, longest } = this.setup;
    this.#parsers[file] ??= new PlainParser(files[file]);
    const parser = this.#parsers[file];
    const { size } = fstatSync(handle);
    // A record begins after a line feed, so the byte before the part is looked at too.
    const start = Math.max(0, from - 1);
    let bytes = this.#bytes(handle, start, Math.min(size, to + BEYOND));
    const begins = from > 0 || files[file].hasHeader ? bytes.indexOf(LINE_FEED) + 1 : 0;
    if (begins === 0 && start + bytes.length < size && from > 0) return null;
    const isEmpty = start + begins >= to || (begins === 0 && (from > 0 || files[file].hasHeader));
    if (isEmpty) return parser.parse(Buffer.alloc(0));
    let ends = bytes.indexOf(LINE_FEED, Math.max(begins, to - 1 - start)) + 1;
    for (let more = 2 * BEYOND; ends === 0 && start + bytes.length < size; more *= 4) {
      if (more > 4 * longest) return null;
      bytes = this.#bytes(handle, start, Math.min(size, to + more));
      ends = bytes.indexOf(LINE_FEED, to - 1 - start) + 1;
    }
    return parser.parse(bytes.subarray(begins, ends === 0 ? bytes.length : ends));
  }

  /** Reads bytes of a file to memory that the next call overwrites. */
  #bytes(handle: number, start: number, end: number): Buffer {
    if (this.#room.length < end - start) this.#room = Buffer.allocUnsafeSlow(end - start);
    const bytes = this.#room.subarray(0, end - start);
    return bytes.subarray(0, readAt(handle, bytes, start));
  }
}
