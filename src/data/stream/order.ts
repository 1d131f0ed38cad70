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
export interface OrderWindow {
  /** The positions in the order in which they lie in the data; null where they are all there are. */
  readonly positions: Uint32Array | null;
  /** The epoch's order: indices of `positions`, or positions. */
  readonly order: Uint32Array;
}

/** Yields the windows of an epoch one after the other. */
export function* epochWindows(count: number, { seed, epoch, shuffle }: EpochOrder): Generator<OrderWindow> {
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

/** Puts the rows into the epoch's order, in place: `order` holds them in their own. */
export function shuffleEpoch(order: Uint32Array, { seed, epoch, shuffle }: EpochOrder): void {
  if (shuffle === 'rows') permute(order, seed, PURPOSE.shuffle, epoch);
  if (shuffle !== 'blocks') return;
  const rows = order.slice();
  let filled = 0;
  for (const window of epochWindows(rows.length, { seed, epoch, shuffle })) {
    for (const index of window.order) order[filled++] = rows[window.positions![index]];
  }
}
