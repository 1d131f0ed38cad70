// The working area of one instance, given by the host: every thread has its own, so nothing here is shared.
// scratch.ts on the host's side (../scratch.ts) reserves SCRATCH_BYTES = the end of the last region.

/** Rows of one packed panel: 512 × 8 floats stay in the L1 cache beside what streams past them. */
export const PANEL_ROWS: i32 = 512;
/** Columns of a tile and of a panel, in bytes. */
export const LINE: usize = 32;
/** A tile of 4 × 8 sums, in bytes. */
export const TILE: usize = 4 * LINE;
/** Sums on a fold stack: the tree over 4096 shards needs 12, and one in the making. */
export const FOLD_LEVELS: usize = 13;
/** Fold stacks, one a tile, for runs of shards with more rows than a panel. */
export const FOLD_STACKS: i32 = 16;

let scratch: usize = 0;

export function setScratch(ptr: usize): void {
  scratch = ptr;
}

/** [PANEL_ROWS, 8] a packed panel, zeros in the columns beyond the matrix. */
// @ts-ignore: decorator
@inline
export function panelArea(): usize {
  return scratch;
}

/** [4, 8] a tile at the right edge of the matrix. */
// @ts-ignore: decorator
@inline
export function edgeArea(): usize {
  return scratch + 16384;
}

/** [8] what the sums of a tile start from. */
// @ts-ignore: decorator
@inline
export function startArea(): usize {
  return scratch + 16384 + 128;
}

/** [FOLD_STACKS, FOLD_LEVELS, 4, 8] partial sums of shards. */
// @ts-ignore: decorator
@inline
export function foldArea(): usize {
  return scratch + 16384 + 256;
}

/** int32 [4097] the host copies the bounds of the shards to here. */
// @ts-ignore: decorator
@inline
export function boundsArea(): usize {
  return scratch + 16384 + 256 + 26624;
}

/** Bound i of the run: rows bound(i) … bound(i + 1) belong to its shard i. */
// @ts-ignore: decorator
@inline
export function bound(i: i32): i32 {
  return i32.load(boundsArea() + (<usize>i << 2));
}
