/** A CSV file before it is read: its encoding, its delimiter, the cells of its first record. */
import { closeSync, openSync, readSync } from 'node:fs';
import { DataError } from '../../errors.js';

/** One file of a table, and how its cells are told apart. */
export interface CsvFile {
  /** as the user named it */
  readonly file: string;
  /** what DuckDB reads: the file, or a copy of it with one kind of line ends */
  readonly path: string;
  readonly encoding: 'utf-8' | 'utf-16';
  readonly delimiter: string;
  /** names of the columns, in this file's order */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
}

/** UTF-16 begins with a mark of its byte order, or has a zero beside each plain letter; all else is read as UTF-8. */
export function encodingOf(file: string): CsvFile['encoding'] {
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

/** Tab for .tsv, else the candidate that the first record has most of. */
export function delimiterOf(file: string, record: string): string {
  if (/\.tsv(\.gz|\.zst)?$/i.test(file)) return '\t';
  const counts = [',', ';', '\t', '|'].map((delimiter) => ({
    delimiter,
    count: splitRecord(record, delimiter).length,
  }));
  return counts.reduce((best, candidate) => (candidate.count > best.count ? candidate : best)).delimiter;
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
