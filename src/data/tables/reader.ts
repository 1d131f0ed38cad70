/**
 * Defines the interface through which every table is read, whether it comes from files, a query or rows in
 * memory. A reader hands out cells; what they mean is decided by the rules (`decidecolumn.ts`).
 */
import type { Cells } from './cells.js';

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

/** A table reader is an open table. */
export interface TableReader {
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
   * Reads the cells of the named columns, all with the same number of rows. `classColumn` comes as words if
   * its first rows have so few distinct ones that they may be classes, since the spelling of classes counts.
   */
  read(names: readonly string[], modes: ReadModes, classColumn?: string): Promise<Cells[]>;
  /** Returns the place of a row, counted from 0, as `file: row 3 (line 4)`. */
  locate(row: number): Promise<string>;
  /** Removes temporary files. */
  close(): void;
}
