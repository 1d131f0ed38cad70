/** CSV and TSV through DuckDB: the header is read here, the types are sniffed there, a bad row is named. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DataError } from '../errors.js';
import { type Connection, duckError, firstLine, literal, queryText } from './duckdb.js';
import type { RawColumn, Relation } from './relation.js';

/** Cells that stand for a missing value. */
export const MISSING_WORDS = ['', 'NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '?'];

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
export const isNumber = (text: string): boolean => NUMBER.test(text);

export async function openCsv(connection: Connection, source: string, files: string[]): Promise<Relation> {
  const names = await readHeader(connection, files[0]);
  const delimiter = delimiterOf(files[0], names.line);
  const header = checkHeader(files[0], splitLine(names.line, delimiter));
  for (const file of files.slice(1)) {
    const other = checkHeader(file, splitLine((await readHeader(connection, file)).line, delimiter));
    const odd = other.find((name) => !header.includes(name)) ?? header.find((name) => !other.includes(name));
    if (odd !== undefined) {
      throw new DataError(
        `${file}: its columns are not those of ${files[0]}: "${odd}" is only in one of them; give files with the same header`,
      );
    }
  }
  const dialect = `delim=${literal(delimiter)}, quote='"', escape='"', header=true, nullstr=[${MISSING_WORDS.map(literal)}]`;
  const list = `[${files.map(literal)}], union_by_name=${files.length > 1}`;
  const scan = (types: ReadonlyMap<string, string>) => {
    const entries = [...types].map(([name, type]) => `${literal(name)}: ${literal(type)}`);
    return `read_csv(${list}, ${dialect}${entries.length > 0 ? `, types={${entries}}` : ''})`;
  };
  const strict = (file: string) => {
    const columns = header.map((name) => `${literal(name)}: 'VARCHAR'`);
    return `read_csv(${literal(file)}, ${dialect}, auto_detect=false, columns={${columns}})`;
  };

  let sniffed: (string | null)[][];
  try {
    sniffed = await queryText(
      connection,
      `SELECT column_name, column_type FROM (DESCRIBE FROM ${scan(new Map())})`,
    );
  } catch (error) {
    // the sniffer does not say what is wrong with the first rows; a plain reading stops at the bad one
    for (const file of files) {
      await queryText(connection, `SELECT count(*) FROM ${strict(file)}`).catch((cause) => {
        throw rowError(file, cause);
      });
    }
    throw duckError(source, error);
  }
  const columns = sniffed.map(([name, type]): RawColumn => ({ name: name!, type: type! }));
  const overrides = new Map<string, string>();
  return {
    source,
    columns,
    typed: false,
    sql: (types) => scan(new Map([...wideTypes(columns), ...types, ...overrides])),
    retry: (error) => {
      const column = /Error when converting column "(.*)"\. /.exec((error as Error).message)?.[1];
      if (column === undefined || overrides.has(column)) throw rowError(source, error);
      overrides.set(column, 'VARCHAR');
    },
    locate: (row) => locate(connection, files, strict, row),
  };
}

/** A column whose first rows are whole numbers may go on with fractions. */
function wideTypes(columns: readonly RawColumn[]): [string, string][] {
  return columns.filter(({ type }) => type === 'BIGINT').map(({ name }) => [name, 'DOUBLE']);
}

async function readHeader(connection: Connection, file: string): Promise<{ line: string }> {
  // one column that nothing delimits: the plain lines, unpacked where need be
  const lines = `read_csv(${literal(file)}, auto_detect=false, columns={'line': 'VARCHAR'}, delim=E'\\x01', quote='', escape='', header=false)`;
  let rows: (string | null)[][];
  try {
    rows = await queryText(connection, `FROM ${lines} LIMIT 1`);
  } catch (error) {
    if (/not utf-8/i.test((error as Error).message)) {
      throw new DataError(
        `${file}: not a text file in UTF-8; convert it, or check that it is a CSV file at all`,
      );
    }
    throw duckError(file, error);
  }
  const line = rows[0]?.[0] ?? '';
  if (line.trim() === '') {
    throw new DataError(
      rows.length === 0
        ? `${file}: the file is empty; expected a header line and rows`
        : `${file}: the first line is empty; expected a header line with the names of the columns`,
    );
  }
  return { line };
}

/** Tab for .tsv, else the candidate that the first line has most of. */
function delimiterOf(file: string, line: string): string {
  if (/\.tsv(\.gz|\.zst)?$/i.test(file)) return '\t';
  const counts = [',', ';', '\t', '|'].map((delimiter) => ({
    delimiter,
    count: splitLine(line, delimiter).length,
  }));
  return counts.reduce((best, candidate) => (candidate.count > best.count ? candidate : best)).delimiter;
}

function splitLine(line: string, delimiter: string): string[] {
  const cells = [''];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"' && quoted && line[i + 1] === '"') cells[cells.length - 1] += line[++i];
    else if (line[i] === '"') quoted = !quoted;
    else if (line[i] === delimiter && !quoted) cells.push('');
    else cells[cells.length - 1] += line[i];
  }
  return cells;
}

function checkHeader(file: string, cells: string[]): string[] {
  const numeric = cells.filter(isNumber);
  if (2 * numeric.length > cells.length) {
    const example = cells.map((_, i) => `c${i + 1}`).slice(0, 4);
    throw new DataError(
      `${file}: there is no header: the first line holds data ("${numeric[0]}" is a number, not a name); add a line with the names of the columns, such as ${example.join(',')}${cells.length > 4 ? ',…' : ''}`,
    );
  }
  const twice = cells.find((cell, i) => cell !== '' && cells.indexOf(cell) !== i);
  if (twice !== undefined) {
    throw new DataError(`${file}: two columns are named "${twice}"; give each a name of its own`);
  }
  return cells;
}

/** DuckDB counts records, the header among them; its reasons are told in our words. */
function rowError(source: string, error: unknown): Error {
  const { message } = error as Error;
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined) return duckError(source, error);
  const file = /\n\s*file = (.*)\n/.exec(message)?.[1] ?? source;
  const where = `${file}: row ${Number(line) - 1} (line ${line})`;
  const widths = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  if (widths !== null) {
    const row = /\nOriginal Line: (.*)\n/.exec(message)?.[1] ?? '';
    return new DataError(
      `${where}: ${widths[2]} cells where the header names ${widths[1]} columns: "${shorten(row)}"; correct the row (a cell that holds the delimiter needs quotes)`,
    );
  }
  if (message.includes('unterminated quote')) {
    return new DataError(`${where}: a quote is opened and never closed; close it or double it`);
  }
  if (/not utf-8/i.test(message)) {
    return new DataError(`${where}: not UTF-8 text; convert the file, for instance with iconv -t utf-8`);
  }
  return new DataError(
    `${where}: ${firstLine(error).replace(/^CSV Error on Line: \d+/, 'the row cannot be read')}`,
  );
}

export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Which file and line hold data row `row` (from 0) of the files read one after the other. */
async function locate(
  connection: Connection,
  files: readonly string[],
  strict: (file: string) => string,
  row: number,
): Promise<string> {
  let before = 0;
  for (const file of files) {
    const [[text]] = await queryText(connection, `SELECT count(*) FROM ${strict(file)}`);
    const count = Number(text);
    if (row < before + count) {
      const line = /\.(gz|zst)$/i.test(file) ? null : await lineOf(file, row - before + 1);
      return `${file}: row ${row - before + 1}${line === null ? '' : ` (line ${line})`}`;
    }
    before += count;
  }
  return `${files.at(-1)}: row ${row - before + 1}`;
}

/** The line on which record `record` starts, the header being record 0: a quoted cell may span lines, blank ones do not count. */
async function lineOf(file: string, record: number): Promise<number | null> {
  let line = 0;
  let records = -1;
  let quoted = false;
  for await (const text of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    if (!quoted && text !== '') records++;
    if (!quoted && records === record) return line;
    if (text.split('"').length % 2 === 0) quoted = !quoted;
  }
  return null;
}
