/**
 * The sum and the update across ranks. The shards of a batch are cut among the ranks, each a range of them,
 * and the parameters are cut into slices, one for each rank. After the gradients, each rank gets its slice of
 * the sum of every subtree, makes the additions of the tree that are left, and updates its slice; then all
 * ranks get all weights. These are the additions of one process, in its order.
 */

import type { Subset } from '../data/dataset.js';
import { EVALUATION_BLOCK, evaluationBlocks } from '../forward/evaluation.js';
import type { Kernels } from '../kernels/kernels.js';
import {
  additionsAfter,
  additionsUpTo,
  contiguousRanges,
  type IndexRange,
  subtreeStarts,
} from '../parallel/shards.js';
import { type Piece, partedBy, type Ranks } from '../ranks/ranks.js';
import { addBlocks, type TrainingMemory } from './memory.js';
import { updateSlices } from './slices.js';

/** What goes between ranks for batches of so many shards. */
interface Route {
  /** The shards of each rank. */
  readonly ranges: readonly IndexRange[];
  readonly sends: readonly Piece[];
  readonly receives: readonly Piece[];
}

/** What a rank says of itself in each step: whether its sums are bounded, and if it is asked to stop. */
const WORDS = 2;
const NOTHING: IndexRange = { first: 0, last: 0 };

export class AcrossRanks {
  /** The parameters that each rank sums and updates. */
  readonly #slices: readonly IndexRange[];
  readonly #words: Float64Array;
  readonly #routes: Route[] = [];

  constructor(
    readonly ranks: Ranks,
    private readonly memory: TrainingMemory,
    /** Whether each rank updates its slice, and has its slice of the optimiser's slots only. */
    readonly sliced: boolean,
  ) {
    this.#slices = updateSlices(memory.layout.length, ranks.size);
    this.#words = new Float64Array(new ArrayBuffer(8 * WORDS * ranks.size));
  }

  /** The parameters that this rank sums and updates; none where there are few. */
  get slice(): IndexRange {
    return this.#sliceOf(this.ranks.rank);
  }

  /** How many ranges the shards of a batch are cut into. */
  rangesOf(shards: number): readonly IndexRange[] {
    return this.#route(shards).ranges;
  }

  /** The shards of this rank. */
  shardsOf(shards: number): IndexRange {
    return this.#route(shards).ranges[this.ranks.rank] ?? NOTHING;
  }

  /**
   * Completes the sums of this rank's subtrees, and sends each rank its slice of them. All ranks get the
   * losses of all shards. Returns whether the sums of all ranks are bounded.
   * @param parts the shards of each worker
   */
  async exchange(
    kernels: Kernels,
    parts: readonly IndexRange[],
    shards: number,
    bounded: boolean,
  ): Promise<boolean> {
    const { memory, ranks } = this;
    addBlocks(kernels, memory, additionsUpTo([this.shardsOf(shards)], parts, shards));
    this.#words.set([Number(bounded), ranks.wantsStop], WORDS * ranks.rank);
    const { sends, receives } = this.#route(shards);
    await ranks.transfer(sends, receives);
    const words = (word: number) => Array.from(ranks.hosts, (_, rank) => this.#words[WORDS * rank + word]);
    ranks.agreeToStop(words(1));
    return words(0).every(Boolean);
  }

  /** Makes the additions that are left, after which gradient block 0 holds the whole sum on every rank. */
  async sum(kernels: Kernels, shards: number): Promise<void> {
    const { first, last } = this.slice;
    const { gradients } = this.memory;
    if (first < last) {
      const part = (shard: number) => gradients[shard].subarray(first, last);
      for (const { into, from } of additionsAfter(this.rangesOf(shards), shards)) {
        kernels.add(part(into), part(from), last - first);
      }
    }
    await this.ranks.gatherParts(gradients[0], (rank) => this.#sliceOf(rank));
  }

  /** Gives every rank the weights that the others have updated. */
  gatherWeights(): Promise<void> {
    return this.ranks.gatherParts(this.memory.weights, (rank) => this.#sliceOf(rank));
  }

  /** Gives every rank the optimiser's slots as a whole. */
  async gatherSlots(): Promise<void> {
    if (!this.sliced) return;
    const { slots } = this.memory;
    await this.ranks.gatherAll(
      slots.map((slot) => partedBy(slot, this.ranks.size, (rank) => this.#sliceOf(rank))),
    );
  }

  /** The blocks of a subset that this rank evaluates. */
  blocksOf(subset: Subset): IndexRange {
    return this.#blockRanges(subset)[this.ranks.rank] ?? NOTHING;
  }

  /** Gives every rank what the others have found in their blocks. */
  async gatherEvaluation(subset: Subset, kept: boolean): Promise<void> {
    const { blockSums, outputs, predicted } = this.memory;
    const blocks = this.#blockRanges(subset);
    const parted = (array: Float32Array | Float64Array | Uint32Array, width: number, most: number) =>
      partedBy(array, this.ranks.size, (rank) => {
        const { first, last } = blocks[rank] ?? NOTHING;
        return { first: width * Math.min(first, most), last: width * Math.min(last, most) };
      });
    const rows = subset.rows.length;
    const byRow = (array: Float32Array | Uint32Array) =>
      partedBy(array, this.ranks.size, (rank) => {
        const { first, last } = blocks[rank] ?? NOTHING;
        const at = (block: number) => (array.length / rows) * Math.min(EVALUATION_BLOCK * block, rows);
        return { first: at(first), last: at(last) };
      });
    await this.ranks.gatherAll([
      parted(blockSums, 2, evaluationBlocks(subset)),
      ...(kept ? [byRow(outputs), byRow(predicted)] : []),
    ]);
  }

  #blockRanges(subset: Subset): IndexRange[] {
    return contiguousRanges(evaluationBlocks(subset), this.ranks.size);
  }

  #sliceOf(rank: number): IndexRange {
    return this.#slices[rank] ?? NOTHING;
  }

  #route(shards: number): Route {
    this.#routes[shards] ??= this.#newRoute(shards);
    return this.#routes[shards];
  }

  #newRoute(shards: number): Route {
    const { ranks, memory } = this;
    const ranges = contiguousRanges(shards, ranks.size);
    const { shardLosses, shardWeights, shardScores, gradients } = memory;
    const rangeOf = (rank: number) => ranges[rank] ?? NOTHING;
    /** What `from` has computed for `to`; the others' parts come to the same places. */
    const pieces = (from: number, to: number): Uint8Array[] => {
      const range = rangeOf(from);
      const slice = this.#sliceOf(to);
      const views = [
        this.#words.subarray(WORDS * from, WORDS * (from + 1)),
        ...[shardLosses, shardWeights, shardScores].map((sums) => sums.subarray(range.first, range.last)),
        ...subtreeStarts([range], shards).map((shard) => gradients[shard].subarray(slice.first, slice.last)),
      ];
      return views
        .filter(({ length }) => length > 0)
        .map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
    };
    const { rank, others } = ranks;
    return {
      ranges,
      sends: others.flatMap((other) => pieces(rank, other).map((bytes) => ({ rank: other, bytes }))),
      receives: others.flatMap((other) => pieces(other, rank).map((bytes) => ({ rank: other, bytes }))),
    };
  }
}
