/** Writes the words of an instance's block (block.ts) for the calls of its functions. */
import type { WasmMemory } from '../wasm/types.js';
import { MOST_PAIRS, MOST_PROGRAM, PAIR_AREA, PROGRAM_AREA, ROWS_AREA, START, WORD } from './block.js';
import type { InstructionSet } from './encoder.js';
import { lanesOf, writeMask } from './mask.js';

/** Floats of a vector, at most. */
const LONGEST_VECTOR = 16;

/**
 * Rows of a shard from which its sums are not taken together with those of another, by instruction set. With
 * AVX2, neither way is better on every core at 32 rows; at 64, single shards are as fast or faster.
 */
const PAIRED_BELOW: Readonly<Record<InstructionSet, number>> = {
  avx2: 48,
  avx512: Number.POSITIVE_INFINITY,
};

/** What writes the words. */
export type BlockWriter = ReturnType<typeof blockWriter>;

/**
 * Returns functions that write the words.
 * @param bfloat16 whether the functions take pairs of numbers that they round
 */
export function blockWriter(
  instructions: InstructionSet,
  memory: WasmMemory,
  scratch: number,
  bfloat16: boolean,
) {
  const words = new Uint32Array(memory.buffer, scratch, PROGRAM_AREA / 4);
  const magnitudes = new Uint32Array(memory.buffer, scratch + WORD.largest, 16);
  const largest = new Float32Array(1);
  const largestBits = new Uint32Array(largest.buffer);
  const program = new Uint32Array(memory.buffer, scratch + PROGRAM_AREA, 2 * MOST_PROGRAM);
  const pairs = new Uint32Array(memory.buffer, scratch + PAIR_AREA, 2 * MOST_PAIRS);
  const lanes = lanesOf(instructions);
  const mostRows = instructions === 'avx512' ? 14 : 6;
  const panelColumns = 2 * lanes;
  const rowsOfShards = new Uint32Array(memory.buffer, scratch + ROWS_AREA, MOST_PROGRAM);
  const smallest = new Uint32Array(memory.buffer, scratch + WORD.smallestA, 2 * 16);
  /** Numbers of the inner dimension that are multiplied together. */
  const together: number = bfloat16 ? 2 : 1;
  words[WORD.self / 4] = scratch;

  const mask = (word: number, count: number) => writeMask(words, word, count, lanes);
  mask(WORD.fullMask, lanes);
  new Uint32Array(memory.buffer, scratch + WORD.magnitude, lanes).fill(0x7fffffff);
  new Uint32Array(memory.buffer, scratch + WORD.exponent, lanes).fill(0x7f800000);
  new Float32Array(memory.buffer, scratch + WORD.one, 1)[0] = 1;
  new Float32Array(memory.buffer, scratch + WORD.large, 2).set([2 ** 126, 2 ** 127]);
  new Uint32Array(memory.buffer, scratch + WORD.ones, 16).fill(0xffffffff);
  new Float32Array(memory.buffer, scratch + WORD.negativeZero, 16).fill(-0);
  const interleave = new Uint16Array(memory.buffer, scratch + WORD.interleave, 32);
  for (let i = 0; i < 32; i++) interleave[i] = (i >> 1) + 16 * (i & 1);
  return {
    together,
    /** Blocks of a dimension that is cut into several are multiples of so many numbers, or pairs. */
    unit: LONGEST_VECTOR,
    /** Forgets the magnitudes seen so far. */
    forget(): void {
      magnitudes.fill(0);
      if (bfloat16) smallest.fill(0xffffffff);
    },
    /**
     * Returns the exponents of the smallest magnitudes other than 0 in A and B since, as the bits of a float
     * have them; Infinity where all were 0.
     */
    smallestExponents(): readonly [number, number] {
      const exponent = (from: number) => {
        let least = 0xffffffff;
        for (let lane = from; lane < from + 16; lane++) least = Math.min(least, smallest[lane]);
        return least === 0xffffffff ? Number.POSITIVE_INFINITY : (least + 1) >>> 24;
      };
      return [exponent(0), exponent(16)];
    },
    /** Returns the largest magnitude among the gradients stored since; NaN if one was NaN. */
    largest(): number {
      let most = 0;
      for (let lane = 0; lane < lanes; lane++) most = Math.max(most, magnitudes[lane]);
      largestBits[0] = most;
      return largest[0];
    },
    places(a: number, b: number, c: number, bias: number, start: number): void {
      words[WORD.a / 4] = a;
      words[WORD.b / 4] = b;
      words[WORD.c / 4] = c;
      words[WORD.bias / 4] = bias;
      words[WORD.start / 4] = start;
    },
    /** Whether results are rectified; `outputs` are those from which slopes follow. */
    rectified(rectified: boolean, outputs: number): void {
      words[WORD.rectified / 4] = Number(rectified);
      words[WORD.outputs / 4] = outputs;
    },
    strides(a: number, b: number, c: number): void {
      words[WORD.aStride / 4] = a;
      words[WORD.bStride / 4] = b;
      words[WORD.cStride / 4] = c;
    },
    columns(columns: number): void {
      const edge = columns % panelColumns;
      words[WORD.panels / 4] = Math.floor(columns / panelColumns);
      words[WORD.edge / 4] = Math.ceil(edge / lanes);
      words[WORD.edgeColumns / 4] = edge;
      // A last vector that is full has all its lanes.
      mask(WORD.columnMask, edge % lanes || lanes);
    },
    /** Numbers in a row of the copy of A, which are also those added up in a forward product. */
    depth(depth: number): void {
      const perVector = together * lanes;
      const vectors = Math.floor(depth / perVector);
      const rest = depth % perVector;
      words[WORD.depth / 4] = Math.ceil(depth / together);
      words[WORD.depthVectors / 4] = vectors;
      words[WORD.rowVectors / 4] = 4 * lanes * vectors;
      words[WORD.rowRest / 4] = rest === 0 ? 0 : 1;
      mask(WORD.rowMask, Math.min(rest, lanes));
      if (!bfloat16) return;
      words[WORD.packedRows / 4] = depth;
      mask(WORD.secondMask, Math.max(0, rest - lanes));
    },
    /** Rows of A, and the rows of C, which are cut into tiles as even as they go. */
    tiles(rows: number, height: number): void {
      const tiles = Math.ceil(height / mostRows);
      const low = Math.floor(height / tiles);
      words[WORD.rows / 4] = rows;
      words[WORD.tiles / 4] = tiles;
      words[WORD.low / 4] = low;
      words[WORD.short / 4] = tiles * (low + 1) - height;
      words[WORD.strip / 4] = 4 * lanes * rows;
      mask(WORD.lowMask, low);
      mask(WORD.tallMask, low + 1);
    },
    /**
     * Rows of each shard, or pairs of them, and how many sums of earlier shards are added to its own. Two
     * shards that are added to one another before all others may be taken together where they have as many.
     * Returns the rows, or pairs, of all.
     */
    program(bounds: Int32Array, first: number, last: number, start: number): number {
      const count = last - first;
      let waiting = 0;
      let all = 0;
      for (let shard = 0; shard < count; shard++) {
        const merges = mergesAfter(shard, count, waiting);
        const rows = bounds[first + shard + 1] - bounds[first + shard];
        if (bfloat16) rowsOfShards[shard] = rows;
        program[2 * shard] = Math.ceil(rows / together);
        all += program[2 * shard];
        program[2 * shard + 1] = merges;
        waiting += 1 - merges;
      }
      words[WORD.programBytes / 4] = 8 * count;
      let paired = start === START.zero && count % 2 === 0 && count <= 2 * MOST_PAIRS;
      for (let shard = 0; paired && shard < count; shard += 2) {
        const rows = program[2 * shard];
        paired = rows === program[2 * shard + 2] && rows < PAIRED_BELOW[instructions];
        pairs[shard] = rows;
        pairs[shard + 1] = program[2 * shard + 3] - 1;
      }
      words[WORD.pairBytes / 4] = paired ? 4 * count : 0;
      words[WORD.shards / 4] = count;
      return all;
    },
  };
}

/**
 * Returns how many of the `waiting` sums are added to that of a shard among `count` ones: as many as
 * shard + 1 has 0 bits at its end, or all after the last (wasm/assembly/shards.ts).
 */
export function mergesAfter(shard: number, count: number, waiting: number): number {
  const n = shard + 1;
  return n === count ? waiting : 31 - Math.clz32(n & -n);
}
