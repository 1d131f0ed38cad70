/**
 * Keeps the columns of a table on disk while they are looked at one after the other. Most of what looks at
 * them reads a column piece by piece; whoever asks for all its values has them in memory while it holds them.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeError } from '../stream/entrywriter.js';
import type { Collected, ColumnStore } from './builders.js';
import type { CollectedWords, OnDisk } from './cells.js';
import { type ColumnFile, ColumnFiles, PIECE, roomFor } from './columnfiles.js';
import type { ColumnValues, ConvertedColumn } from './convert.js';
import { WordFile, WordFileWriter } from './wordfile.js';

type Values = Float64Array | Uint32Array;

export class Spill implements ColumnStore {
  #count = 0;
  readonly #files = new ColumnFiles();

  /** @param folder for the files; whoever owns it removes it */
  constructor(private readonly folder: string) {
    this.#trying(() => mkdirSync(folder, { mode: 0o700 }));
  }

  readonly numbers = (): Collected<Float64Array> => this.#collect<Float64Array>('f64');
  readonly codes = (): Collected<Uint32Array> => this.#collect<Uint32Array>('u32');
  readonly words = (): CollectedWords => {
    const path = this.#newPath();
    const writer = this.#trying(() => new WordFileWriter(path));
    return {
      append: (word) => this.#trying(() => writer.append(word)),
      end: () => new WordFile(this.#trying(() => writer.end())),
      drop: () => {
        writer.close();
        rmSync(path, { force: true });
      },
    };
  };

  /** Moves the values of a converted column to disk, unless they are there. */
  keep(converted: ConvertedColumn): ConvertedColumn {
    const { column } = converted;
    if (column.onDisk !== undefined) return converted;
    if (column.kind === 'words') {
      const onDisk = this.#onDisk(this.#written(column.codes, 'u32'));
      const { words } = column;
      return { ...converted, column: this.#lazy({ kind: 'words', words, onDisk }, 'codes', onDisk) };
    }
    const onDisk = this.#onDisk(this.#written(column.values, 'f64'));
    return { ...converted, column: this.#lazy({ kind: 'numbers', onDisk }, 'values', onDisk) };
  }

  close(): void {
    this.#files.close();
  }

  #collect<T extends Values>(type: ColumnFile['type']): Collected<T> {
    const path = this.#newPath();
    const handle = this.#trying(() => openSync(path, 'wx', 0o600));
    const buffer = roomFor(type, PIECE) as T;
    let [buffered, length] = [0, 0];
    const flush = () => {
      this.#write(handle, buffer.subarray(0, buffered) as T);
      length += buffered;
      buffered = 0;
    };
    return {
      append: (values, count) => {
        if (buffered + count > PIECE) flush();
        if (count > PIECE) {
          this.#write(handle, values.subarray(0, count) as T);
          length += count;
          return;
        }
        buffer.set(values.subarray(0, count) as never, buffered);
        buffered += count;
      },
      end: (absent = []) => {
        flush();
        closeSync(handle);
        const onDisk = this.#onDisk<T>({ path, type, rows: length, absent });
        return { all: () => this.#all(onDisk), onDisk };
      },
      drop: () => {
        closeSync(handle);
        rmSync(path, { force: true });
      },
    };
  }

  #newPath(): string {
    return join(this.folder, `${this.#count++}.bin`);
  }

  #written(values: Values, type: ColumnFile['type']): ColumnFile {
    const path = this.#newPath();
    const handle = this.#trying(() => openSync(path, 'wx', 0o600));
    this.#write(handle, values);
    closeSync(handle);
    return { path, type, rows: values.length, absent: [] };
  }

  #write(handle: number, values: Values): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#trying(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    });
  }

  #onDisk<T extends Values>(file: ColumnFile): OnDisk<T> {
    return { rows: file.rows, file, pieces: () => this.#files.pieces(file) as Generator<T> };
  }

  /** Adds the array of all values to a column, read when it is asked for. */
  #lazy(column: object, name: string, onDisk: OnDisk<Values>): ColumnValues {
    const get = () => this.#all(onDisk);
    return Object.defineProperty(column, name, { get, enumerable: true }) as unknown as ColumnValues;
  }

  #all<T extends Values>({ file }: OnDisk<T>): T {
    const values = roomFor(file.type, file.rows) as T;
    this.#files.read(file, 0, values);
    return values;
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw writeError(this.folder, error);
    }
  }
}
