/**
 * Parses CSV text of the plainest kind, several times as fast as DuckDB: cells without quotes or with quotes
 * around the whole cell, numbers as programs write them, one kind of line end. It gives the cells that DuckDB
 * would give, or nothing: then DuckDB reads the text. The tests compare the two.
 */
import { isUtf8 } from 'node:buffer';
import { NO_WORD } from './cells.js';
import type { PlainKind } from './fetchedcolumns.js';
import { WordTable } from './wordtable.js';

/** What becomes of a column of the file. Null is passed over; numbers are checked as `fetchParsed` does. */
export type PlainColumn =
  | { readonly as: 'words' }
  | { readonly as: 'number'; readonly kind: PlainKind }
  | null;

/** How the text is written. */
export interface PlainFormat {
  readonly columns: readonly PlainColumn[];
  readonly delimiter: string;
  /** Whether lines end with a carriage return and a line feed. */
  readonly returns: boolean;
}

/** The cells of some records, column by column in the order of the file's columns. */
export interface PlainPart {
  readonly rows: number;
  /** [number columns, rows] */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Largest magnitude in each column of numbers. */
  readonly largest: readonly number[];
  /** Odd cells, by the index of the column among those of numbers. */
  readonly odd: readonly { readonly column: number; readonly row: number; readonly word: string }[];
  /** Words in the order in which they first occur here, for each column of words. */
  readonly words: readonly (readonly string[])[];
  /** [word columns, rows]: indices of the column's words, NO_WORD for empty cells. */
  readonly codes: Uint32Array<ArrayBuffer>;
}

const [LINE_FEED, RETURN, QUOTE, MINUS, POINT, ZERO] = [0x0a, 0x0d, 0x22, 0x2d, 0x2e, 0x30];
/** Most digits of a number that a double holds exactly, so that one division rounds once. */
const EXACT_DIGITS = 15;
/** Most digits of a number that fits into 32 bits with a sign. */
const INT32_DIGITS = 9;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => Number(`1e${i}`));
const NUMBER = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** Text that DuckDB surely takes for no number: it begins with a letter, but not as `inf` or `nan` do. */
const NO_NUMBER = /^([A-HJ-MO-Za-hj-mo-z?]|N\/?A$|n\/a$|[Nn]one$|null$|NULL$|Null$)/;

/** Thrown, and caught here, at what is not plain. */
class NotPlain extends Error {}

/** Room for the cells of one column while records are parsed. */
type Room =
  | { readonly as: 'nothing' }
  | { readonly as: 'words'; readonly table: WordTable; readonly codes: Uint32Array }
  | NumberRoom;

interface NumberRoom {
  readonly as: 'number';
  readonly kind: PlainKind;
  /** Index among the columns of numbers. */
  readonly column: number;
  readonly values: Float64Array;
}

export class PlainParser {
  readonly #tables: readonly WordTable[];
  readonly #numbers: number;
  /** Bytes that may end a cell. */
  readonly #ends = new Uint8Array(256);
  readonly #delimiter: number;
  #odd: PlainPart['odd'][number][] = [];

  constructor(private readonly format: PlainFormat) {
    this.#numbers = format.columns.filter((column) => column?.as === 'number').length;
    this.#tables = format.columns.flatMap((column) => (column?.as === 'words' ? [new WordTable()] : []));
    this.#delimiter = format.delimiter.charCodeAt(0);
    for (const byte of [LINE_FEED, RETURN, QUOTE, this.#delimiter]) this.#ends[byte] = 1;
  }

  /** Parses whole records; returns null where they are not plain. */
  parse(bytes: Buffer): PlainPart | null {
    if (bytes.includes(0) || !isUtf8(bytes)) return null;
    const rows = recordsIn(bytes);
    const numbers = new Float64Array(this.#numbers * rows);
    const codes = new Uint32Array(this.#tables.length * rows);
    for (const table of this.#tables) table.begin();
    this.#odd = [];
    try {
      this.#parse(bytes, rows, this.#rooms(rows, numbers, codes));
    } catch (error) {
      if (error instanceof NotPlain) return null;
      throw error;
    }
    const largest = Array.from({ length: this.#numbers }, (_, i) =>
      magnitude(numbers.subarray(i * rows, (i + 1) * rows)),
    );
    return { rows, numbers, largest, odd: this.#odd, words: this.#tables.map((table) => table.own), codes };
  }

  /** Returns where the cells of each column of the file go. */
  #rooms(rows: number, numbers: Float64Array, codes: Uint32Array): Room[] {
    let [number, word] = [0, 0];
    return this.format.columns.map((column): Room => {
      if (column === null) return { as: 'nothing' };
      if (column.as === 'words') {
        const i = word++;
        return { as: 'words', table: this.#tables[i], codes: codes.subarray(i * rows, (i + 1) * rows) };
      }
      const i = number++;
      const values = numbers.subarray(i * rows, (i + 1) * rows);
      return { as: 'number', kind: column.kind, column: i, values };
    });
  }

  #parse(bytes: Buffer, rows: number, rooms: readonly Room[]): void {
    const { returns } = this.format;
    const last = rooms.length - 1;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      if (bytes[at] === LINE_FEED || bytes[at] === RETURN) throw new NotPlain();
      for (let c = 0; c <= last; c++) {
        const room = rooms[c];
        if (room.as === 'number') at = this.#number(bytes, at, room, row);
        else {
          const start = at;
          at = this.#cellEnd(bytes, at);
          if (room.as === 'words') room.codes[row] = this.#code(bytes, start, at, room.table);
        }
        if (c < last) {
          if (bytes[at++] !== this.#delimiter) throw new NotPlain();
        } else if (at < bytes.length) {
          if (returns && bytes[at++] !== RETURN) throw new NotPlain();
          if (bytes[at++] !== LINE_FEED) throw new NotPlain();
        }
      }
    }
  }

  /** Returns where a cell ends that begins at `at`. */
  #cellEnd(bytes: Buffer, at: number): number {
    let end = at;
    if (bytes[at] === QUOTE) {
      for (end++; bytes[end] !== QUOTE; end++) {
        if (end >= bytes.length || bytes[end] === LINE_FEED || bytes[end] === RETURN) throw new NotPlain();
      }
      end++;
      if (end < bytes.length && this.#ends[bytes[end]] === 0) throw new NotPlain();
      if (end - at === 2) throw new NotPlain(); // an empty text rather than no value
    } else while (end < bytes.length && this.#ends[bytes[end]] === 0) end++;
    if (bytes[end] === QUOTE) throw new NotPlain();
    return end;
  }

  #code(bytes: Buffer, start: number, end: number, table: WordTable): number {
    if (start === end) return NO_WORD;
    return bytes[start] === QUOTE ? table.code(bytes, start + 1, end - 1) : table.code(bytes, start, end);
  }

  /** Reads a number to its room and returns where its cell ends. */
  #number(bytes: Buffer, start: number, room: NumberRoom, row: number): number {
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let byte = bytes[at];
    // Digits are gathered as a 32-bit integer, which is faster than a double; if they do not fit, again.
    let whole = 0;
    for (; isDigit(byte); byte = bytes[++at]) whole = (Math.imul(whole, 10) + byte - ZERO) | 0;
    const point = at;
    let decimals = 0;
    if (byte === POINT) {
      byte = bytes[++at];
      for (; isDigit(byte); byte = bytes[++at]) whole = (Math.imul(whole, 10) + byte - ZERO) | 0;
      decimals = at - point - 1;
    }
    const digits = point - first + decimals;
    const isEnd = at >= bytes.length || this.#ends[byte] === 1;
    if (!isEnd || digits === 0 || digits > EXACT_DIGITS) return this.#unusual(bytes, start, room, row);
    const size = (digits > INT32_DIGITS ? wholeOf(bytes, first, at) : whole) / POWERS[decimals];
    room.values[row] = isNegative ? -size : size;
    if (room.kind !== 'fractions' && room.kind !== 'gaps') {
      const isDoubtful =
        room.kind === 'thousandths'
          ? point === at
          : !isNegative &&
            ((point - first > 1 && bytes[first] === ZERO) ||
              (point < at && bytes[at - 1] === ZERO && at - start > 4 && size >= 1 && size < 1000));
      if (isDoubtful) this.#addOdd(bytes, start, at, room, row);
    }
    return at;
  }

  /** Does so for an empty cell, a number with an exponent or many digits, and text that is no number. */
  #unusual(bytes: Buffer, start: number, room: NumberRoom, row: number): number {
    const end = this.#cellEnd(bytes, start);
    room.values[row] = Number.NaN;
    if (end === start) return end;
    const text = bytes.toString('latin1', start, end);
    if (NUMBER.test(text)) {
      const value = Number(text);
      if (!Number.isFinite(value)) throw new NotPlain();
      room.values[row] = value;
      if (isDoubtful(text, value, room.kind)) this.#addOdd(bytes, start, end, room, row);
    } else if (NO_NUMBER.test(text)) this.#addOdd(bytes, start, end, room, row);
    else throw new NotPlain();
    return end;
  }

  #addOdd(bytes: Buffer, start: number, end: number, { column }: NumberRoom, row: number): void {
    this.#odd.push({ column, row, word: bytes.toString('utf8', start, end) });
  }
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9;

/** Returns the whole number that the digits `first … end−1` make, a point among them passed over. */
function wholeOf(bytes: Buffer, first: number, end: number): number {
  let whole = 0;
  for (let at = first; at < end; at++) if (bytes[at] !== POINT) whole = whole * 10 + bytes[at] - ZERO;
  return whole;
}

/** Says of a number what `DOUBTFUL` in `fetchedcolumns.ts` says in SQL. */
function isDoubtful(text: string, value: number, kind: PlainKind): boolean {
  if (kind === 'thousandths') return !text.includes('.');
  if (kind !== 'whole') return false;
  return (
    /^0\d/.test(text) ||
    (value % 10 === 0 && /e/i.test(text)) ||
    (value >= 1 && value < 1000 && text.length > 4 && text.endsWith('0') && text.includes('.'))
  );
}

/** Counts the records: each ends with a line feed, but for the last one of a file. */
function recordsIn(bytes: Buffer): number {
  let rows = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) rows++;
  return bytes.length > 0 && bytes[bytes.length - 1] !== LINE_FEED ? rows + 1 : rows;
}

function magnitude(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > largest) largest = size;
  }
  return largest;
}
