/**
 * Keeps the columns of a table on disk while they are looked at one after the other. Most of what looks at
 * them reads a column piece by piece; whoever asks for all its values has them in memory while it holds them.
 */
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeError } from '../stream/entrywriter.js';
import type { Collected, ColumnStore } from './builders.js';
import type { OnDisk } from './cells.js';
import type { ColumnValues, ConvertedColumn } from './convert.js';

type Values = Float64Array | Uint32Array;
type ValuesOf<T extends Values> = (new (buffer: ArrayBuffer) => T) & { readonly BYTES_PER_ELEMENT: number };

/** Values that are collected before they are written, and values of a piece. */
const BUFFERED = 2 ** 15;

/** A file that holds the values of one column. */
interface ColumnFile<T extends Values = Values> {
  readonly path: string;
  readonly Type: ValuesOf<T>;
  readonly length: number;
  /** Rows whose value is NaN, whatever the file says; ascending. */
  readonly absent: readonly number[];
}

export class Spill implements ColumnStore {
  #count = 0;
  /** The file of each column on disk. */
  readonly #files = new WeakMap<OnDisk<Values>, ColumnFile>();
  readonly #open = new OpenFiles();

  /** @param folder for the files; whoever owns it removes it */
  constructor(private readonly folder: string) {
    this.#trying(() => mkdirSync(folder, { mode: 0o700 }));
  }

  readonly numbers = (): Collected<Float64Array> => this.#collect<Float64Array>(Float64Array);
  readonly codes = (): Collected<Uint32Array> => this.#collect<Uint32Array>(Uint32Array);

  /** Moves the values of a converted column to disk, unless they are there. */
  keep(converted: ConvertedColumn): ConvertedColumn {
    const { column } = converted;
    if (column.onDisk !== undefined) return converted;
    if (column.kind === 'words') {
      const onDisk = this.#onDisk(this.#written(column.codes, Uint32Array));
      const { words } = column;
      return { ...converted, column: this.#lazy({ kind: 'words', words, onDisk }, 'codes', onDisk) };
    }
    const onDisk = this.#onDisk(this.#written(column.values, Float64Array));
    return { ...converted, column: this.#lazy({ kind: 'numbers', onDisk }, 'values', onDisk) };
  }

  /** Returns the rows `first … last−1` of a column that is kept. */
  rowsOf(column: ColumnValues, first: number, last: number): ColumnValues {
    const file = this.#files.get(column.onDisk!)!;
    const values = new file.Type(new ArrayBuffer((last - first) * file.Type.BYTES_PER_ELEMENT));
    this.#read(file, first, values);
    return column.kind === 'words'
      ? { kind: 'words', words: column.words, codes: values as Uint32Array }
      : { kind: 'numbers', values: values as Float64Array };
  }

  close(): void {
    this.#open.close();
  }

  #collect<T extends Values>(Type: ValuesOf<T>): Collected<T> {
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
      end: (absent = []) => {
        flush();
        closeSync(handle);
        const onDisk = this.#onDisk<T>({ path, Type, length, absent });
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

  #written<T extends Values>(values: T, Type: ValuesOf<T>): ColumnFile<T> {
    const path = this.#newPath();
    const handle = this.#trying(() => openSync(path, 'wx', 0o600));
    this.#write(handle, values);
    closeSync(handle);
    return { path, Type, length: values.length, absent: [] };
  }

  #write(handle: number, values: Values): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#trying(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    });
  }

  #onDisk<T extends Values>(file: ColumnFile<T>): OnDisk<T> {
    const onDisk = { rows: file.length, pieces: () => this.#pieces(file) };
    this.#files.set(onDisk as OnDisk<Values>, file as ColumnFile);
    return onDisk;
  }

  /** Adds the array of all values to a column, read when it is asked for. */
  #lazy(column: object, name: string, onDisk: OnDisk<Values>): ColumnValues {
    const get = () => this.#all(onDisk);
    return Object.defineProperty(column, name, { get, enumerable: true }) as unknown as ColumnValues;
  }

  #all<T extends Values>(onDisk: OnDisk<T>): T {
    const { Type, length } = this.#files.get(onDisk as OnDisk<Values>)! as ColumnFile<T>;
    const values = new Type(new ArrayBuffer(length * Type.BYTES_PER_ELEMENT));
    let first = 0;
    for (const piece of onDisk.pieces()) {
      values.set(piece as never, first);
      first += piece.length;
    }
    return values;
  }

  *#pieces<T extends Values>(file: ColumnFile<T>): Generator<T> {
    const { Type, length, absent } = file;
    const room = new Type(new ArrayBuffer(Math.min(length, BUFFERED) * Type.BYTES_PER_ELEMENT));
    for (let first = 0, next = 0; first < length; first += BUFFERED) {
      const piece = room.subarray(0, Math.min(BUFFERED, length - first)) as T;
      this.#read(file as ColumnFile, first, piece);
      for (; next < absent.length && absent[next] < first + piece.length; next++)
        piece[absent[next] - first] = Number.NaN;
      yield piece;
    }
  }

  /** Fills values with those of a file from a row on. */
  #read({ path }: ColumnFile, first: number, values: Values): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const handle = this.#open.of(path);
    const start = first * values.BYTES_PER_ELEMENT;
    for (let filled = 0; filled < bytes.length; ) {
      const count = readSync(handle, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) throw new Error(`${path} has become shorter`);
      filled += count;
    }
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw writeError(this.folder, error);
    }
  }
}

/** Most files that are open at once. */
const MOST_OPEN = 512;

/** Keeps the files that were read from last open, since a column is read in many pieces. */
class OpenFiles {
  readonly #handles = new Map<string, number>();

  /** Returns the handle of a file. */
  of(path: string): number {
    const known = this.#handles.get(path);
    if (known !== undefined) return known;
    for (const [oldest, handle] of this.#handles) {
      if (this.#handles.size < MOST_OPEN) break;
      closeSync(handle);
      this.#handles.delete(oldest);
    }
    const handle = openSync(path, 'r');
    this.#handles.set(path, handle);
    return handle;
  }

  close(): void {
    for (const handle of this.#handles.values()) closeSync(handle);
    this.#handles.clear();
  }
}
