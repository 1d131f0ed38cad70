/** Encodes a table whose columns are on disk, some rows at a time, and hands the rows on to a writer. */
import type { Dataset } from '../dataset.js';
import type { TableSchema } from '../schema.js';
import type { EntryWriter } from '../stream/entrywriter.js';
import { encodeRows, noteEncoded, type ReadColumn } from './encode.js';
import type { Spill } from './spill.js';

/** Where the columns of a table are while it is fitted, and who takes its rows. */
export interface StreamedTable {
  readonly spill: Spill;
  readonly writer: Pick<EntryWriter, 'begin' | 'add'>;
}

/** Rows that are encoded together. */
const ROWS = 2 ** 14;

/** Does what `encodeColumns` does, and leaves the rows to the writer; the dataset has none. */
export function encodeStored(
  { spill, writer }: StreamedTable,
  rows: number,
  columns: readonly ReadColumn[],
  numberType: TableSchema['numberType'],
  notes: string[],
): Omit<Dataset, 'targets' | 'targetWidth'> {
  const chunk = (first: number, last: number) =>
    columns.map(({ schema, read }) => ({
      schema,
      read: { ...read, column: spill.rowsOf(read.column, first, last) },
    }));
  const { inputs: empty, filled } = encodeRows(0, chunk(0, 0), numberType);
  writer.begin(empty);
  for (let first = 0; first < rows; first += ROWS) {
    const last = Math.min(rows, first + ROWS);
    const encoded = encodeRows(last - first, chunk(first, last), numberType);
    for (let j = 0; j < filled.length; j++) filled[j] += encoded.filled[j];
    writer.add(encoded.inputs, last - first);
  }
  noteEncoded(columns, filled, notes);
  return { ...empty, rows };
}
