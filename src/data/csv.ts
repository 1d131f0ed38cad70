/** CSV and TSV through DuckDB: the header is read here, the types are sniffed there, a bad row is named. */
import { DataError } from '../errors.js';
import { locate, rowError } from './csvrows.js';
import { type Connection, literal, queryText } from './duckdb.js';
import type { RawColumn, Relation } from './relation.js';
import { isNumber } from './words.js';

/** Cells that stand for a missing value. */
export const MISSING_WORDS = ['', 'NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '?'];

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
    const columns = header.map((name, i) => `${literal(name || `column${i}`)}: 'VARCHAR'`);
    return `read_csv(${literal(file)}, ${dialect}, auto_detect=false, columns={${columns}})`;
  };

  const columns = await sniff(connection, scan(new Map()), header, async () => {
    for (const file of files) {
      await queryText(connection, `SELECT count(*) FROM ${strict(file)}`).catch(async (error) => {
        throw await rowError(file, error);
      });
    }
  });
  const overrides = new Map<string, string>();
  return {
    source,
    columns,
    typed: false,
    sql: (types) => scan(new Map([...wideTypes(columns), ...types, ...overrides])),
    retry: async (error) => {
      const column = /Error when converting column "(.*)"\. /.exec((error as Error).message)?.[1];
      if (column === undefined || overrides.has(column)) throw await rowError(source, error);
      overrides.set(column, 'VARCHAR');
    },
    locate: (row) => locate(connection, files, strict, row),
  };
}

/**
 * Names and types as DuckDB sniffs them. Where it gives up, or skips lines that do not fit the rest, `readStrictly`
 * stops at the row that is to blame.
 */
async function sniff(
  connection: Connection,
  scan: string,
  header: readonly string[],
  readStrictly: () => Promise<void>,
): Promise<RawColumn[]> {
  let rows: (string | null)[][] = [];
  let failure: unknown = null;
  try {
    rows = await queryText(connection, `SELECT column_name, column_type FROM (DESCRIBE FROM ${scan})`);
  } catch (error) {
    failure = error;
  }
  const asHeader =
    rows.length === header.length && rows.every(([name], i) => header[i] === '' || name === header[i]);
  if (!asHeader) await readStrictly();
  if (failure !== null) throw failure;
  return rows.map(([name, type]) => ({ name: name!, type: type! }));
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
    throw await rowError(file, error);
  }
  const line = rows[0]?.[0] ?? '';
  if (line.trim() === '') {
    throw new DataError(
      rows.length === 0
        ? `${file}: the file is empty; write it again, with a header line and rows`
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
