// The working area of one instance, given by the host: every thread has its own, so nothing here is shared.
// scratch.ts on the host's side (../scratch.ts) reserves SCRATCH_BYTES = the end of the last region.

/** Rows of a packed panel: 512 × 8 floats stay in the L1 cache beside what streams past them. */
export const PANEL_ROWS: i32 = 512;
/** Columns of a tile and of a panel, in bytes. */
export const LINE: usize = 32;
/** A tile of 4 × 8 sums, in bytes. */
export const TILE: usize = 4 * LINE;
/** Rows over which a gradient goes in one piece. */
export const STRIP_ROWS: i32 = 1024;
/** Rows of the left factor that meet all packed panels before the next ones do: they stay in the L2 cache. */
export const ROW_BLOCK: i32 = 64;
/** Sums on a fold stack: the tree over 4096 shards needs 12, and one in the making. */
export const FOLD_LEVELS: usize = 13;
/** Fold stacks, one a tile, for runs of shards with more rows than a strip. */
export const FOLD_STACKS: i32 = 16;

const PANELS_BYTES: usize = 8 * panelStride(PANEL_ROWS);
const STRIPS: usize = PANELS_BYTES;
const EDGE: usize = STRIPS + 64 * <usize>STRIP_ROWS;
const START: usize = EDGE + <usize>ROW_BLOCK * LINE;
const FOLD: usize = START + 64;
const BOUNDS: usize = FOLD + <usize>FOLD_STACKS * FOLD_LEVELS * TILE;

let scratch: usize = 0;

export function setScratch(ptr: usize): void {
  scratch = ptr;
}

/** Bytes from one panel of so many rows to the next: never a multiple of 4096, which would map all to one set of the cache. */
// @ts-ignore: decorator
@inline
export function panelStride(rows: i32): usize {
  return <usize>rows * LINE + 64;
}

/** As many panels as fit, at least 4 of STRIP_ROWS rows. */
// @ts-ignore: decorator
@inline
export function panelsThatFit(stride: usize): i32 {
  return <i32>(PANELS_BYTES / stride);
}

/** Packed panels [rows, 8], zeros in the columns beyond the matrix. */
// @ts-ignore: decorator
@inline
export function panelArea(): usize {
  return scratch;
}

/** [4, rows, 4] strips of four columns of x, zeros in the columns beyond the matrix. */
// @ts-ignore: decorator
@inline
export function stripArea(): usize {
  return scratch + STRIPS;
}

/** [ROW_BLOCK, 8] tiles at the edge of the matrix. */
// @ts-ignore: decorator
@inline
export function edgeArea(): usize {
  return scratch + EDGE;
}

/** [8] what the sums of a tile start from. */
// @ts-ignore: decorator
@inline
export function startArea(): usize {
  return scratch + START;
}

/** [FOLD_STACKS, FOLD_LEVELS, 4, 8] partial sums of shards. */
// @ts-ignore: decorator
@inline
export function foldArea(): usize {
  return scratch + FOLD;
}

/** int32 [4097] the host copies the bounds of the shards to here. */
// @ts-ignore: decorator
@inline
export function boundsArea(): usize {
  return scratch + BOUNDS;
}

/** Bound i of the run: rows bound(i) … bound(i + 1) belong to its shard i. */
// @ts-ignore: decorator
@inline
export function bound(i: i32): i32 {
  return i32.load(boundsArea() + (<usize>i << 2));
}
