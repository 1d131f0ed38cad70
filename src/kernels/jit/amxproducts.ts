/**
 * The products of bfloat16 by AMX. Their bits are their own (amxmodel.ts), so all shapes are computed here,
 * also those for which the areas have no room at once: what computes a shard must not depend on how many
 * shards a worker has.
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { AMX_BLOCK } from './amxmodel.js';
import { amxWriter, MOST_AMX_SHARDS } from './amxwords.js';
import { BLOCK_BYTES, MOST_DEPTH, MOST_ROWS } from './block.js';
import { callProducts } from './calls.js';
import type { ProductAddresses } from './compile.js';
import { type Processor, THIS_PROCESSOR } from './processor.js';
import { mergesAfter } from './words.js';

/** Most rows of one call: their pairs fill a panel. */
const MOST_SHARD_ROWS = 2 * MOST_ROWS;
/** Columns and floats of a sum that waits for others, a block of K wide. */
const COLUMNS = 32;
const SUM = MOST_DEPTH * COLUMNS;
/** So many sums wait at a time; a tree over 2^11 groups needs no more. */
const SUMS = 12;
/** Bytes of the block with its areas, and of the sums behind it. */
export const AMX_BLOCK_BYTES = BLOCK_BYTES + 4 * SUM * SUMS;

/**
 * Returns the products on a shared memory, for the calling thread.
 * @param scratch byte offset of AMX_BLOCK_BYTES in the memory that belong to this instance alone, 64-byte
 *   aligned
 * @param refuse is told when the gradient is not left to machine code alone, so that it cannot be recorded
 */
export function amxProducts(
  code: ProductAddresses,
  memory: WasmMemory,
  scratch: number,
  processor: Processor = THIS_PROCESSOR,
  refuse = () => {},
): Products {
  const fill = amxWriter(memory, scratch);
  const calls = callProducts(code, { memory, scratch, processor, fill });
  const sums = new Float32Array(memory.buffer, scratch + BLOCK_BYTES, SUM * SUMS);

  /** Computes the gradient group by group, and adds up their sums; returns the largest magnitude. */
  const sumGroups = (dw: number, x: number, dz: number, shards: ShardRows, K: number, N: number) => {
    const { first, last } = shards;
    const size = groupSize(shards);
    const groups = Math.ceil((last - first) / size);
    const result = new Float32Array(memory.buffer, dw, K * N);
    let largest = 0;
    for (let n = 0; n < N; n += COLUMNS) {
      for (let k = 0; k < K; k += MOST_DEPTH) {
        const [width, columns] = [Math.min(MOST_DEPTH, K - k), Math.min(COLUMNS, N - n)];
        let waiting = 0;
        for (let group = 0; group < groups; group++) {
          const begin = first + group * size;
          const part = { bounds: shards.bounds, first: begin, last: Math.min(begin + size, last) };
          const c = sums.byteOffset + 4 * waiting * SUM;
          for (const [piece, mode] of pieces(part, 'start')) {
            const from = 4 * piece.bounds[piece.first];
            const [a, b] = [x + from * K + 4 * k, dz + from * N + 4 * n];
            const places = { c, cStride: 4 * COLUMNS, a, aStride: 4 * K, b, bStride: 4 * N };
            calls.sumShards(places, piece, width, columns, mode);
          }
          for (let merges = mergesAfter(group, groups, waiting); merges > 0; merges--) {
            waiting--;
            for (let i = waiting * SUM; i < waiting * SUM + SUM; i++) sums[i] += sums[i + SUM];
          }
          waiting++;
        }
        for (let row = 0; row < width; row++) {
          const sum = sums.subarray(row * COLUMNS, row * COLUMNS + columns);
          result.set(sum, (k + row) * N + n);
          for (const value of sum) largest = Math.max(largest, Math.abs(value));
        }
      }
    }
    return largest;
  };

  return {
    affine: calls.affine,
    affineInputGradient: calls.affineInputGradient,
    rectifiedAffine: calls.rectifiedAffine,
    rectifiedInputGradient: calls.rectifiedInputGradient,
    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      const { bounds, first, last } = shards;
      if (fits(bounds, first, last)) return calls.weightGradient(dw, x, dz, shards, K, N, mode);
      if (last - first > 1) {
        refuse();
        return sumGroups(dw, x, dz, shards, K, N);
      }
      let largest: number | undefined;
      for (const [piece, pieceMode] of pieces(shards, mode)) {
        largest = calls.weightGradient(dw, x, dz, piece, K, N, pieceMode);
      }
      return largest;
    },
  };
}

/** Cuts a single shard that has more rows than the areas have room for, and no others. */
function pieces(shards: ShardRows, mode: SumMode): (readonly [ShardRows, SumMode])[] {
  const { bounds, first, last } = shards;
  if (fits(bounds, first, last)) return [[shards, mode]];
  const count = Math.ceil((bounds[last] - bounds[first]) / MOST_SHARD_ROWS);
  return Array.from({ length: count }, (_, i) => {
    const from = bounds[first] + i * MOST_SHARD_ROWS;
    const rows = Int32Array.of(from, Math.min(from + MOST_SHARD_ROWS, bounds[last]));
    return [{ bounds: rows, first: 0, last: 1 }, i === 0 ? mode : 'continue'];
  });
}

/** Whether the areas have room for some shards, each in whole blocks of rows. */
function fits(bounds: Int32Array, first: number, last: number): boolean {
  if (last - first > MOST_AMX_SHARDS) return false;
  let rows = 0;
  for (let shard = first; shard < last; shard++) {
    rows += Math.ceil((bounds[shard + 1] - bounds[shard]) / AMX_BLOCK) * AMX_BLOCK;
  }
  return rows <= MOST_SHARD_ROWS;
}

/** Returns the largest power of two of which so many shards always fit, from the first one on; at least 1. */
function groupSize({ bounds, first, last }: ShardRows): number {
  let size = MOST_AMX_SHARDS;
  for (let begin = first; begin < last && size > 1; ) {
    if (fits(bounds, begin, Math.min(begin + size, last))) begin += size;
    else [size, begin] = [size / 2, first];
  }
  return size;
}
