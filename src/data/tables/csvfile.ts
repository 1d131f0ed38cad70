/** A CSV file before it is read: its encoding, its delimiter, the cells of its first record. */
import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DataError } from '../../errors.js';

export type LineEnd = '\r\n' | '\n' | '\r';

/** One file of a table, and how its cells are told apart. */
export interface CsvFile {
  /** as the user named it */
  readonly file: string;
  /** what DuckDB reads: the file, or a copy of it with one kind of line ends */
  readonly path: string;
  readonly encoding: 'utf-8' | 'utf-16';
  readonly delimiter: string;
  /** how lines end, where DuckDB would not find out; null: it does */
  readonly newline: LineEnd | null;
  /** names of the columns, in this file's order */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  /** mean length of its first rows */
  readonly rowBytes: number;
}

/**
 * UTF-16 begins with a mark of its byte order, or has a zero beside each plain letter; all else is read as
 * UTF-8.
 */
export function textEncodingOf(file: string): CsvFile['encoding'] {
  const head = Buffer.alloc(4);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, head, 0, 4, 0);
  } finally {
    closeSync(handle);
  }
  const marked = head.readUInt16LE(0) === 0xfeff;
  const bigEndian = head.readUInt16BE(0) === 0xfeff;
  if (bigEndian) {
    throw new DataError(
      `${file}: UTF-16 text, most significant byte first, which is not read; convert it: iconv -f utf-16 -t utf-8`,
    );
  }
  return marked || (head[0] > 0 && head[1] === 0 && head[3] === 0) ? 'utf-16' : 'utf-8';
}

/** Bytes that hold the first record of any table that can be read. */
const HEAD = 2 ** 20;

/** The beginning of a file, unpacked where it is gzip; null for what Node 20 does not unpack. */
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

export interface FirstRecord {
  /** what it is taken from: the beginning of the file */
  readonly text: string;
  readonly record: string;
  readonly end: LineEnd | null;
}

/** The text before the first line end that no quote holds. */
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

/** The mean length of the lines at the beginning of a file, at least 1. */
export function bytesOfRow(text: string, encoding: CsvFile['encoding']): number {
  const lines = text.split(/\r\n|\n|\r/).length;
  return Math.max(1, ((encoding === 'utf-16' ? 2 : 1) * text.length) / lines);
}

/** Records that tell the delimiter. */
const FIRST_RECORDS = 50;

/**
 * Tab for .tsv, else the candidate that cuts the first records into the same number of cells; of several, the
 * one that text holds least often for other reasons; where none does, the one that the header has most of.
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

/** The first records that are not empty; the last that was cut off with the text is not among them. */
function firstRecords(text: string): string[] {
  const records: string[] = [];
  for (let rest = text; rest !== '' && records.length < FIRST_RECORDS; ) {
    const { record, end } = splitFirst(rest);
    if (end === null && records.length > 0 && text.length >= HEAD / 4) break;
    if (record !== '') records.push(record);
    rest = rest.slice(record.length + (end?.length ?? 0));
  }
  return records;
}

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
