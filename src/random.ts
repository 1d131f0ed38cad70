/**
 * The counter-based generator Threefry-2x32-20 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A draw is a pure function of (seed, purpose, counters). The generator has no state that a
 * checkpoint would have to save or that would depend on which worker computes what, so dropout, shuffles and
 * initial weights are the same for any number of workers.
 */
import { ln } from './elementary.js';

const PARITY = 0x1bd11bda;

/** The purposes of draws. Draws for different purposes never share a key. */
export const PURPOSE = {
  init: 1,
  shuffle: 2,
  split: 3,
  step: 4,
  problem: 5,
  bench: 6,
  folds: 11,
  members: 12,
  deal: 13,
  groups: 14,
  blocks: 15,
  windows: 16,
  examine: 20,
  importance: 21,
  bootstrap: 22,
  search: 31,
  proposal: 32,
  audit: 40,
} as const;

/** Encrypts the counter (c0, c1) with the key (k0, k1) and writes the two words into out; all are uint32. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const k2 = PARITY ^ k0 ^ k1;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  let a = k1; // a and b are the key words of the next injection; the three rotate through (k0, k1, k2)
  let b = k2;
  let c = k0;
  // Twenty rounds in groups of four, two groups a turn: rotations by constants are single instructions.
  for (let group = 1; ; group += 2) {
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + a) | 0;
    x1 = (x1 + b + group) | 0;
    if (group === 5) break;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    x0 = (x0 + b) | 0;
    x1 = (x1 + c + group + 1) | 0;
    const held = a;
    a = c;
    c = b;
    b = held;
  }
  out[0] = x0;
  out[1] = x1;
}

/**
 * Returns the key of a seed's draws for one purpose. The first word holds the low 32 bits of the seed; the
 * second holds its high 21 bits and, above them, the purpose in 11 bits.
 */
export function drawKey(seed: number, purpose: number): [number, number] {
  return [seed >>> 0, (Math.floor(seed / 2 ** 32) | (purpose << 21)) >>> 0];
}

/**
 * Derives the key for draws that are numbered by more than one counter, such as those of dropout in one step,
 * which are numbered by row, layer and unit. Writes it into key[0..1].
 */
export function streamKey(seed: number, purpose: number, counter: number, key: Uint32Array): void {
  threefry2x32(...drawKey(seed, purpose), counter, 0, key);
}

/** A stream of draws for one purpose; block i of the cipher holds draws 2i and 2i+1. */
export class Stream {
  readonly #key: readonly [number, number];
  readonly #block = new Uint32Array(2);
  #next = 0;

  /**
   * @param seed any safe integer ≥ 0
   * @param counter distinguishes streams of one purpose: the number of an epoch or a parameter, for example
   */
  constructor(
    seed: number,
    purpose: number,
    readonly counter: number,
  ) {
    this.#key = drawKey(seed, purpose);
  }

  /** Returns a uniform uint32. */
  uint32(): number {
    const half = this.#next & 1;
    if (half === 0) threefry2x32(this.#key[0], this.#key[1], this.#next >>> 1, this.counter, this.#block);
    this.#next++;
    return this.#block[half];
  }

  /** Returns a uniform float64 in [0, 1) on a grid of 2⁻³². */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /**
   * Returns a uniform integer in [0, n). The lowest 2³² mod n draws are refused, so that no value is
   * favoured.
   */
  below(n: number): number {
    const refused = remainder(2 ** 32, n);
    for (;;) {
      const draw = this.uint32();
      if (draw >= refused) return remainder(draw, n);
    }
  }
}

/**
 * Returns x % n for whole numbers up to 2³², several times as fast as the operator does for doubles. A
 * quotient that is not whole is 2⁻³² of itself or more below the next whole number, so rounding does not
 * reach it.
 */
const remainder = (x: number, n: number): number => x - Math.floor(x / n) * n;

/**
 * Shuffles an array in place (Fisher–Yates). The same (seed, purpose, counter) gives arrays of one length the
 * same order.
 */
export function permute(array: Uint32Array, seed: number, purpose: number, counter: number): void {
  const stream = new Stream(seed, purpose, counter);
  for (let i = array.length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const held = array[i];
    array[i] = array[j];
    array[j] = held;
  }
}

/**
 * Returns the quantile of the standard normal distribution for 0 < p < 1, which turns a uniform draw into a
 * normal one: Acklam's rational approximation, with a relative error below 1.2e-9.
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * ln(p));
    return polynomial(TAIL_NUMERATOR, q) / (polynomial(TAIL_DENOMINATOR, q) * q + 1);
  }
  const q = p - 0.5;
  return (polynomial(CENTRE_NUMERATOR, q * q) * q) / (polynomial(CENTRE_DENOMINATOR, q * q) * q * q + 1);
}

const CENTRE_NUMERATOR = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const CENTRE_DENOMINATOR = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
];
const TAIL_NUMERATOR = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_DENOMINATOR = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];

/** Evaluates a polynomial by Horner's rule; its coefficients go from the highest power down. */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}
