/** What is done with all columns on disk after they were read, in a thread where there are many rows. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Answer, resultOf } from '../../answers.js';
import { createThreads, type Threads } from '../../threads.js';
import type { ColumnSchema } from '../columnschema.js';
import type { TableSchema } from '../schema.js';
import type { EntryHead } from '../stream/entryformat.js';
import { writeError } from '../stream/entrywriter.js';
import { recordsOf, ShardFile } from '../stream/shardfile.js';
import { type ColumnFile, ColumnFiles, roomFor } from './columnfiles.js';
import type { ColumnValues } from './convert.js';
import { encodeRows } from './encode.js';
import { type PrintedColumn, tableFingerprint } from './fingerprint.js';
import { type StoredWords, WordFile } from './wordfile.js';

/** A column of the schema, with the file of its values or codes. */
export interface StoredColumn {
  readonly schema: ColumnSchema;
  /** The words of the codes; null for numbers. */
  readonly words: readonly string[] | null;
  readonly file: ColumnFile;
}

/** Computes the fingerprint of the table. */
interface FingerprintTask {
  readonly kind: 'fingerprint';
  readonly printed: readonly SentColumn[];
  readonly files: readonly ColumnFile[];
}

/** A printed column in a form that crosses to a thread. */
type SentColumn = Omit<PrintedColumn, 'words'> & { readonly words: readonly string[] | StoredWords | null };

/** Encodes the rows `first … last−1` and writes them to a file of the cache. */
interface ShardTask {
  readonly kind: 'shard';
  readonly columns: readonly StoredColumn[];
  readonly numberType: TableSchema['numberType'];
  readonly path: string;
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

interface WrittenShard {
  readonly file: EntryHead['files'][number];
  /** Missing numbers of each feature. */
  readonly filled: Uint32Array;
}

/** What can be done with columns on disk. */
export type ColumnTask = FingerprintTask | ShardTask;

/** Does a task. */
export function workColumns(task: ColumnTask): string | WrittenShard {
  const files = new ColumnFiles();
  try {
    return task.kind === 'fingerprint' ? computeFingerprint(task, files) : writeShard(task, files);
  } finally {
    files.close();
  }
}

function computeFingerprint({ printed, files }: FingerprintTask, reader: ColumnFiles): string {
  function* arrays() {
    for (const file of files) yield* reader.pieces(file);
  }
  const columns = printed.map((column): PrintedColumn => {
    const { words } = column;
    return { ...column, words: words !== null && 'blocks' in words ? new WordFile(words) : words };
  });
  return tableFingerprint(columns, arrays());
}

/** Rows that are encoded together. */
const ROWS = 2 ** 14;

function writeShard(
  { columns, numberType, path, name, first, last }: ShardTask,
  files: ColumnFiles,
): WrittenShard {
  try {
    const shard = new ShardFile(path, name);
    const filled = encodedLayout(columns, numberType).filled;
    for (let from = first; from < last; from += ROWS) {
      const rows = Math.min(last - from, ROWS);
      const encoded = encodeRows(rows, readColumns(columns, files, from, rows), numberType);
      for (let j = 0; j < filled.length; j++) filled[j] += encoded.filled[j];
      shard.write(recordsOf(encoded.inputs, rows), rows);
    }
    return { file: shard.endNow(), filled };
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Returns how rows are encoded, by encoding none. */
export const encodedLayout = (columns: readonly StoredColumn[], numberType: TableSchema['numberType']) =>
  encodeRows(0, readColumns(columns, new ColumnFiles(), 0, 0), numberType);

function readColumns(columns: readonly StoredColumn[], files: ColumnFiles, first: number, rows: number) {
  return columns.map(({ schema, words, file }) => {
    const values = roomFor(file.type, rows);
    if (rows > 0) files.read(file, first, values);
    const column: ColumnValues =
      words === null
        ? { kind: 'numbers', values: values as Float64Array }
        : { kind: 'words', words, codes: values as Uint32Array };
    return { schema, read: { column, missing: new Map(), misfit: null } };
  });
}

const WORKER_FILE = fileURLToPath(new URL('../../../workers/columns.js', import.meta.url));
/** Rows from which on threads pay. */
const MANY_ROWS = 2 ** 17;
const MOST_THREADS = 4;

/** Does tasks, in threads where the columns have many rows. */
export class ColumnWorkers {
  #threads: Threads | null = null;

  fingerprint(columns: readonly PrintedColumn[], files: readonly ColumnFile[]): Promise<string> {
    const printed = columns.map((column): SentColumn => {
      const { words } = column;
      return { ...column, words: words instanceof WordFile ? words.stored : words && [...words] };
    });
    const found = this.#run<string>({ kind: 'fingerprint', printed, files }, files[0].rows);
    found.catch(() => {}); // it is thrown where it is awaited, unless something else fails before
    return found;
  }

  writeShard(task: Omit<ShardTask, 'kind'>): Promise<WrittenShard> {
    return this.#run({ kind: 'shard', ...task }, task.columns[0].file.rows);
  }

  async close(): Promise<void> {
    await this.#threads?.release();
  }

  async #run<Result>(task: ColumnTask, rows: number): Promise<Result> {
    if (rows < MANY_ROWS) return workColumns(task) as Result;
    this.#threads ??= createThreads(WORKER_FILE, Math.min(MOST_THREADS, availableParallelism()));
    return resultOf(await this.#threads.run<Answer<Result>>(task));
  }
}
