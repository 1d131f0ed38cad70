/** Reads a table of DuckDB that is no CSV: Parquet, JSON or a query. */
import { fileError } from '../files.js';
import type { ColumnStore } from './builders.js';
import { fetchBlocks, planBlocks } from './duckblocks.js';
import { type Connection, duckError } from './duckdb.js';
import { readCells } from './duckread.js';
import type { DuckColumn } from './fetchedcolumns.js';
import { placed, type SourceColumn, type TableReader } from './reader.js';

/** Returns a reader of a DuckDB table; columns without a DuckColumn do not hold single values. */
export function readerOf(
  connection: Connection,
  source: string,
  table: string,
  found: readonly [SourceColumn, DuckColumn | null][],
  store?: ColumnStore,
): TableReader {
  const byName = new Map(found.map(([{ name }, column]) => [name, column]));
  const named = (names: readonly string[]) => names.map((name) => byName.get(name)!);
  const locate = async (row: number) => `${source}: row ${row + 1}`;
  async function* blocks(...[names, modes, texts, size]: Parameters<TableReader['blocks']>) {
    const plan = await planBlocks(connection, () => table, named(names), modes, named(texts));
    yield* fetchBlocks(connection, () => table, plan, size);
  }
  return {
    source,
    columns: found.map(([column]) => column),
    header: null,
    notes: [],
    read: (names, modes, classColumn) =>
      withSourceErrors(source, () =>
        readCells(connection, () => table, named(names), { modes, classColumn, store }),
      ),
    blocks: (...wanted) => placed(eachWithSourceErrors(source, blocks(...wanted)), locate),
    locate,
    close: () => {},
  };
}

/** Runs `read` and turns the errors of DuckDB and the file system into DataErrors about the source. */
export async function withSourceErrors<T>(source: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw sourceError(source, error);
  }
}

/** Does the same for what is read piece by piece. */
async function* eachWithSourceErrors<T>(source: string, read: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* read;
  } catch (error) {
    throw sourceError(source, error);
  }
}

const sourceError = (source: string, error: unknown): Error =>
  (error as NodeJS.ErrnoException).code === undefined ? duckError(source, error) : fileError(source, error);
