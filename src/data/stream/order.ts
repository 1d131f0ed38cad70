/**
 * The order of the training rows in an epoch, a function of (seed, epoch) alone. Shuffled by `rows`, all rows
 * are one permutation. Shuffled by `blocks`, consecutive rows are blocks, the blocks are permuted, and the
 * rows of so many blocks that follow each other, a window, are permuted among themselves: then rows can be
 * read in pieces, and no more than a window has to be in memory.
 */
import { PURPOSE, permute } from '../../random.js';
import { allRows } from '../split.js';

export const SHUFFLES = ['rows', 'blocks'] as const;
export type Shuffle = (typeof SHUFFLES)[number];

/** Rows of a block: read at once, they cost as much as a few rows that are read one by one. */
const BLOCK_ROWS = 64;
/** Blocks of a window: a batch is drawn from the rows of so many places of the data. */
const WINDOW_BLOCKS = 512;

/** Says which order it is. */
interface EpochOrder {
  readonly seed: number;
  readonly epoch: number;
  /** null where a batch is all rows, which stay in their own order. */
  readonly shuffle: Shuffle | null;
}

/** Some rows of an epoch, by their positions among the training rows. */
interface OrderWindow {
  /** The positions in the order in which they lie in the data; null where they are all there are. */
  readonly positions: Uint32Array | null;
  /** The epoch's order: indices of `positions`, or positions. */
  readonly order: Uint32Array;
}

/** Yields the windows of an epoch one after the other. */
function* epochWindows(count: number, { seed, epoch, shuffle }: EpochOrder): Generator<OrderWindow> {
  if (shuffle !== 'blocks') {
    const order = allRows(count);
    if (shuffle === 'rows') permute(order, seed, PURPOSE.shuffle, epoch);
    yield { positions: null, order };
    return;
  }
  const blocks = allRows(Math.ceil(count / BLOCK_ROWS));
  permute(blocks, seed, PURPOSE.blocks, epoch);
  const windows = Math.ceil(blocks.length / WINDOW_BLOCKS);
  for (let window = 0; window < windows; window++) {
    const own = blocks.subarray(window * WINDOW_BLOCKS, (window + 1) * WINDOW_BLOCKS);
    const positions = positionsOf(own, count);
    const order = allRows(positions.length);
    permute(order, seed, PURPOSE.windows, epoch * windows + window);
    yield { positions, order };
  }
}

/** Returns the positions of blocks, block by block. */
function positionsOf(blocks: Uint32Array, count: number): Uint32Array {
  const positions = new Uint32Array(blocks.length * BLOCK_ROWS);
  let filled = 0;
  for (const block of blocks) {
    const last = Math.min(count, (block + 1) * BLOCK_ROWS);
    for (let position = block * BLOCK_ROWS; position < last; position++) positions[filled++] = position;
  }
  return positions.subarray(0, filled);
}

/** Most rows of a piece: its sorting keys hold a row and its place in 53 bits. */
const MOST_IN_PIECE = 2 ** 20;

/**
 * Yields an epoch from the row `from` of its order on, in pieces of at most `most` rows where it is not in
 * windows. The positions of a piece ascend or are those of a window, so they are read in few stretches.
 */
export function* epochPieces(
  count: number,
  order: EpochOrder,
  most: number,
  from: number,
): Generator<OrderWindow & { readonly positions: Uint32Array }> {
  let skipped = from;
  for (const window of epochWindows(count, order)) {
    const rest = window.order.subarray(Math.min(skipped, window.order.length));
    skipped -= window.order.length - rest.length;
    if (rest.length === 0) continue;
    if (window.positions !== null) yield { positions: window.positions, order: rest };
    else {
      const rows = Math.min(most, MOST_IN_PIECE);
      for (let first = 0; first < rest.length; first += rows)
        yield sorted(rest.subarray(first, first + rows));
    }
  }
}

/** Sorts positions, and says where each of them is then. */
function sorted(wanted: Uint32Array): OrderWindow & { readonly positions: Uint32Array } {
  const keys = new Float64Array(wanted.length);
  for (let i = 0; i < keys.length; i++) keys[i] = wanted[i] * MOST_IN_PIECE + i;
  keys.sort();
  const positions = new Uint32Array(keys.length);
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    positions[i] = Math.floor(keys[i] / MOST_IN_PIECE);
    order[keys[i] - positions[i] * MOST_IN_PIECE] = i;
  }
  return { positions, order };
}

/**
 * Puts the rows into the epoch's order, in place: `order` holds them in their own.
 * @param permuteAll shuffles `order`; the kernels on its memory may have a faster way
 */
export function shuffleEpoch(
  order: Uint32Array,
  { seed, epoch, shuffle }: EpochOrder,
  permuteAll = permute,
): void {
  if (shuffle === 'rows') permuteAll(order, seed, PURPOSE.shuffle, epoch);
  if (shuffle !== 'blocks') return;
  const rows = order.slice();
  let filled = 0;
  for (const window of epochWindows(rows.length, { seed, epoch, shuffle })) {
    for (const index of window.order) order[filled++] = rows[window.positions![index]];
  }
}
