/** Files that hold the values of one column each, on disk while a table is looked at. */
import { closeSync, openSync } from 'node:fs';
import { lowerBound } from '../ascending.js';
import { readAt } from '../files.js';

type Values = Float64Array | Uint32Array;

/** Such a file; any thread can read it. */
export interface ColumnFile {
  readonly path: string;
  readonly type: 'f64' | 'u32';
  readonly rows: number;
  /** Rows whose value is NaN, whatever the file says; ascending. */
  readonly absent: readonly number[];
}

/** Values of a piece. */
export const PIECE = 2 ** 15;
/** Most files that are open at once. */
const MOST_OPEN = 512;

/** Returns room for the values of some rows. */
export function roomFor(type: ColumnFile['type'], rows: number): Values {
  return type === 'f64' ? new Float64Array(rows) : new Uint32Array(rows);
}

/** Reads columns, and keeps the files that were opened last open, since a column is read in many pieces. */
export class ColumnFiles {
  readonly #handles = new Map<string, number>();

  /** Yields the values of a column, in the order of its rows; each piece lies where the last one lay. */
  *pieces(file: ColumnFile): Generator<Values> {
    const room = roomFor(file.type, Math.min(file.rows, PIECE));
    for (let first = 0; first < file.rows; first += PIECE) {
      const piece = room.subarray(0, Math.min(PIECE, file.rows - first));
      this.read(file, first, piece);
      yield piece;
    }
  }

  /** Fills `values` with those of the rows from `first` on. */
  read({ path, absent }: ColumnFile, first: number, values: Values): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const handle = this.#handle(path);
    const start = first * values.BYTES_PER_ELEMENT;
    if (readAt(handle, bytes, start) < bytes.length) throw new Error(`${path} has become shorter`);
    for (let i = lowerBound(absent, first); i < absent.length && absent[i] < first + values.length; i++)
      values[absent[i] - first] = Number.NaN;
  }

  close(): void {
    for (const handle of this.#handles.values()) closeSync(handle);
    this.#handles.clear();
  }

  #handle(path: string): number {
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
}
