/**
 * Defines the interface through which every table is read, whether it comes from files, a query or rows in
 * memory. A reader hands out cells; what they mean is decided by the rules (`decidecolumn.ts`).
 */
import { type Cells, rowsOf } from './cells.js';

/** Describes a column that a source has. */
export interface SourceColumn {
  readonly name: string;
  /** Type of a column that does not hold single values, such as `INTEGER[]`, else null; it is left out. */
  readonly nested: string | null;
}

/**
 * A read mode says how a column's cells must come: all as text, or as text unless the source declares a cell
 * to be a number. A JSON number is declared, whatever its text would mean in the column's format.
 */
export type ReadMode = 'text' | 'text unless declared';

/**
 * Read modes by column. A column without one comes as numbers if its first cells plainly are numbers, else as
 * text.
 */
export type ReadModes = ReadonlyMap<string, ReadMode>;

/** Returns the modes that read all of these columns as text. */
export const asText = (names: Iterable<string>): ReadModes =>
  new Map(Array.from(names, (name) => [name, 'text']));

/** A block of cells holds those of consecutive rows. */
export interface CellBlock {
  readonly cells: readonly Cells[];
  /** Returns the place of a row of the block, counted from 0, as `file: row 3 (line 4)`. */
  locate(row: number): Promise<string>;
}

/** A block reader is an open table that is read in blocks of rows, since it may be larger than memory. */
export interface BlockReader {
  /** The text by which the user named the table, for messages. */
  readonly source: string;
  readonly columns: readonly SourceColumn[];
  /**
   * The first line of a CSV file, and whether it was only assumed to name the columns; null for other
   * sources, which always have names.
   */
  readonly header: { readonly cells: readonly string[]; readonly assumed: boolean } | null;
  /** What the user should know of where the rows come from, one plain line each. */
  readonly notes: readonly string[];
  /**
   * Reads the cells of the named columns in blocks of about `size` rows, in the order of the rows; after them
   * come the cells of the columns in `texts`, as text. A stream is read once, and its blocks are as large as
   * they arrive.
   */
  blocks(
    names: readonly string[],
    modes: ReadModes,
    texts: readonly string[],
    size: number,
  ): AsyncIterable<CellBlock>;
  /** Removes temporary files. */
  close(): void;
}

/** A table reader is an open table. */
export interface TableReader extends BlockReader {
  /**
   * Reads the cells of the named columns, all with the same number of rows. `classColumn` comes as words if
   * its first rows have so few distinct ones that they may be classes, since the spelling of classes counts.
   */
  read(names: readonly string[], modes: ReadModes, classColumn?: string): Promise<Cells[]>;
  /** Returns the place of a row, counted from 0, as `file: row 3 (line 4)`. */
  locate(row: number): Promise<string>;
}

/** Gives blocks of cells the places that their rows have in the whole table. */
export async function* placed(
  blocks: AsyncIterable<readonly Cells[]>,
  locate: TableReader['locate'],
): AsyncGenerator<CellBlock> {
  let before = 0;
  for await (const cells of blocks) {
    const start = before;
    before += rowsOf(cells[0]);
    yield { cells, locate: (row) => locate(start + row) };
  }
}
