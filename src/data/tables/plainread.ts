/**
 * Reads columns of plain CSV files into a store, several parts at once in threads. The parts are joined in
 * the order of the rows, so the cells do not depend on the number of threads.
 */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { createThreads } from '../../threads.js';
import { type ColumnStore, NumberCellsBuilder, WordCellsBuilder } from './builders.js';
import type { Cells } from './cells.js';
import type { CsvFile } from './csvfile.js';
import type { PlainKind } from './fetchedcolumns.js';
import type { PlainColumn, PlainPart } from './plaincsv.js';
import { type PartRange, type PlainFiles, PlainPartReader } from './plainparts.js';

const WORKER_FILE = fileURLToPath(new URL('../../../workers/csvpart.js', import.meta.url));
/** Bytes of a part. */
const PART_BYTES = 2 ** 22;
const MOST_THREADS = 4;

/** The columns that are wanted: how the first cells of each are numbers; null for words. */
type PlainColumns = ReadonlyMap<string, PlainKind | null>;

/** Returns the cells of columns, in their order; null where a file is not plain and DuckDB has to read it. */
export async function readPlain(
  files: readonly CsvFile[],
  columns: PlainColumns,
  { store, longest, partBytes = PART_BYTES }: ReadOptions,
): Promise<Cells[] | null> {
  if (columns.size === 0 || files.some((file) => !mayBePlain(file))) return null;
  const setup = { files: files.map((file) => plainFile(file, columns)), longest };
  const ranges = files.flatMap((file, index) => rangesOf(index, statSync(file.path).size, partBytes));
  const joined = new JoinedColumns(columns, store);
  const isPlain =
    ranges.length < 3
      ? readHere(setup, ranges, files, joined)
      : await readInThreads(setup, ranges, files, joined);
  if (isPlain) return joined.cells();
  joined.drop();
  return null;
}

interface ReadOptions {
  readonly store: ColumnStore;
  /** Longest line in bytes. */
  readonly longest: number;
  readonly partBytes?: number | undefined;
}

const mayBePlain = ({ path, encoding, newline, returns }: CsvFile): boolean =>
  encoding === 'utf-8' && newline === null && returns !== null && !/\.(gz|zst)$/i.test(path);

function plainFile(file: CsvFile, columns: PlainColumns): PlainFiles['files'][number] {
  const planned = file.names.map((name): PlainColumn => {
    const kind = columns.get(name);
    if (kind === undefined) return null;
    return kind === null ? { as: 'words' } : { as: 'number', kind };
  });
  const { path, hasHeader, delimiter, returns } = file;
  return { path, hasHeader, delimiter, returns: returns!, columns: planned };
}

function rangesOf(file: number, size: number, partBytes: number): PartRange[] {
  return Array.from({ length: Math.ceil(size / partBytes) }, (_, i) => ({
    file,
    from: i * partBytes,
    to: Math.min(size, (i + 1) * partBytes),
  }));
}

function readHere(
  setup: PlainFiles,
  ranges: readonly PartRange[],
  files: readonly CsvFile[],
  joined: JoinedColumns,
): boolean {
  const reader = new PlainPartReader(setup);
  return ranges.every((range) => {
    const part = reader.read(range);
    if (part !== null) joined.add(part, files[range.file].names);
    return part !== null;
  });
}

/** Parts for each thread that are asked for before the first of them is joined. */
const AHEAD = 3;

/** Has threads read the parts, a few ahead of what is joined. */
async function readInThreads(
  setup: PlainFiles,
  ranges: readonly PartRange[],
  files: readonly CsvFile[],
  joined: JoinedColumns,
): Promise<boolean> {
  const count = Math.min(MOST_THREADS, availableParallelism());
  const threads = createThreads(WORKER_FILE, count, setup);
  const asked: Promise<PlainPart | null>[] = [];
  try {
    for (const [index, { file }] of ranges.entries()) {
      while (asked.length < Math.min(ranges.length, index + AHEAD * count))
        // What goes wrong here goes wrong again in DuckDB, which says what it is.
        asked.push(threads.run<PlainPart | null>(ranges[asked.length]).catch(() => null));
      const part = await asked[index];
      delete asked[index];
      if (part === null) return false;
      joined.add(part, files[file].names);
    }
    return true;
  } finally {
    await threads.release();
  }
}

/** Joins the cells of parts, column by column. */
class JoinedColumns {
  readonly #builders: ReadonlyMap<string, NumberCellsBuilder | WordCellsBuilder>;
  #rows = 0;

  constructor(
    private readonly columns: PlainColumns,
    store: ColumnStore,
  ) {
    this.#builders = new Map(
      Array.from(columns, ([name, kind]) => [
        name,
        kind === null ? new WordCellsBuilder(store) : new NumberCellsBuilder('numbers', false, store),
      ]),
    );
  }

  /** Adds the next rows. @param names of the file's columns, in its order */
  add({ rows, numbers, largest, odd, words, codes }: PlainPart, names: readonly string[]): void {
    const wanted = names.flatMap((name) => this.#builders.get(name) ?? []);
    const ofNumbers = wanted.filter((builder) => builder instanceof NumberCellsBuilder);
    const ofWords = wanted.filter((builder) => builder instanceof WordCellsBuilder);
    for (const [i, builder] of ofNumbers.entries())
      builder.appendValues(numbers.subarray(i * rows, (i + 1) * rows), largest[i]);
    for (const [i, builder] of ofWords.entries())
      builder.appendWords(words[i], codes.subarray(i * rows, (i + 1) * rows));
    for (const { column, row, word } of odd) ofNumbers[column].addOdd(this.#rows + row, word);
    this.#rows += rows;
  }

  cells(): Cells[] {
    return Array.from(this.columns.keys(), (name) => this.#builders.get(name)!.cells());
  }

  /** Removes what was collected. */
  drop(): void {
    for (const builder of this.#builders.values()) builder.drop();
  }
}
