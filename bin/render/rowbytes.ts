/**
 * Writes rows of numbers and texts as bytes. Millions of rows are written, and a string for each number would
 * cost several times what the network does.
 */

const [ZERO, POINT, MINUS] = [0x30, 0x2e, 0x2d];

/** Digits that numbers are rounded to: they hold a float32 exactly, and the rest would be noise. */
const DIGITS = 9;
const LEAST = 10 ** (DIGITS - 1);
const MOST = 10 ** DIGITS;

/** 10^0 … 10^15, which are exact in float64. */
const POWERS = Float64Array.from({ length: 16 }, (_, p) => Number(`1e${p}`));
/** 10^-0 … 10^-7, rounded. */
const PARTS = Float64Array.from({ length: 8 }, (_, p) => Number(`1e-${p}`));

/** A part of the way to the next whole number so near to a half that a product's rounding may decide. */
const DOUBT = 1e-6;

/** Bytes that one number takes at most, such as -1.23456789e-300. */
const NUMBER_BYTES = 32;

/** Grows as texts and numbers are appended. */
export class RowBytes {
  #bytes: Buffer;
  #used = 0;

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  /** Returns what has been written; it is not written to any more. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#bytes = Buffer.allocUnsafe(Math.ceil(1.1 * this.#used) + NUMBER_BYTES);
    this.#used = 0;
    return taken;
  }

  bytes(piece: Uint8Array): void {
    this.#makeRoom(piece.length);
    const { length } = piece;
    for (let i = 0; i < length; i++) this.#bytes[this.#used + i] = piece[i];
    this.#used += length;
  }

  text(text: string): void {
    this.#makeRoom(3 * text.length);
    this.#used += this.#bytes.write(text, this.#used);
  }

  /**
   * Writes a number as `String(Number(value.toPrecision(9)))` does. Nine digits of a number between 1e-6 and
   * 1e9 are a product with a power of ten, whose error is below 1e-7; where that might decide how it is
   * rounded, and for all other numbers, the slow way is taken.
   */
  number(value: number): void {
    this.#makeRoom(NUMBER_BYTES);
    const size = Math.abs(value);
    if (!(size >= 1e-6 && size < MOST && this.#quickly(value, size))) {
      this.#used += this.#bytes.write(String(Number(value.toPrecision(DIGITS))), this.#used);
    }
  }

  /** Returns whether it could be done. */
  #quickly(value: number, size: number): boolean {
    let places = DIGITS;
    while (size >= POWERS[DIGITS - places]) places--;
    while (size < PARTS[places - DIGITS + 1]) places++;
    const scaled = size * POWERS[places];
    let digits = Math.floor(scaled);
    const part = scaled - digits;
    if (part > 0.5) digits++;
    if (Math.abs(part - 0.5) < DOUBT || digits < LEAST || digits >= MOST) return false;
    while (places > 0 && digits % 10 === 0) {
      digits /= 10;
      places--;
    }
    if (value < 0) this.#bytes[this.#used++] = MINUS;
    const whole = Math.floor(digits / POWERS[places]);
    this.#digits(whole, digitsOf(whole));
    if (places === 0) return true;
    this.#bytes[this.#used++] = POINT;
    this.#digits(digits - whole * POWERS[places], places);
    return true;
  }

  /** Writes a whole number with so many digits. */
  #digits(number: number, count: number): void {
    let rest = number | 0;
    for (let at = this.#used + count - 1; at >= this.#used; at--) {
      const tens = (rest / 10) | 0;
      this.#bytes[at] = ZERO + rest - 10 * tens;
      rest = tens;
    }
    this.#used += count;
  }

  #makeRoom(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#used + length));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

/** Returns how many digits a whole number below 1e9 has. */
function digitsOf(whole: number): number {
  let count = 1;
  while (whole >= POWERS[count]) count++;
  return count;
}
