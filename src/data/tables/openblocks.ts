/** Opens tables, and CSV text that arrives piece by piece, to be read in blocks of rows. */
import type { TableSource } from '../source.js';
import { type CsvText, openCsvText } from './csvtext.js';
import { type Connection, lock, openDuckDB, plainly } from './duckdb.js';
import { checkColumns, openTable } from './opentable.js';
import type { BlockReader } from './reader.js';

/**
 * Opens a table that may be larger than memory, for `use`, and closes it when the last block has been taken
 * or no more are wanted. Throws DataError.
 * @param header whether the first line of CSV names the columns
 */
export async function* withBlocks<T>(
  source: TableSource | CsvText,
  header: 'yes' | 'no',
  use: (reader: BlockReader) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const { connection, close } = await openDuckDB();
  try {
    const reader =
      source.kind === 'text'
        ? await openText(connection, source, header)
        : await openTable(connection, source, header);
    try {
      checkColumns(reader);
      if (source.kind === 'text' || source.form === 'file') await plainly(connection, reader.columns.length);
      yield* use(reader);
    } finally {
      reader.close();
    }
  } finally {
    close();
  }
}

async function openText(connection: Connection, text: CsvText, header: 'yes' | 'no'): Promise<BlockReader> {
  await lock(connection, { files: [], folder: text.folder });
  return openCsvText(connection, text, header === 'yes');
}
