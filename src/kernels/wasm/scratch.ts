/**
 * Where each region of a kernel instance's scratch memory begins. This file is compiled twice: by tsc for the
 * host, which reserves the memory and copies the bounds of shards into it, and by asc for the kernels
 * (assembly/scratch.ts). So it may hold nothing but whole numbers. All sizes and offsets are in bytes unless
 * a comment says otherwise.
 *
 * The words of the matrix products: a tile is 4 × 8 sums that stay in registers while they are added up. A
 * panel is eight columns of the right factor, copied so that the eight numbers of a row (a line) lie side by
 * side and the rows follow one another: a tile reads it from front to back. A strip is the same for four
 * columns of x, which are rows of the left factor in xᵀ·dz.
 */

/** The most shards that one call adds up. */
export const MAX_SHARDS = 4096;
/** One row of a tile or a panel: eight floats. */
export const LINE = 32;
/** A tile of 4 × 8 sums. */
export const TILE = 4 * LINE;
/**
 * Rows of a panel: 512 × 8 floats stay in the L1 cache beside the numbers that stream past them. Only a
 * weight gradient takes longer panels, of up to STRIP_ROWS.
 */
export const PANEL_ROWS = 512;
/**
 * Most rows of a strip; a gradient over more rows is computed panel by panel (longGradient in
 * assembly/shards.ts).
 */
export const STRIP_ROWS = 1024;
/**
 * Rows of the left factor that are multiplied with all panels before the next rows: they stay in the L2
 * cache.
 */
export const ROW_BLOCK = 64;
/** Levels of a stack of partial sums: the tree over 4096 shards needs 12, and one sum is in the making. */
export const STACK_LEVELS = 13;
/** Stacks of partial sums, one for each of the tiles that longGradient computes at a time. */
export const STACKS = 16;
/**
 * The gap between two panels. Without it the distance of two panels would be a multiple of 4096, and all
 * panels would compete for the same cache set.
 */
export const PANEL_GAP = 64;

/** Packed panels come first. */
export const PANELS_BYTES = 8 * (PANEL_ROWS * LINE + PANEL_GAP);
/** Four strips. */
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
