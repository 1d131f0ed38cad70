/** Filters and sorts listed runs with DuckDB, so that a condition may be any SQL expression. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileLiteral, firstLine, identifier, literal, lock, withDuckDB } from '../../data/tables/duckdb.js';
import { filesInQuery } from '../../data/tables/sql.js';
import { didYouMean } from '../../didyoumean.js';
import { UsageError } from '../../errors.js';
import { CONFIG_KEYS } from '../../train/config.js';
import { type ListedRun, listRuns, RUN_COLUMNS } from './listing.js';

/** Which runs are wanted, in which order, with which columns. */
interface RunQuery {
  /** A condition in SQL, such as `val_accuracy > 0.97 and lr < 0.1`. */
  readonly where?: string | undefined;
  /** A column, with a minus before it for the largest values first. */
  readonly sort?: string | undefined;
  readonly columns?: readonly string[] | undefined;
}

/** The runs that were wanted. */
interface FoundRuns {
  readonly columns: readonly string[];
  readonly rows: readonly ListedRun[];
  readonly notes: readonly string[];
}

/** Columns that are shown where none are named, if any run has them. */
const USUAL = [
  'run',
  'status',
  'val_loss',
  'val_accuracy',
  'val_rmse',
  'test_accuracy',
  'test_rmse',
  'epochs',
  'seed',
];

/**
 * Finds the runs and trials below a folder.
 * @throws UsageError for a condition or a column that is wrong, DataError where the folder does not exist
 */
export async function findRuns(folder: string, query: RunQuery): Promise<FoundRuns> {
  const words = [query.where ?? '', query.sort ?? '', ...(query.columns ?? [])].join(' ').match(/\w+/g) ?? [];
  // Configurations are files of their own, and thousands of them take long to read.
  const sparse = listRuns(folder, false);
  const own: readonly string[] = RUN_COLUMNS;
  const keys = words.filter(
    (word) => (CONFIG_KEYS as readonly string[]).includes(word) && !own.includes(word),
  );
  const lacking = keys.some((key) => sparse.runs.some((run) => !(key in run)));
  const { runs, notes } = lacking ? listRuns(folder, true) : sparse;
  const known = [...columnsOf(runs)];
  const sort = query.sort?.replace(/^-/, '');
  for (const name of [...(query.columns ?? []), ...(sort === undefined ? [] : [sort])]) {
    if (runs.length === 0 || known.includes(name)) continue;
    throw new UsageError(
      `unknown column '${name}'${didYouMean(name, known) || `; there are ${known.join(', ')}`}`,
    );
  }
  const columns = query.columns ?? usualColumns(runs, known);
  if (query.where === undefined && sort === undefined) return { columns, rows: runs, notes };
  return { columns, rows: runs.length === 0 ? [] : await filtered(runs, known, query), notes };
}

/** Returns the names of the columns that the runs have, those that all have first. */
function columnsOf(runs: readonly ListedRun[]): Set<string> {
  const columns = new Set<string>(RUN_COLUMNS);
  for (const run of runs) for (const name in run) columns.add(name);
  return columns;
}

/** Returns the usual columns that some run has, and those of the axes, in which trials differ. */
function usualColumns(runs: readonly ListedRun[], known: readonly string[]): string[] {
  const own: readonly string[] = RUN_COLUMNS;
  const config = known.filter(
    (name) => !own.includes(name) && (CONFIG_KEYS as readonly string[]).includes(name.split('.')[0]),
  );
  const varied = config.filter(
    (name) =>
      !USUAL.includes(name) && name !== 'data' && new Set(runs.map((run) => run[name] ?? null)).size > 1,
  );
  // A metric that runs were trained by stands beside the loss.
  const goals = known.filter((name) => name.startsWith('val_') && !USUAL.includes(name) && name !== 'val_r2');
  const shown = [...USUAL.slice(0, 3), ...goals, ...USUAL.slice(3)];
  const usual = shown.filter((name) => runs.some((run) => (run[name] ?? null) !== null));
  const [first, second, ...rest] = usual;
  return [first, second, ...varied, ...rest].filter((name) => name !== undefined);
}

async function filtered(
  runs: readonly ListedRun[],
  known: readonly string[],
  { where, sort }: RunQuery,
): Promise<ListedRun[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-runs-'));
  try {
    const file = join(folder, 'runs.json');
    // Only what the condition and the order may speak of is handed over.
    const text = `${where ?? ''} ${sort ?? ''}`.toLowerCase();
    const used = known.filter((name) => text.includes(name.toLowerCase()));
    const lines = runs.map((run, index) => {
      const values: Record<string, unknown> = { '#': index };
      for (const name of used) values[name] = run[name];
      return JSON.stringify(values);
    });
    writeFileSync(file, lines.join('\n'));
    const types = used.map((name) => `${literal(name)}: ${literal(typeOf(runs, name))}`);
    const order =
      sort === undefined
        ? ''
        : `${identifier(sort.replace(/^-/, ''))} ${sort.startsWith('-') ? 'DESC' : 'ASC'} NULLS LAST, `;
    return await withDuckDB(async (connection) => {
      await lock(connection, { files: [file] });
      await connection.run(
        `CREATE TABLE runs AS SELECT * FROM read_json(${fileLiteral(file)}, format = 'newline_delimited', columns = {${[...types, "'#': 'INTEGER'"].join(', ')}})`,
      );
      // The condition is checked on its own before it stands in a query with others.
      if (where !== undefined) await filesInQuery(connection, `SELECT * FROM runs WHERE ${where}`);
      const condition = where === undefined ? '' : `WHERE (${where}\n)`;
      const result = await connection.run(`SELECT "#" FROM runs ${condition} ORDER BY ${order}"#"`);
      return (await result.getRowsJS()).map(([index]) => runs[Number(index)]);
    });
  } catch (error) {
    throw new UsageError(
      `--where "${where}": ${firstLine(error).replace(/\.$/, '')}; columns are ${known.join(', ')}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the SQL type of a column: numbers and switches where all of its values are, else text. */
function typeOf(runs: readonly ListedRun[], name: string): string {
  let type: string | null = null;
  for (const run of runs) {
    const value = run[name];
    if (value === null || value === undefined) continue;
    const own = typeof value;
    if (type !== null && own !== type) return 'VARCHAR';
    type = own;
  }
  return type === 'number' ? 'DOUBLE' : type === 'boolean' ? 'BOOLEAN' : 'VARCHAR';
}
