/** Tells where a row of a CSV file stands, and what is wrong with a row that DuckDB cannot read. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { DataError } from '../../errors.js';
import { counted, shorten } from '../words.js';
import type { CsvFile } from './csvfile.js';
import { type Connection, duckError, firstLine, queryText } from './duckdb.js';

/**
 * Turns a DuckDB error about a CSV row into a DataError with the row's place and a remedy. DuckDB counts
 * records and includes the header. Errors that do not concern a row go to `duckError`.
 */
export async function rowError(source: string, error: unknown, files: readonly CsvFile[]): Promise<Error> {
  const { message } = error as Error;
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined) return duckError(source, error);
  const path = /\n\s*file = (.*)\n/.exec(message)?.[1] ?? source;
  const file = files.find((candidate) => candidate.path === path) ?? {
    file: path,
    path,
    hasHeader: true,
    encoding: 'utf-8',
  };
  const where = await place(file, Number(line) - Number(file.hasHeader), true);
  const widths = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  if (widths !== null) {
    const row = /\nOriginal Line: (.*)\n/.exec(message)?.[1] ?? '';
    return new DataError(
      `${where}: ${counted(Number(widths[2]), 'cell')} where the header names ${counted(Number(widths[1]), 'column')}: "${shorten(row)}"; correct the row (a cell that holds the delimiter needs quotes)`,
    );
  }
  if (message.includes('unterminated quote')) {
    return new DataError(`${where}: a quote is opened and never closed; close it or double it`);
  }
  if (/not utf-8/i.test(message)) {
    return new DataError(
      `${where}: not UTF-8 text; convert the file (for instance with iconv -t utf-8), or check that it is a table at all`,
    );
  }
  if (/maximum line size/i.test(message)) {
    return new DataError(
      `${where}: the line is longer than 16 MB; correct it (a quote that is never closed?), or leave the long text out`,
    );
  }
  return new DataError(
    `${where}: ${firstLine(error).replace(/^CSV Error on Line: \d+/, 'the row cannot be read')}`,
  );
}

/** Tells which file and line hold data row `row`, counted from 0 over all files one after the other. */
export async function locate(
  connection: Connection,
  files: readonly CsvFile[],
  scan: (file: CsvFile) => string,
  row: number,
): Promise<string> {
  let before = 0;
  for (const file of files) {
    const [[text]] = await queryText(connection, `SELECT count(*) FROM ${scan(file)}`);
    const count = Number(text);
    if (row < before + count) {
      return place(file, row - before + 1, false);
    }
    before += count;
  }
  return `${files.at(-1)!.file}: row ${row - before + 1}`;
}

/**
 * Returns the place of a record as `file: row 3 (line 4)`; rows count from 1 after the header. Row and line
 * differ by more than the header where quoted cells span several lines, or where there are blank lines; those
 * count as records in DuckDB's errors and nowhere else.
 */
export async function place(
  {
    file,
    path,
    encoding,
    hasHeader,
    part,
  }: Pick<CsvFile, 'file' | 'path' | 'encoding' | 'hasHeader' | 'part'>,
  record: number,
  blankLinesCount: boolean,
): Promise<string> {
  if (/\.(gz|zst)$/i.test(path) || encoding !== 'utf-8') return `${file}: row ${record}`;
  const [rowsBefore, linesBefore] = [part?.rows ?? 0, part?.lines ?? 0];
  let line = 0;
  let row = hasHeader ? -1 : 0;
  let records = row;
  let quoted = false;
  for await (const text of createInterface({
    input: part === undefined ? createReadStream(path) : Readable.from([part.bytes]),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    if (!quoted) {
      if (text !== '') row++;
      if (text !== '' || blankLinesCount) records++;
      if (records === record) break;
    }
    if (text.split('"').length % 2 === 0) quoted = !quoted;
  }
  const where = `line ${linesBefore + line}`;
  return rowsBefore + row < 1 ? `${file}: ${where}` : `${file}: row ${rowsBefore + row} (${where})`;
}
