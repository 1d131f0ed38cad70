// The scratch memory of one instance, given by the host: every thread has its own, so nothing here is shared.
// The sizes and offsets are those of ../scratch.ts, which the host reads too.
import {
  BOUNDS_OFFSET, EDGE_OFFSET, LINE, PANEL_GAP, PANELS_BYTES, STACKS_OFFSET, START_OFFSET, STRIPS_OFFSET,
} from '../scratch';

let scratch: usize = 0;

/** Tells an instance where its scratch memory begins. */
export function setScratch(ptr: usize): void {
  scratch = ptr;
}

/** Bytes from one panel of so many rows to the next. */
// @ts-ignore: decorator
@inline
export function panelStride(rows: i32): usize {
  return <usize>rows * LINE + PANEL_GAP;
}

/** The number of panels that fit into the scratch memory; of STRIP_ROWS rows there are at least 4. */
// @ts-ignore: decorator
@inline
export function panelsThatFit(stride: usize): i32 {
  return <i32>(<usize>PANELS_BYTES / stride);
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
  return scratch + STRIPS_OFFSET;
}

/** [ROW_BLOCK, 8] tiles at the edge of the matrix. */
// @ts-ignore: decorator
@inline
export function edgeArea(): usize {
  return scratch + EDGE_OFFSET;
}

/** [8] floats from which the sums of a tile start. */
// @ts-ignore: decorator
@inline
export function startArea(): usize {
  return scratch + START_OFFSET;
}

/** [STACKS, STACK_LEVELS, 4, 8] partial sums of shards. */
// @ts-ignore: decorator
@inline
export function stackArea(): usize {
  return scratch + STACKS_OFFSET;
}

/** int32[MAX_SHARDS + 1], into which the host copies the bounds of the shards. */
// @ts-ignore: decorator
@inline
function boundsArea(): usize {
  return scratch + BOUNDS_OFFSET;
}

/** Returns bound i of the shards at hand: rows bound(i) … bound(i + 1) − 1 belong to their shard i. */
// @ts-ignore: decorator
@inline
export function bound(i: i32): i32 {
  return i32.load(boundsArea() + (<usize>i << 2));
}
