/**
 * Cuts products into calls of machine code that its areas have room for, and fills the argument block; each
 * call is one block of the inner dimension. Bits do not depend on how they are cut, because a later call goes
 * on with the sums that an earlier one has stored.
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { MOST_DEPTH, START } from './block.js';
import type { ProductAddresses } from './compile.js';
import type { Processor } from './processor.js';
import type { BlockWriter } from './words.js';

/** Most rows of A in one call of a forward product: their copy stays in the L2 cache. */
const AFFINE_ROWS = 256;

/** Where the functions of products work. */
interface Place {
  readonly memory: WasmMemory;
  readonly scratch: number;
  readonly processor: Processor;
  readonly fill: BlockWriter;
}

/** Returns the products of shapes that the areas have room for, and what they wrote into the block. */
export function callProducts(code: ProductAddresses, { memory, scratch, processor, fill }: Place) {
  const { addressOf, callable } = processor;
  const block = addressOf(memory.buffer) + scratch;
  const affine = callable(code.affine);
  const inputGradient = callable(code.inputGradient);
  const weightGradient = callable(code.weightGradient);

  /** C[R,columns] = (bias) + A[R,inner]·B, where B is [inner,columns] or the transpose of that. */
  const multiply = (
    run: (block: number) => void,
    { a, b, c, bias, R, inner, columns, outputs }: Multiplication,
    transposed: boolean,
    rectified: boolean,
  ) => {
    const step = evenBlocks(inner, fill.together * MOST_DEPTH, fill.together * fill.unit);
    const bRow = 4 * (transposed ? inner : columns);
    fill.columns(columns);
    fill.strides(4 * inner, bRow, 4 * columns);
    for (let row = 0; row < R; row += AFFINE_ROWS) {
      const rows = Math.min(AFFINE_ROWS, R - row);
      fill.tiles(rows, rows);
      for (let k = 0; k < inner; k += step) {
        const depth = Math.min(step, inner - k);
        fill.depth(depth);
        // Only whole sums are rectified.
        fill.rectified(rectified && k + depth === inner, outputs + 4 * row * columns);
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

  /**
   * C[K,N] = the tree over the shards of Aᵀ·B, from the first shard's rows of A and B on. Returns the largest
   * magnitude in C; NaN if one is NaN.
   */
  const sumShards = (
    { c, cStride, a, aStride, b, bStride }: SumPlaces,
    { bounds, first, last }: ShardRows,
    K: number,
    N: number,
    mode: SumMode,
  ): number => {
    fill.forget();
    const start = mode === 'continue' ? START.more : START.zero;
    const step = evenBlocks(K, MOST_DEPTH, fill.unit);
    fill.columns(N);
    fill.strides(aStride, bStride, cStride);
    const rows = fill.program(bounds, first, last, start);
    for (let k = 0; k < K; k += step) {
      const width = Math.min(step, K - k);
      fill.tiles(rows, width);
      fill.places(a + 4 * k, b, c + k * cStride, 0, start);
      weightGradient(block);
    }
    return fill.largest();
  };

  const forward =
    (rectified: boolean): Products['affine'] =>
    (z, x, w, b, { bounds, first, last }, K, N) => {
      const from = 4 * bounds[first];
      const R = bounds[last] - bounds[first];
      const [a, c] = [x + from * K, z + from * N];
      multiply(affine, { a, b: w, c, bias: b, outputs: 0, R, inner: K, columns: N }, false, rectified);
    };
  const backward = (
    dx: number,
    dz: number,
    w: number,
    { bounds, first, last }: ShardRows,
    K: number,
    N: number,
    x: number,
  ) => {
    const from = 4 * bounds[first];
    const R = bounds[last] - bounds[first];
    const [a, c, outputs] = [dz + from * N, dx + from * K, x + from * K];
    multiply(inputGradient, { a, b: w, c, bias: 0, outputs, R, inner: N, columns: K }, true, x !== 0);
  };

  return {
    ...{ block, fill, sumShards },
    affine: forward(false),
    rectifiedAffine: forward(true),
    affineInputGradient: ((dx, dz, w, shards, K, N) =>
      backward(dx, dz, w, shards, K, N, 0)) satisfies Products['affineInputGradient'],
    rectifiedInputGradient: backward,
    weightGradient(
      dw: number,
      x: number,
      dz: number,
      shards: ShardRows,
      K: number,
      N: number,
      mode: SumMode,
    ): number {
      const from = 4 * shards.bounds[shards.first];
      const [a, b] = [x + from * K, dz + from * N];
      const places = { c: dw, cStride: 4 * N, a, aStride: 4 * K, b, bStride: 4 * N };
      return sumShards(places, shards, K, N, mode);
    },
  };
}

/** The operands of a product, as byte offsets, and their sizes. */
interface Multiplication {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly bias: number;
  /** ReLU's outputs, from which the slopes of a rectified gradient follow. */
  readonly outputs: number;
  readonly R: number;
  readonly inner: number;
  readonly columns: number;
}

/** Where a sum over rows goes and its factors begin: byte offsets, and bytes from one row to the next. */
interface SumPlaces {
  readonly c: number;
  readonly cStride: number;
  readonly a: number;
  readonly aStride: number;
  readonly b: number;
  readonly bStride: number;
}

/** Cuts a dimension into equal blocks of at most `most`; all but the last are multiples of `unit`. */
function evenBlocks(length: number, most: number, unit: number): number {
  const even = Math.ceil(length / Math.ceil(length / most));
  return Math.ceil(even / unit) * unit;
}
