/**
 * The matrix products by machine code. JavaScript cuts them into calls that the code's areas have room for
 * and fills the argument block; each call is one block of the inner dimension. Bits do not depend on how they
 * are cut, because a later call goes on with the sums that an earlier one has stored.
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import {
  MOST_DEPTH,
  MOST_PAIRS,
  MOST_PROGRAM,
  MOST_ROWS,
  PAIR_AREA,
  PROGRAM_AREA,
  START,
  WORD,
} from './block.js';
import type { MachineCode } from './compile.js';
import { machineGather } from './gatherrows.js';
import { type Processor, THIS_PROCESSOR } from './processor.js';
import { machineUpdate } from './update.js';

/** Most rows of A in one call of a forward product: their copy stays in the L2 cache. */
const AFFINE_ROWS = 256;

/** Columns from which sums over rows take less time than a call does: 2.3 µs against 5.9 for [64, 256]. */
const WIDE = 64;

/**
 * Returns the products on a shared memory, for the calling thread.
 * @param scratch byte offset of BLOCK_BYTES in the memory that belong to this instance alone, 64-byte aligned
 * @param wasm products with the same bits, for the rare shapes that the areas have no room for
 */
export function machineProducts(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  wasm: Products,
  processor: Processor = THIS_PROCESSOR,
): Products {
  const { addressOf, callable } = processor;
  const block = addressOf(memory.buffer) + scratch;
  const fill = blockWriter(code, memory, scratch);
  const affine = callable(code.affine);
  const inputGradient = callable(code.inputGradient);
  const weightGradient = callable(code.weightGradient);

  /** C[R,columns] = (bias) + A[R,inner]·B, where B is [inner,columns] or the transpose of that. */
  const multiply = (
    run: (block: number) => void,
    { a, b, c, bias, R, inner, columns }: Multiplication,
    transposed: boolean,
  ) => {
    const step = blockDepth(inner);
    const bRow = 4 * (transposed ? inner : columns);
    fill.columns(columns);
    fill.strides(4 * inner, bRow, 4 * columns);
    for (let row = 0; row < R; row += AFFINE_ROWS) {
      const rows = Math.min(AFFINE_ROWS, R - row);
      fill.tiles(rows, rows);
      for (let k = 0; k < inner; k += step) {
        const depth = Math.min(step, inner - k);
        fill.depth(depth);
        fill.places(
          a + 4 * (row * inner + k),
          b + k * (transposed ? 4 : bRow),
          c + 4 * row * columns,
          bias,
          k > 0 ? START.more : bias === 0 ? START.zero : START.bias,
        );
        run(block);
      }
    }
  };

  /** C[K,N] = the tree over the shards of Aᵀ·B, where rows of A lie `aStride` bytes apart. */
  const sumShards = (
    c: number,
    a: number,
    aStride: number,
    dz: number,
    { bounds, first, last }: ShardRows,
    K: number,
    N: number,
    mode: SumMode,
  ) => {
    const R = bounds[last] - bounds[first];
    const b = dz + 4 * bounds[first] * N;
    const start = mode === 'continue' ? START.more : START.zero;
    const step = blockDepth(K);
    fill.columns(N);
    fill.strides(aStride, 4 * N, 4 * N);
    fill.program(bounds, first, last, start);
    for (let k = 0; k < K; k += step) {
      const width = Math.min(step, K - k);
      fill.tiles(R, width);
      fill.places(a + 4 * k, b, c + 4 * k * N, 0, start);
      weightGradient(block);
    }
  };

  return {
    affine(z, x, w, b, { bounds, first, last }, K, N) {
      const from = 4 * bounds[first];
      const R = bounds[last] - bounds[first];
      multiply(affine, { a: x + from * K, b: w, c: z + from * N, bias: b, R, inner: K, columns: N }, false);
    },
    affineInputGradient(dx, dz, w, { bounds, first, last }, K, N) {
      const from = 4 * bounds[first];
      const R = bounds[last] - bounds[first];
      multiply(
        inputGradient,
        { a: dz + from * N, b: w, c: dx + from * K, bias: 0, R, inner: N, columns: K },
        true,
      );
    },
    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      if (!fits(shards)) return wasm.affineWeightGradient(dw, x, dz, shards, K, N, mode);
      fill.forget();
      sumShards(dw, x + 4 * shards.bounds[shards.first] * K, 4 * K, dz, shards, K, N, mode);
      return fill.largest();
    },
    // A sum is a product with ones: 1·dz + sum rounds once, as an addition does.
    columnSums(db, dz, shards, N, mode) {
      if (N < WIDE || !fits(shards)) return false;
      sumShards(db, scratch + WORD.one, 0, dz, shards, 1, N, mode);
      return true;
    },
    update: machineUpdate(code, memory, scratch, block, callable),
    gatherRows: machineGather(code, memory, scratch, block, processor),
  };
}

/** Whether the areas have room for the rows and the program of these shards. */
const fits = ({ bounds, first, last }: ShardRows): boolean =>
  bounds[last] - bounds[first] <= MOST_ROWS && last - first <= MOST_PROGRAM;

/** The operands of a product, as byte offsets, and their sizes. */
interface Multiplication {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly bias: number;
  readonly R: number;
  readonly inner: number;
  readonly columns: number;
}

/** Cuts an inner dimension into equal blocks of at most MOST_DEPTH; all but the last are whole vectors. */
function blockDepth(inner: number): number {
  const even = Math.ceil(inner / Math.ceil(inner / MOST_DEPTH));
  return Math.ceil(even / 16) * 16;
}

/** Returns functions that write the words of an instance's block. */
function blockWriter({ instructions }: MachineCode, memory: WasmMemory, scratch: number) {
  const words = new Uint32Array(memory.buffer, scratch, PROGRAM_AREA / 4);
  const magnitudes = new Uint32Array(memory.buffer, scratch + WORD.largest, 16);
  const largest = new Float32Array(1);
  const largestBits = new Uint32Array(largest.buffer);
  const program = new Uint32Array(memory.buffer, scratch + PROGRAM_AREA, 2 * MOST_PROGRAM);
  const pairs = new Uint32Array(memory.buffer, scratch + PAIR_AREA, 2 * MOST_PAIRS);
  const lanes = instructions === 'avx512' ? 16 : 8;
  const mostRows = instructions === 'avx512' ? 14 : 6;
  const panelColumns = 2 * lanes;
  words[WORD.self / 4] = scratch;

  const mask = (word: number, count: number) => {
    if (instructions === 'avx512') words[word / 4] = (1 << count) - 1;
    else for (let lane = 0; lane < lanes; lane++) words[word / 4 + lane] = lane < count ? 0xffffffff : 0;
  };
  mask(WORD.fullMask, lanes);
  new Uint32Array(memory.buffer, scratch + WORD.magnitude, lanes).fill(0x7fffffff);
  new Float32Array(memory.buffer, scratch + WORD.one, 1)[0] = 1;
  return {
    /** Forgets the magnitudes seen so far. */
    forget(): void {
      magnitudes.fill(0);
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
      const vectors = Math.floor(depth / lanes);
      words[WORD.depth / 4] = depth;
      words[WORD.depthVectors / 4] = vectors;
      words[WORD.rowVectors / 4] = 4 * lanes * vectors;
      words[WORD.rowRest / 4] = depth % lanes === 0 ? 0 : 1;
      mask(WORD.rowMask, depth % lanes);
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
     * Rows of each shard, and how many sums of earlier shards are added to its own. Two shards that are added
     * to one another before all others may be taken together where they have as many rows.
     */
    program(bounds: Int32Array, first: number, last: number, start: number): void {
      const count = last - first;
      let waiting = 0;
      for (let shard = 0; shard < count; shard++) {
        const merges = shard + 1 === count ? waiting : trailingZeros(shard + 1);
        program[2 * shard] = bounds[first + shard + 1] - bounds[first + shard];
        program[2 * shard + 1] = merges;
        waiting += 1 - merges;
      }
      words[WORD.programBytes / 4] = 8 * count;
      let paired = start === START.zero && count % 2 === 0 && count <= 2 * MOST_PAIRS;
      for (let shard = 0; paired && shard < count; shard += 2) {
        paired = program[2 * shard] === program[2 * shard + 2];
        pairs[shard] = program[2 * shard];
        pairs[shard + 1] = program[2 * shard + 3] - 1;
      }
      words[WORD.pairBytes / 4] = paired ? 4 * count : 0;
    },
  };
}

const trailingZeros = (n: number): number => 31 - Math.clz32(n & -n);
