/** The tile registers of AMX, for the emulated processor. */
import { dotBlock } from './fma.js';

const [COUNT, ROWS, WORDS] = [8, 16, 16];

export class TileRegisters {
  readonly #bits = new Uint32Array(COUNT * ROWS * WORDS);
  /** Whether the sizes have been taken from memory and not been given up since. */
  areConfigured = false;

  /** Takes the sizes, of which the code uses none but the largest. */
  configure(view: DataView, at: number): void {
    const sizes = Array.from({ length: COUNT }, (_, tile) => [
      view.getUint16(at + 16 + 2 * tile, true),
      view.getUint8(at + 48 + tile),
    ]);
    const right = sizes.every(([bytes, rows]) => bytes === 4 * WORDS && rows === ROWS);
    if (view.getUint8(at) !== 1 || !right) throw new Error('the sizes of the tile registers are wrong');
    this.#bits.fill(0);
    this.areConfigured = true;
  }

  release(): void {
    this.areConfigured = false;
  }

  zero(tile: number): void {
    this.#words(tile).fill(0);
  }

  load(tile: number, rows: readonly (readonly [DataView, number])[]): void {
    const words = this.#words(tile);
    for (let i = 0; i < words.length; i++) {
      const [view, at] = rows[Math.floor(i / WORDS)];
      words[i] = view.getUint32(at + 4 * (i % WORDS), true);
    }
  }

  store(tile: number, rows: readonly (readonly [DataView, number])[]): void {
    this.#words(tile).forEach((word, i) => {
      const [view, at] = rows[Math.floor(i / WORDS)];
      view.setUint32(at + 4 * (i % WORDS), word, true);
    });
  }

  /** to += a·b, where rows of b are pairs of the inner dimension. */
  dotPairs(to: number, a: number, b: number): void {
    const [sums, left, right] = [to, a, b].map((tile) => this.#words(tile));
    const floats = new Float32Array(sums.buffer, sums.byteOffset, sums.length);
    for (let i = 0; i < sums.length; i++) {
      const [row, column] = [Math.floor(i / WORDS), i % WORDS];
      const as = left.subarray(row * WORDS, row * WORDS + WORDS);
      const bs = Array.from({ length: ROWS }, (_, pair) => right[pair * WORDS + column]);
      floats[i] = dotBlock(floats[i], as, bs);
    }
  }

  #words(tile: number): Uint32Array {
    if (!this.areConfigured) throw new Error('a tile register is used before its size is known');
    return this.#bits.subarray(tile * ROWS * WORDS, (tile + 1) * ROWS * WORDS);
  }
}
