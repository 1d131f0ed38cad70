/** CSV and TSV through DuckDB: the header is read here, the types are sniffed there, a bad row is named. */
import { DataError } from '../../errors.js';
import { isNumber } from '../words.js';
import { locate, rowError } from './csvrows.js';
import { type Connection, duckError, literal, queryText } from './duckdb.js';
import type { RawColumn, Relation } from './relation.js';

/** Cells that stand for a missing value. */
export const MISSING_WORDS = ['', 'NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '?'];

/** The files of one table and how their cells are told apart. */
interface Dialect {
  readonly files: readonly string[];
  readonly header: readonly string[];
  readonly options: string;
}

export async function openCsv(connection: Connection, source: string, files: string[]): Promise<Relation> {
  const dialect = await readDialect(connection, files);
  const columns = await sniff(connection, dialect);
  const sniffed = new Map(columns.map(({ name, type }) => [name, type]));
  const overrides = new Map<string, string>();
  return {
    source,
    columns,
    typed: false,
    read: (wanted) => {
      const types = new Map([...sniffed, ...wanted, ...overrides]);
      return { table: scan(dialect, types), types };
    },
    retry: async (error) => {
      const column = /Error when converting column "(.*)"\. /.exec((error as Error).message)?.[1];
      if (column === undefined || overrides.has(column)) throw await rowError(source, error);
      overrides.set(column, 'VARCHAR');
    },
    locate: (row) => locate(connection, files, (file) => scanStrictly(dialect, file), row),
  };
}

async function readDialect(connection: Connection, files: readonly string[]): Promise<Dialect> {
  const [first, ...others] = files;
  const line = await readHeader(connection, first);
  const delimiter = delimiterOf(first, line);
  const header = checkHeader(first, splitLine(line, delimiter));
  for (const file of others) {
    const other = checkHeader(file, splitLine(await readHeader(connection, file), delimiter));
    const odd = other.find((name) => !header.includes(name)) ?? header.find((name) => !other.includes(name));
    if (odd !== undefined) {
      throw new DataError(
        `${file}: its columns are not those of ${first}: "${odd}" is only in one of them; give files with the same header`,
      );
    }
  }
  const missing = MISSING_WORDS.map(literal);
  const options = `delim=${literal(delimiter)}, quote='"', escape='"', header=true, nullstr=[${missing}]`;
  return { files, header, options };
}

/** The table with these types; DuckDB sniffs again only what types do not tell: date formats, the order of columns. */
function scan({ files, header, options }: Dialect, types: ReadonlyMap<string, string>): string {
  const entries = [...types].map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  const known =
    files.length === 1 && header.every((name) => types.has(name) && !/DATE|TIME/.test(types.get(name)!));
  if (known) return `read_csv(${literal(files[0])}, ${options}, auto_detect=false, columns={${entries}})`;
  const overridden = entries.length > 0 ? `, types={${entries}}` : '';
  return `read_csv([${files.map(literal)}], ${options}, union_by_name=${files.length > 1}${overridden})`;
}

/** One file as text, which stops at a row that does not fit the header and at nothing else. */
function scanStrictly({ header, options }: Dialect, file: string): string {
  const columns = header.map((name, i) => `${literal(name || `column${i}`)}: 'VARCHAR'`);
  return `read_csv(${literal(file)}, ${options}, auto_detect=false, columns={${columns}})`;
}

/**
 * Names and types as DuckDB sniffs them. Where it gives up, or skips lines that do not fit the rest, a strict reading
 * stops at the row that is to blame.
 */
async function sniff(connection: Connection, dialect: Dialect): Promise<RawColumn[]> {
  const { header, files } = dialect;
  const describe = `SELECT column_name, column_type FROM (DESCRIBE FROM ${scan(dialect, new Map())})`;
  const rows = await queryText(connection, describe).catch((error: unknown) => error as Error);
  const asHeader = (names: (string | null)[][]) =>
    names.length === header.length && names.every(([name], i) => header[i] === '' || name === header[i]);
  if (rows instanceof Error || !asHeader(rows)) {
    for (const file of files) {
      await queryText(connection, `SELECT count(*) FROM ${scanStrictly(dialect, file)}`).catch(
        async (error) => {
          throw await rowError(file, error);
        },
      );
    }
  }
  if (rows instanceof Error) throw duckError(files[0], rows);
  return rows.map(([name, type]) => ({
    name: name!,
    // a column whose first rows are whole numbers may go on with fractions
    type: type === 'BIGINT' ? 'DOUBLE' : type!,
  }));
}

/** The first line, unpacked where need be. */
async function readHeader(connection: Connection, file: string): Promise<string> {
  // a single column that nothing delimits
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
  return line;
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
