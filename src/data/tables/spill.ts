/**
 * Keeps the columns of a table on disk while they are looked at one after the other. A column is read
 * whenever somebody asks for its values, and stays in memory as long as somebody holds them.
 */
import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeError } from '../stream/entrywriter.js';
import type { Collected, ColumnStore } from './builders.js';
import type { ColumnValues, ConvertedColumn } from './convert.js';

type Values = Float64Array | Uint32Array;
type ValuesOf<T extends Values> = new (buffer: ArrayBuffer, offset?: number, length?: number) => T;

/** Values that are collected before they are written. */
const BUFFERED = 2 ** 15;

/** A file that holds the values of one column. */
interface ColumnFile<T extends Values = Values> {
  readonly path: string;
  readonly Type: ValuesOf<T>;
  readonly length: number;
  /** Rows whose value is NaN, whatever the file says. */
  readonly absent: readonly number[];
}

export class Spill implements ColumnStore {
  #count = 0;
  /** The file of each array that was read. */
  readonly #fileOf = new WeakMap<Values, ColumnFile>();
  /** The file of each column. */
  readonly #fileOfColumn = new WeakMap<ColumnValues, ColumnFile>();
  /** The array that was read last: most often it is asked for again. */
  #last: Values | null = null;

  /** @param folder for the files; whoever owns it removes it */
  constructor(private readonly folder: string) {
    this.#trying(() => mkdirSync(folder, { mode: 0o700 }));
  }

  readonly numbers = (): Collected<Float64Array> => this.#collect<Float64Array>(Float64Array);
  readonly codes = (): Collected<Uint32Array> => this.#collect<Uint32Array>(Uint32Array);

  /** Moves the values of a converted column to disk. */
  keep(converted: ConvertedColumn): ConvertedColumn {
    const { column } = converted;
    const array = column.kind === 'words' ? column.codes : column.values;
    const known = this.#fileOf.get(array);
    const file = known?.absent.length === 0 ? known : this.#written(array);
    const load = () => this.#load(file);
    const kept: ColumnValues =
      column.kind === 'words'
        ? {
            kind: 'words',
            words: column.words,
            get codes() {
              return load() as Uint32Array;
            },
          }
        : {
            kind: 'numbers',
            get values() {
              return load() as Float64Array;
            },
          };
    this.#fileOfColumn.set(kept, file);
    return { ...converted, column: kept };
  }

  /** Returns the rows `first … last−1` of a column that is kept. */
  rowsOf(column: ColumnValues, first: number, last: number): ColumnValues {
    const values = this.#read(this.#fileOfColumn.get(column)!, first, last);
    return column.kind === 'words'
      ? { kind: 'words', words: column.words, codes: values as Uint32Array }
      : { kind: 'numbers', values: values as Float64Array };
  }

  #collect<T extends Values>(Type: ValuesOf<T> & { readonly BYTES_PER_ELEMENT: number }): Collected<T> {
    const path = this.#newPath();
    const handle = this.#trying(() => openSync(path, 'wx', 0o600));
    const buffer = new Type(new ArrayBuffer(BUFFERED * Type.BYTES_PER_ELEMENT));
    let [buffered, length] = [0, 0];
    const flush = () => {
      this.#write(handle, buffer.subarray(0, buffered) as T);
      length += buffered;
      buffered = 0;
    };
    return {
      append: (values, count) => {
        if (buffered + count > BUFFERED) flush();
        if (count > BUFFERED) {
          this.#write(handle, values.subarray(0, count) as T);
          length += count;
          return;
        }
        buffer.set(values.subarray(0, count) as never, buffered);
        buffered += count;
      },
      all: (absent = []) => {
        flush();
        closeSync(handle);
        const file: ColumnFile<T> = { path, Type, length, absent };
        return () => this.#load(file) as T;
      },
    };
  }

  #newPath(): string {
    return join(this.folder, `${this.#count++}.bin`);
  }

  #written(values: Values): ColumnFile {
    const path = this.#newPath();
    const handle = this.#trying(() => openSync(path, 'wx', 0o600));
    this.#write(handle, values);
    closeSync(handle);
    const Type = (values instanceof Float64Array ? Float64Array : Uint32Array) as ValuesOf<Values>;
    return { path, Type, length: values.length, absent: [] };
  }

  #write(handle: number, values: Values): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#trying(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    });
  }

  #load(file: ColumnFile): Values {
    if (this.#last !== null && this.#fileOf.get(this.#last) === file) return this.#last;
    this.#last = null; // what is no longer held goes before more is taken
    const values = this.#read(file, 0, file.length);
    for (const row of file.absent) values[row] = Number.NaN;
    this.#fileOf.set(values, file);
    this.#last = values;
    return values;
  }

  #read({ path, Type }: ColumnFile, first: number, last: number): Values {
    const size = Type === (Float64Array as unknown) ? 8 : 4;
    const bytes = new Uint8Array((last - first) * size);
    const handle = openSync(path, 'r');
    try {
      for (let filled = 0; filled < bytes.length; )
        filled += readSync(handle, bytes, filled, bytes.length - filled, first * size + filled);
    } finally {
      closeSync(handle);
    }
    return new Type(bytes.buffer);
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw writeError(this.folder, error);
    }
  }
}
