/** Encodes a table whose columns are on disk, file by file of the cache. */
import type { Dataset } from '../dataset.js';
import type { TableSchema } from '../schema.js';
import type { EntryWriter } from '../stream/entrywriter.js';
import { type ColumnWorkers, encodedLayout, type StoredColumn } from './columnwork.js';
import { noteEncoded, type ReadColumn } from './encode.js';
import type { Spill } from './spill.js';

/** Where the columns of a table are while it is fitted, who works on them, and who takes its rows. */
export interface StreamedTable {
  readonly spill: Spill;
  readonly workers: ColumnWorkers;
  readonly writer: Pick<EntryWriter, 'begin' | 'writeShards'>;
}

/** Does what `encodeColumns` does, and leaves the rows to the writer; the dataset has none. */
export async function encodeStored(
  { workers, writer }: StreamedTable,
  rows: number,
  columns: readonly ReadColumn[],
  numberType: TableSchema['numberType'],
  notes: string[],
): Promise<Omit<Dataset, 'targets' | 'targetWidth'>> {
  const stored = columns.map(
    ({ schema, read: { column } }): StoredColumn => ({
      schema,
      words: column.kind === 'words' ? [...column.words] : null,
      file: column.onDisk!.file,
    }),
  );
  const { inputs: empty, filled } = encodedLayout(stored, numberType);
  writer.begin(empty);
  await writer.writeShards(rows, async (shard) => {
    const written = await workers.writeShard({ columns: stored, numberType, ...shard });
    for (let j = 0; j < filled.length; j++) filled[j] += written.filled[j];
    return written.file;
  });
  noteEncoded(columns, filled, notes);
  return { ...empty, rows };
}
