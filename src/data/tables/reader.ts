/**
 * A table before its cells are understood: what every source, file, query or rows in memory, offers to the
 * rules.
 */
import type { Cells } from './cells.js';

export interface SourceColumn {
  readonly name: string;
  /**
   * null where it holds single values; else what it holds instead, for the note that leaves it out:
   * `INTEGER[]`
   */
  readonly nested: string | null;
}

/**
 * How columns are wanted: every cell as text, or as text unless the source declares it a number (a JSON
 * number is one, whatever its text would mean). Any other column comes as numbers where its first cells
 * plainly are, else as text.
 */
export type ReadModes = ReadonlyMap<string, 'text' | 'text unless declared'>;

/** All the columns as text. */
export const asText = (names: Iterable<string>): ReadModes =>
  new Map(Array.from(names, (name) => [name, 'text']));

export interface TableReader {
  /** what the user wrote, for messages */
  readonly source: string;
  readonly columns: readonly SourceColumn[];
  /**
   * whether the source had a line of names, which only CSV may lack; null where the question does not arise
   */
  readonly header: { readonly cells: readonly string[]; readonly assumed: boolean } | null;
  /**
   * The cells of the named columns, all of the same number of rows. Column `classes`, if given, comes as
   * words where its first rows hold so few different ones that they may be classes, whose spelling counts.
   */
  read(names: readonly string[], how: ReadModes, classes?: string): Promise<Cells[]>;
  /** `file: row 3 (line 4)` for a row number from 0 */
  locate(row: number): Promise<string>;
  /** Removes what reading needed beside the source. */
  close(): void;
}
