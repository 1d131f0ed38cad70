/** Reads columns of a DuckDB table in blocks of rows, so that no more than a few blocks are in memory. */
import { DataError } from '../../errors.js';
import { columnsInMemory } from './builders.js';
import type { Cells } from './cells.js';
import type { Connection } from './duckdb.js';
import { append, fetchColumn, NO_NUMBERS, plainColumns, select, type TableExpression } from './duckread.js';
import type { DuckColumn, PlainKind } from './fetchedcolumns.js';
import type { ReadMode, ReadModes } from './reader.js';

/** The columns of a block and how each is fetched, which the first rows of a table decide for all. */
export interface BlockPlan {
  readonly columns: readonly { readonly column: DuckColumn; readonly mode: ReadMode | undefined }[];
  readonly plain: ReadonlyMap<string, PlainKind>;
  /** Columns that the source may convert to numbers while it reads. */
  readonly numbers: ReadonlySet<string>;
}

/**
 * Plans to fetch `columns` in their modes, and after them `texts`, which may be the same columns, as text.
 */
export async function planBlocks(
  connection: Connection,
  table: TableExpression,
  columns: readonly DuckColumn[],
  modes: ReadModes,
  texts: readonly DuckColumn[],
): Promise<BlockPlan> {
  const unknown = columns.filter(({ name, stored }) => stored.kind === 'text' && !modes.has(name));
  const plain = await plainColumns(connection, table(NO_NUMBERS), unknown, undefined);
  const asText = new Set(texts.map(({ name }) => name));
  const fractions = Array.from(plain).filter(([name, kind]) => kind === 'fractions' && !asText.has(name));
  return {
    columns: [
      ...columns.map((column) => ({ column, mode: modes.get(column.name) })),
      ...texts.map((column): BlockPlan['columns'][number] => ({ column, mode: 'text' })),
    ],
    plain,
    numbers: new Set(fractions.map(([name]) => name)),
  };
}

/**
 * Yields the cells of the table from row `from` on, in blocks of about `size` rows. Where the source cannot
 * convert a cell while it reads, the rows that have not been handed out are read again as text.
 */
export async function* fetchBlocks(
  connection: Connection,
  table: TableExpression,
  plan: BlockPlan,
  size: number,
  from = 0,
): AsyncGenerator<Cells[]> {
  const { numbers } = plan;
  let row = from;
  if (numbers.size > 0 && table(numbers) !== table(NO_NUMBERS)) {
    try {
      for await (const block of stream(connection, table(numbers), plan, numbers, size, row)) {
        row += block.rows;
        yield block.cells;
      }
      return;
    } catch (error) {
      if (error instanceof DataError) throw error;
    }
  }
  for await (const { cells } of stream(connection, table(NO_NUMBERS), plan, NO_NUMBERS, size, row))
    yield cells;
}

/** Runs the query from row `from` on, and collects the chunks of its result into blocks. */
async function* stream(
  connection: Connection,
  table: string,
  { columns, plain }: BlockPlan,
  numbers: ReadonlySet<string>,
  size: number,
  from: number,
): AsyncGenerator<{ readonly cells: Cells[]; readonly rows: number }> {
  const rest = from === 0 ? table : `(FROM ${table} OFFSET ${from})`;
  const store = columnsInMemory(size);
  const fetchAll = () =>
    columns.map(({ column, mode }) =>
      fetchColumn(column, mode, plain.get(column.name), numbers.has(column.name), store),
    );
  let fetched = fetchAll();
  let rows = 0;
  const result = await connection.stream(select(rest, fetched));
  for (;;) {
    const chunk = await result.fetchChunk();
    const count = chunk?.rowCount ?? 0;
    if (chunk !== null && count > 0) append(chunk, count, fetched, rows);
    rows += count;
    if (rows > 0 && (count === 0 || rows >= size)) {
      yield { cells: fetched.map(({ builder }) => builder.cells()), rows };
      fetched = fetchAll();
      rows = 0;
    }
    if (count === 0) return;
  }
}
