/**
 * Where each region of a kernel instance's scratch memory begins. This file is compiled twice: by tsc for the
 * host, which reserves the memory and copies the bounds of shards into it, and by asc for the kernels
 * (assembly/scratch.ts). So it may hold nothing but whole numbers. All sizes and offsets are in bytes unless
 * a comment says otherwise.
 */

/** The most shards that one call adds up. */
export const MAX_SHARDS = 4096;
/** Columns of a tile and of a packed panel: eight floats. */
export const LINE = 32;
/** A tile of 4 × 8 sums. */
export const TILE = 4 * LINE;
/** Rows of a packed panel: 512 × 8 floats stay in the L1 cache beside what streams past them. */
export const PANEL_ROWS = 512;
/** Rows over which a gradient goes in one piece. */
export const STRIP_ROWS = 1024;
/** Rows of the left factor that meet all packed panels before the next rows do: they stay in the L2 cache. */
export const ROW_BLOCK = 64;
/** Levels of a stack of partial sums: the tree over 4096 shards needs 12, and one sum is in the making. */
export const STACK_LEVELS = 13;
/** Stacks of partial sums, one for each tile, for shards that have more rows together than a strip. */
export const STACKS = 16;
/**
 * Bytes between two panels. Without them the distance of two panels would be a multiple of 4096, and all
 * panels would compete for the same cache set.
 */
export const PANEL_GAP = 64;

/** Packed panels come first. */
export const PANELS_BYTES = 8 * (PANEL_ROWS * LINE + PANEL_GAP);
/** Strips of four columns of x. */
export const STRIPS_OFFSET = PANELS_BYTES;
/** Tiles at the edge of a matrix. */
export const EDGE_OFFSET = STRIPS_OFFSET + 64 * STRIP_ROWS;
/** The values from which the sums of a tile start. */
export const START_OFFSET = EDGE_OFFSET + ROW_BLOCK * LINE;
/** Partial sums of shards. */
export const STACKS_OFFSET = START_OFFSET + 64;
/** The bounds of the shards, int32[MAX_SHARDS + 1]. */
export const BOUNDS_OFFSET = STACKS_OFFSET + STACKS * STACK_LEVELS * TILE;
const END = BOUNDS_OFFSET + 4 * (MAX_SHARDS + 1);
/**
 * Memory that one instance needs to itself, 64-byte aligned: the end of the last region, rounded up to a
 * multiple of 1024.
 */
export const SCRATCH_BYTES = END + ((1024 - (END % 1024)) % 1024);
