/** Writes an entry of the cache of streamed data. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, syncFolder, writeFileAtomic } from '../../atomic.js';
import { DataError } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { Dataset, StoredArray } from '../dataset.js';
import { elementTypeOf } from '../elements.js';
import type { FittedDataset } from '../fit.js';
import { removeEntry, removeUnfinished } from './cachefolder.js';
import { ARRAY_FILES } from './entry.js';
import { ENTRY_VERSION, type EntryHead, entryFile, entryText } from './entryformat.js';
import { type RowWindow, recordBytes } from './records.js';
import { recordsOf, ShardFile, storedBytes } from './shardfile.js';

/** Bytes of a file of rows, about. */
const SHARD_BYTES = 2 ** 27;

/** The inputs of a dataset as they are going to be stored, with arrays that hold no rows. */
type Layout = Pick<Dataset, 'numbers' | 'numberWidth' | 'codes' | 'codeWidth'>;

/** What was fitted while the rows were written; the inputs of its dataset are empty. */
type WrittenDataset = Pick<FittedDataset, 'name' | 'schema' | 'dataset' | 'split' | 'notes' | 'fingerprint'>;

/** A file of rows that is to be written. */
interface ShardPlace {
  readonly path: string;
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

export class EntryWriter {
  /** The folder that becomes the entry. */
  readonly folder: string;
  readonly #files: EntryHead['files'] = [];
  readonly #shards: string[] = [];
  /** Each becomes null once a file is on the disk, or why it is not. */
  readonly #syncs: Promise<Error | null>[] = [];
  #layout: Layout | null = null;
  #shardRows = 1;
  #shard: ShardFile | null = null;
  readonly #remove = () => removeEntry(this.folder);

  readonly #replaces: boolean;

  /** @param entry the folder of the finished entry; what is there now is replaced */
  constructor(
    private readonly entry: string,
    root: string,
    readonly source: string,
  ) {
    this.#replaces = existsSync(entry);
    this.folder = `${entry}.${process.pid}.tmp`;
    process.once('exit', this.#remove);
    this.#writing(() => {
      makeFolder(root);
      removeUnfinished(root);
      removeEntry(this.folder);
      mkdirSync(this.folder, { mode: 0o700 });
    });
  }

  /** Begins the rows: the arrays say how they are stored. Rows that were written before are dropped. */
  begin(layout: Layout): void {
    this.#layout = layout;
    this.#shardRows = Math.max(1, Math.floor(SHARD_BYTES / Math.max(1, recordBytes(layout))));
  }

  /** Adds the first `count` rows of a window. */
  add(window: RowWindow, count: number): void {
    const layout = this.#layout!;
    const records = recordsOf({ ...layout, ...window }, count);
    const bytes = recordBytes(layout);
    this.#writing(() => {
      for (let row = 0; row < count; ) {
        if (this.#shard === null) {
          const name = this.#nextShard();
          this.#shard = new ShardFile(join(this.folder, name), name);
        }
        const rows = Math.min(count - row, this.#shardRows - this.#shard.rows);
        this.#shard.write(records.subarray(row * bytes, (row + rows) * bytes), rows);
        row += rows;
        if (this.#shard.rows === this.#shardRows) this.#endShard();
      }
    });
  }

  /** Has all rows written, some files at once; `write` does so for one of them. */
  async writeShards(
    rows: number,
    write: (shard: ShardPlace) => Promise<EntryHead['files'][number]>,
  ): Promise<void> {
    const shards = Array.from({ length: Math.ceil(rows / this.#shardRows) }, (_, i): ShardPlace => {
      const name = this.#nextShard();
      const first = i * this.#shardRows;
      return { path: join(this.folder, name), name, first, last: Math.min(rows, first + this.#shardRows) };
    });
    this.#files.push(...(await Promise.all(shards.map(write))));
  }

  #nextShard(): string {
    const name = `rows-${String(this.#shards.length).padStart(5, '0')}.bin`;
    this.#shards.push(name);
    return name;
  }

  /** Writes the rest and gives the entry its name. */
  async finish(written: WrittenDataset): Promise<void> {
    this.#writing(() => this.#writeArrays(written));
    for (const error of await Promise.all(this.#syncs)) if (error) throw writeError(this.folder, error);
    this.#writing(() => this.#complete(written));
    process.off('exit', this.#remove);
  }

  #writeArrays({ dataset, split }: WrittenDataset): void {
    if (this.#shard !== null) this.#endShard();
    const { targets, weights } = dataset;
    const arrays: [keyof typeof ARRAY_FILES, StoredArray | Uint32Array][] = [
      ['targets', targets],
      ...(weights === undefined ? [] : [['weights', weights] as [keyof typeof ARRAY_FILES, StoredArray]]),
      ['train', split.train],
      ['val', split.val],
      ['test', split.test],
    ];
    for (const [name, array] of arrays) {
      const file = new ShardFile(join(this.folder, ARRAY_FILES[name]), ARRAY_FILES[name]);
      file.write(storedBytes(array), array.length);
      this.#end(file);
    }
  }

  /** Writes what the entry is and gives it its name, now that all its files are on the disk. */
  #complete({ name, schema, dataset, notes, fingerprint }: WrittenDataset): void {
    const { targets, targetWidth, weights, rows } = dataset;
    const layout = this.#layout!;
    const { numberWidth, codeWidth } = layout;
    const head: EntryHead = {
      formatVersion: ENTRY_VERSION,
      gradpool: VERSION,
      source: this.source,
      name,
      schema,
      notes,
      fingerprint,
      rows,
      shardRows: this.#shardRows,
      shards: this.#shards,
      numberType: elementTypeOf(layout.numbers),
      numberWidth,
      codeWidth,
      targetType: elementTypeOf(targets),
      targetWidth,
      weighted: weights !== undefined,
      files: this.#files,
    };
    writeFileAtomic(entryFile(this.folder), entryText(head));
    if (this.#replaces) removeEntry(this.entry);
    // Where another process has finished the same entry meanwhile, that one stays.
    if (existsSync(this.entry)) removeEntry(this.folder);
    else renameSync(this.folder, this.entry);
    syncFolder(dirname(this.entry));
  }

  /** Removes what was written, where the entry does not come about. */
  discard(): void {
    process.off('exit', this.#remove);
    this.#shard?.close();
    this.#shard = null;
    this.#remove();
  }

  #endShard(): void {
    this.#end(this.#shard!);
    this.#shard = null;
  }

  #end(file: ShardFile): void {
    const { described, synced } = file.end();
    this.#files.push(described);
    this.#syncs.push(synced);
  }

  /** Does what the system may refuse. @throws DataError in one line */
  #writing(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw writeError(this.folder, error);
    }
  }
}

/** Returns the error for a cache that cannot be written; any other error unchanged. */
export function writeError(place: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const remedy =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'make room (gradpool cache --clear), or give a folder on another disk with --cache'
      : 'give a folder that can be written to with --cache';
  return new DataError(`${place}: the cache of streamed data cannot be written (${message}); ${remedy}`);
}
