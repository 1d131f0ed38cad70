/** Finds out how a CSV file is written before it is read: its encoding, its delimiter, its first record. */
import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DataError } from '../../errors.js';

type LineEnd = '\r\n' | '\n' | '\r';

/** A CSV file is one file of a table, with how it is written. */
export interface CsvFile {
  /** The file as the user named it. */
  readonly file: string;
  /** The file that DuckDB reads: the named one, or a copy of it with one kind of line ends. */
  readonly path: string;
  readonly encoding: 'utf-8' | 'utf-16';
  readonly delimiter: string;
  /** End of each line; null where DuckDB finds out by itself. */
  readonly newline: LineEnd | null;
  /** Whether its first line ends with a carriage return and a line feed; null if it ends in another way. */
  readonly returns: boolean | null;
  /** Names of the columns, in this file's order. */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  /** Mean length of its first rows in bytes. */
  readonly rowBytes: number;
  /** For a part of a stream of text: the part, and what came before it. */
  readonly part?: { readonly bytes: Uint8Array; readonly rows: number; readonly lines: number };
}

/**
 * Returns the text encoding of a file. UTF-16 begins with a byte order mark, or has a zero byte beside each
 * ASCII letter; everything else is read as UTF-8. Throws DataError for big-endian UTF-16, which is not read.
 */
export function textEncodingOf(file: string): CsvFile['encoding'] {
  const head = Buffer.alloc(4);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, head, 0, 4, 0);
  } finally {
    closeSync(handle);
  }
  return headEncoding(file, head);
}

/** Returns the text encoding by the first four bytes of a text, as `textEncodingOf` does. */
export function headEncoding(file: string, head: Buffer): CsvFile['encoding'] {
  if (head.length < 4) return 'utf-8';
  const marked = head.readUInt16LE(0) === 0xfeff;
  const bigEndian = head.readUInt16BE(0) === 0xfeff;
  if (bigEndian) {
    throw new DataError(
      `${file}: big-endian UTF-16 text, which is not supported; convert it: iconv -f utf-16 -t utf-8`,
    );
  }
  return marked || (head[0] > 0 && head[1] === 0 && head[3] === 0) ? 'utf-16' : 'utf-8';
}

/**
 * Bytes that are read of a file to find out how it is written; they hold the first record of any usual table.
 */
export const HEAD = 2 ** 20;

/**
 * Reads the beginning of a file, unpacked if it is gzip. Returns null for zstd, which Node 20 does not
 * unpack.
 */
export function readHead(file: string): Uint8Array | null {
  if (/\.zst$/i.test(file)) return null;
  const bytes = Buffer.alloc(HEAD);
  const handle = openSync(file, 'r');
  let length: number;
  try {
    length = readSync(handle, bytes, 0, HEAD, 0);
  } finally {
    closeSync(handle);
  }
  const head = bytes.subarray(0, length);
  if (!/\.gz$/i.test(file)) return head;
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 * HEAD });
  } catch (error) {
    throw new DataError(
      `${file}: not a valid gzip file (${(error as Error).message}); download it again, or rename it if it is not packed`,
    );
  }
}

/** A first record is the header or first row of a file, with the text that it was taken from. */
export interface FirstRecord {
  /** The beginning of the file. */
  readonly text: string;
  readonly record: string;
  /** The line end after the record; null at the end of the text. */
  readonly end: LineEnd | null;
}

/** Returns the text before the first line end that is not within quotes. */
export function splitFirst(text: string): Omit<FirstRecord, 'text'> {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    if (quoted || (text[i] !== '\n' && text[i] !== '\r')) continue;
    const end = text[i] === '\n' ? '\n' : text[i + 1] === '\n' ? '\r\n' : '\r';
    return { record: text.slice(0, i), end };
  }
  return { record: text, end: null };
}

/** Returns the mean length in bytes of the lines at the beginning of a file, at least 1. */
export function bytesOfRow(text: string, encoding: CsvFile['encoding']): number {
  const lines = text.split(/\r\n|\n|\r/).length;
  return Math.max(1, ((encoding === 'utf-16' ? 2 : 1) * text.length) / lines);
}

/** Records that are looked at to find the delimiter. */
const FIRST_RECORDS = 50;

/**
 * Returns the delimiter of a file: tab for .tsv, else the character that cuts all first records into the same
 * number of cells. If several do, it is the one that occurs least in text for other reasons; if none does,
 * the one that cuts the header into the most cells.
 */
export function delimiterOf(file: string, text: string): string {
  if (/\.tsv(\.gz|\.zst)?$/i.test(file)) return '\t';
  const records = firstRecords(text);
  const candidates = ['\t', '|', ';', ','].map((delimiter) => {
    const widths = records.map((record) => splitRecord(record, delimiter).length);
    return { delimiter, width: widths[0], even: widths.every((width) => width === widths[0]) };
  });
  const even = candidates.find((candidate) => candidate.even && candidate.width > 1);
  if (even !== undefined) return even.delimiter;
  const most = Math.max(...candidates.map(({ width }) => width));
  return most === 1 ? ',' : candidates.find(({ width }) => width === most)!.delimiter;
}

/**
 * Returns the first records that are not empty, without the last one if the text may have been cut off in it.
 */
function firstRecords(text: string): string[] {
  const records: string[] = [];
  for (let rest = text; rest !== '' && records.length < FIRST_RECORDS; ) {
    const { record, end } = splitFirst(rest);
    // a character takes at most four bytes, so a shorter text is the whole file
    if (end === null && records.length > 0 && text.length >= HEAD / 4) break;
    if (record !== '') records.push(record);
    rest = rest.slice(record.length + (end?.length ?? 0));
  }
  return records;
}

/** Splits a record into its cells and removes their quotes. */
export function splitRecord(record: string, delimiter: string): string[] {
  const cells = [''];
  let quoted = false;
  for (let i = 0; i < record.length; i++) {
    if (record[i] === '"' && quoted && record[i + 1] === '"') cells[cells.length - 1] += record[++i];
    else if (record[i] === '"') quoted = !quoted;
    else if (record[i] === delimiter && !quoted) cells.push('');
    else cells[cells.length - 1] += record[i];
  }
  return cells;
}
