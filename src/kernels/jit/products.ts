/**
 * The matrix products by machine code. JavaScript cuts them into calls that the code's areas have room for
 * and fills the argument block; each call is one block of the inner dimension. Bits do not depend on how they
 * are cut, because a later call goes on with the sums that an earlier one has stored.
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { MOST_DEPTH, MOST_PROGRAM, MOST_ROWS, START, WORD } from './block.js';
import type { MachineCode, ProductAddresses } from './compile.js';
import type { InstructionSet } from './encoder.js';
import { machineGather } from './gatherrows.js';
import { type Processor, THIS_PROCESSOR } from './processor.js';
import { createRecorder } from './record.js';
import { machineRounding } from './rounding.js';
import { machineUpdate } from './update.js';
import { blockWriter } from './words.js';

/** Most rows of A in one call of a forward product: their copy stays in the L2 cache. */
const AFFINE_ROWS = 256;

/** Columns from which sums over rows take less time than a call does: 2.3 µs against 5.9 for [64, 256]. */
const WIDE = 64;

/** Floats of a vector, at most. */
const VECTOR = 16;

/** Where the functions of products work, and how many numbers they multiply together. */
interface Place {
  readonly instructions: InstructionSet;
  readonly memory: WasmMemory;
  readonly scratch: number;
  readonly processor: Processor;
  readonly bfloat16: boolean;
}

/** Returns the products of shapes that the areas have room for, and what they wrote into the block. */
export function callProducts(
  code: ProductAddresses,
  { instructions, memory, scratch, processor, bfloat16 }: Place,
) {
  const { addressOf, callable } = processor;
  const block = addressOf(memory.buffer) + scratch;
  const fill = blockWriter(instructions, memory, scratch, bfloat16);
  const affine = callable(code.affine);
  const inputGradient = callable(code.inputGradient);
  const weightGradient = callable(code.weightGradient);
  const together = bfloat16 ? 2 : 1;

  /** C[R,columns] = (bias) + A[R,inner]·B, where B is [inner,columns] or the transpose of that. */
  const multiply = (
    run: (block: number) => void,
    { a, b, c, bias, R, inner, columns, outputs }: Multiplication,
    transposed: boolean,
    rectified: boolean,
  ) => {
    const step = evenBlocks(inner, together * MOST_DEPTH, together * VECTOR);
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
   * C[K,N] = the tree over the shards of Aᵀ·B, where rows of A lie `aStride` bytes apart. Returns the largest
   * magnitude in C; NaN if one is NaN.
   */
  const sumShards = (
    c: number,
    a: number,
    aStride: number,
    dz: number,
    { bounds, first, last }: ShardRows,
    K: number,
    N: number,
    mode: SumMode,
  ): number => {
    fill.forget();
    const b = dz + 4 * bounds[first] * N;
    const start = mode === 'continue' ? START.more : START.zero;
    const step = evenBlocks(K, MOST_DEPTH, VECTOR);
    fill.columns(N);
    fill.strides(aStride, 4 * N, 4 * N);
    const rows = fill.program(bounds, first, last, start);
    for (let k = 0; k < K; k += step) {
      const width = Math.min(step, K - k);
      fill.tiles(rows, width);
      fill.places(a + 4 * k, b, c + 4 * k * N, 0, start);
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
      return sumShards(dw, x + 4 * shards.bounds[shards.first] * K, 4 * K, dz, shards, K, N, mode);
    },
  };
}

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
  const { instructions } = code;
  const recorder = createRecorder(code, memory, scratch, processor);
  const recorded = { ...processor, callable: recorder.callable };
  const calls = callProducts(code, { instructions, memory, scratch, processor: recorded, bfloat16: false });
  return {
    affine: calls.affine,
    affineInputGradient: calls.affineInputGradient,
    rectifiedAffine: calls.rectifiedAffine,
    rectifiedInputGradient: calls.rectifiedInputGradient,
    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      if (fits(shards)) return calls.weightGradient(dw, x, dz, shards, K, N, mode);
      recorder.refuse();
      return wasm.affineWeightGradient(dw, x, dz, shards, K, N, mode);
    },
    // A sum is a product with ones: 1·dz + sum rounds once, as an addition does.
    columnSums(db, dz, shards, N, mode) {
      if (fits(shards) && (N >= WIDE || recorder.isRecording())) {
        return calls.sumShards(db, scratch + WORD.one, 0, dz, shards, 1, N, mode);
      }
      recorder.refuse();
      return undefined;
    },
    record(run) {
      const replay = recorder.record(run);
      if (replay === null) return null;
      return () => {
        calls.fill.forget();
        replay();
        return calls.fill.largest();
      };
    },
    update: machineUpdate(code, memory, scratch, calls.block, processor.callable),
    gatherRows: machineGather(code, memory, scratch, calls.block, processor),
    round: machineRounding(code, memory, scratch, calls.block, processor.callable),
  };
}

/** Whether the areas have room for the rows and the program of these shards. */
export const fits = ({ bounds, first, last }: ShardRows): boolean =>
  bounds[last] - bounds[first] <= MOST_ROWS && last - first <= MOST_PROGRAM;

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

/** Cuts a dimension into equal blocks of at most `most`; all but the last are multiples of `unit`. */
function evenBlocks(length: number, most: number, unit: number): number {
  const even = Math.ceil(length / Math.ceil(length / most));
  return Math.ceil(even / unit) * unit;
}
