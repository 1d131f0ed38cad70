/**
 * Reads CSV text that arrives piece by piece, as from standard input. It is cut where records end, and DuckDB
 * reads one part after the other from a file that lives as long as that takes.
 */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import { type Cells, rowsOf } from './cells.js';
import { columnId, describeCsv, LONGEST_LINE, scan } from './csv.js';
import { type CsvFile, HEAD, headEncoding, splitFirst } from './csvfile.js';
import { place, rowError } from './csvrows.js';
import { type BlockPlan, fetchBlocks, planBlocks } from './duckblocks.js';
import type { Connection } from './duckdb.js';
import type { TableExpression } from './duckread.js';
import { oneKindOfNewline } from './newlines.js';
import type { BlockReader, CellBlock, ReadModes } from './reader.js';
import { cutRecords } from './recordcutter.js';

/** CSV text that arrives piece by piece and can be read once, in blocks. */
export interface CsvText {
  readonly kind: 'text';
  /** What messages call it. */
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** A folder of the caller's, in which parts of the text lie while they are read. */
  readonly folder: string;
  /** Bytes that are read at once, about; by default a tenth of a second's work. */
  readonly partBytes?: number;
}

/** A tenth of a second's work for DuckDB. */
const PART_BYTES = 2 ** 22;

/** Opens CSV text as a table. */
export async function openCsvText(
  connection: Connection,
  { name, bytes, folder, partBytes = PART_BYTES }: CsvText,
  hasHeader: boolean,
): Promise<BlockReader> {
  const pieces = bytes[Symbol.asyncIterator]();
  const begun = await beginning(pieces);
  if (headEncoding(name, begun) !== 'utf-8') throw new DataError(`${name}: UTF-16 text; save it to a file`);
  const head = begun.subarray(0, HEAD);
  const described = describeCsv(name, head, { encoding: 'utf-8', hasHeader });
  const { end } = splitFirst(new TextDecoder().decode(head));
  const { names, delimiter } = described;
  const columns = (wanted: readonly string[]) =>
    wanted.map((column) => ({
      name: column,
      stored: { kind: 'text', text: columnId(names.indexOf(column)) } as const,
    }));
  return {
    source: name,
    columns: names.map((column) => ({ name: column, nested: null })),
    notes: [],
    header: { cells: hasHeader ? names : [], assumed: false },
    async *blocks(wanted, modes, texts, size) {
      const cutting = { name, delimiter, endsAtReturns: end === '\r', partBytes, longest: LONGEST_LINE };
      const read = new PartReader(connection, described, { folder, size });
      for await (const part of cutRecords(resumed(begun, pieces, partBytes), cutting)) {
        yield* read.blocks(part, columns(wanted), modes, columns(texts));
      }
    },
    close: () => {},
  };
}

/** Takes as much of the text as is looked at to find out how it is written. */
async function beginning(pieces: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const taken: Uint8Array[] = [];
  for (let bytes = 0; bytes < HEAD; ) {
    const { done, value } = await pieces.next();
    if (done) break;
    taken.push(value);
    bytes += value.length;
  }
  return Buffer.concat(taken);
}

/** Yields what was taken already, and then the rest. */
async function* resumed(
  begun: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < begun.length; at += partBytes) yield begun.subarray(at, at + partBytes);
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** Reads one part after the other, and remembers how many rows there were before. */
class PartReader {
  #rows = 0;
  #plan: BlockPlan | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly described: CsvFile,
    private readonly options: { readonly folder: string; readonly size: number },
  ) {}

  async *blocks(
    { bytes, lines }: { readonly bytes: Buffer; readonly lines: number },
    columns: Parameters<typeof planBlocks>[2],
    modes: ReadModes,
    texts: Parameters<typeof planBlocks>[4],
  ): AsyncGenerator<CellBlock> {
    const { connection, described } = this;
    const { folder, size } = this.options;
    const path = join(folder, `${randomBytes(8).toString('hex')}.csv`);
    const part = { bytes, rows: this.#rows, lines };
    const hasHeader = described.hasHeader && lines === 0;
    const written: CsvFile = { ...described, path, hasHeader, part };
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
    let file = written;
    const table: TableExpression = (numbers) => scan(file, [file], numbers);
    let first = 0;
    try {
      for (;;) {
        try {
          this.#plan ??= await planBlocks(connection, table, columns, modes, texts);
          for await (const cells of fetchBlocks(connection, table, this.#plan, size, first)) {
            const start = first;
            first += rowsIn(cells);
            this.#rows += rowsIn(cells);
            yield { cells, locate: (row) => place(written, start + row + 1, false) };
          }
          return;
        } catch (error) {
          const isMixed = (error as Error).message.includes('invalid state');
          if (!isMixed || file !== written) throw await rowError(described.file, error, [file]);
          file = await oneKindOfNewline(written, folder, []);
        }
      }
    } finally {
      await Promise.all([written, file].map(({ path: used }) => rm(used, { force: true })));
    }
  }
}

const rowsIn = ([first]: readonly Cells[]): number => rowsOf(first);
