/**
 * The argument block, through which JavaScript tells machine code what to do: words at the beginning of an
 * instance's scratch memory, and areas behind them for the code's own use. The code gets the block's address
 * and reads all else from it. A, B and C are the factors and the result; strides and sizes are in bytes
 * unless a comment says otherwise.
 */

/** The byte offset of each word in the block, an unsigned 32-bit number. */
export const WORD = {
  /** The block's own byte offset in the shared memory, on which the other offsets count. */
  self: 0,
  /** Where A, B, C and the bias begin: byte offsets in the shared memory. */
  a: 4,
  b: 8,
  c: 12,
  bias: 16,
  /** Rows of A that are copied. */
  rows: 20,
  aStride: 24,
  bStride: 28,
  cStride: 32,
  /** Whole vectors of a row of A that are copied, in bytes; and whether lanes under the row mask follow. */
  rowVectors: 36,
  rowRest: 40,
  /** bfloat16: rows of B that become a panel's rows, two at a time; and shards. */
  packedRows: 44,
  shards: 48,
  /**
   * Numbers, or pairs of bfloat16 numbers, that are multiplied and added up for each number of C, as many as
   * a panel of B has rows.
   */
  depth: 52,
  /** Full panels; then the vectors of a last, narrower one (0: there is none). */
  panels: 56,
  edge: 60,
  /** Columns of the last panel. */
  edgeColumns: 64,
  /** Tiles, one below the other: all but the last `short` of them are one row higher than `low`. */
  tiles: 68,
  short: 72,
  low: 76,
  /** Where the sums begin: one of START. */
  start: 80,
  /** The shards' program, in bytes. */
  programBytes: 84,
  /**
   * Whole vectors of the depth, and whether lanes under the row mask follow: what a transposing copy takes.
   */
  depthVectors: 88,
  /** The masks of the last vector of a row of A and of a panel. */
  rowMask: 128,
  columnMask: 160,
  /** bfloat16: the last numbers of a row of A come in two vectors; this is the mask of the second one. */
  secondMask: 100,
  /** The mask that takes all lanes. */
  fullMask: 192,
  /** The masks of the strips of tiles of the lower height, and of those one row higher. */
  lowMask: 256,
  tallMask: 288,
  /** The program of pairs of shards, in bytes; 0 where shards are not taken in pairs. */
  pairBytes: 96,
  /** Whether the result is rectified, and the rectified outputs from which a slope follows. */
  rectified: 104,
  outputs: 108,
  /** Powers of two by the product of which every float above 0 becomes at least 1. */
  large: 112,
  larger: 116,
  /** Bytes of a strip. */
  strip: 92,
  /**
   * The bits of the largest magnitudes that the gradient of the weights has stored, for each lane, and the
   * mask of a float's magnitude, likewise.
   */
  largest: 10624,
  magnitude: 10688,
  /**
   * bfloat16: the bits of the smallest magnitudes of A and B other than 0, doubled, less one, for each lane;
   * vectors of ones in all bits and of −0; the words of two halves of a vector, in turn.
   */
  smallestA: 10752,
  smallestB: 10816,
  ones: 10880,
  negativeZero: 10944,
  interleave: 11008,
  /** The bits of a float's exponent, for each lane. */
  exponent: 12096,
  /** The sizes of AMX's tile registers. */
  tileSizes: 12160,
  /** The float 1: a column of ones, with a stride of 0. */
  one: 224,
} as const;

/**
 * The words of a step of an update rule, which take the place of those of a product: byte offsets of the
 * arrays (0: there is none), sizes, and where the scalars stand.
 */
export const STEP = {
  weights: 4,
  gradient: 8,
  /** What is added to the gradient first. */
  addend: 12,
  /** The slots. */
  first: 16,
  second: 20,
  /** Turns of the loop, single vectors after them, and whether lanes under the mask follow. */
  turns: 24,
  vectors: 28,
  rest: 32,
  /** Where the scalars stand, in float64: at a byte offset in the shared memory, such as that of `given`. */
  scalars: 36,
  given: 11072,
  mask: WORD.rowMask,
} as const;

/** The words of a rounding: where it reads and writes, sizes as of a step, and its three constants. */
export const ROUND = {
  from: STEP.weights,
  to: STEP.gradient,
  constants: 40,
} as const;

/** The words of a gathering of rows, which take the place of those of a product. */
export const GATHER = {
  /** The addresses, of 64 bits, of the stored numbers and of the numbers of the rows. */
  numbers: 8,
  rows: 16,
  /** The byte offset of x in the shared memory. */
  x: 24,
  /** Rows to gather. */
  count: 28,
  /** Bytes of a stored row and of a row of x. */
  stride: 32,
  xStride: 36,
  /** Turns of the loop, smaller pieces after them, and whether lanes under the mask follow. */
  turns: 40,
  pieces: 44,
  rest: 48,
  /** The shift and the scale of bytes, in float64. */
  shift: 56,
  scale: 64,
  /** The address, of 64 bits, of a number of rows by which the first row lies further on. */
  origin: 72,
  mask: WORD.rowMask,
} as const;

/**
 * The words of the losses of rows: where they go, the gradient of the logits, the logits and the classes;
 * sizes as of a step for the vectors of a row.
 */
export const LOSS = {
  losses: 4,
  gradient: 8,
  logits: 12,
  classes: 16,
  rows: 20,
  /** The logits of a row. */
  width: 36,
  mask: STEP.mask,
} as const;

/**
 * The words of sums over the rows of shards: losses, logits and classes of the rows; where the sums of the
 * losses, the numbers of rows and those of right rows go; the logits of a row. The program holds the rows
 * of each shard.
 */
export const TALLY = {
  losses: 4,
  logits: 8,
  classes: 12,
  sums: 16,
  counts: 20,
  scores: 24,
  width: 28,
  shards: 32,
} as const;

/** Where the sums of C begin: at 0, at the bias, or at what C holds. */
export const START = { zero: 0, bias: 1, more: 2 } as const;

/** Most numbers of A and B that are multiplied by one call for each number of C; a multiple of 16. */
export const MOST_DEPTH = 256;
/**
 * The distance of two rows of the copy of A. The line beyond the numbers keeps the rows from competing for
 * the same sets of the cache.
 */
export const A_STRIDE = 4 * MOST_DEPTH + 64;
/** Most rows of one call. */
export const MOST_ROWS = 1024;
/** Most shards of one call. */
export const MOST_PROGRAM = 1024;
/**
 * The distance of waiting sums on the stack. All areas begin at multiples of 4096 bytes, and sums wait in
 * front of one, so that loads of the panel and of a strip come to those places last. That was measured to be
 * faster than other distances; the likely cause is that a load waits which lies a multiple of 4096 bytes from
 * a store just before it.
 */
export const FRAME = 4096;
/** Sums on the stack: the tree over MOST_PROGRAM shards needs 11. */
const LEVELS = 12;
/** The areas behind the words, as offsets from the block. */
export const PROGRAM_AREA = 320;
/** A step's scalars, a vector of each. */
export const STEP_SCALARS = PROGRAM_AREA;
/** A program of at most MOST_PAIRS pairs of shards. */
export const PAIR_AREA = PROGRAM_AREA + 8 * MOST_PROGRAM;
export const MOST_PAIRS = 256;
/**
 * What the program says of a shard for AMX: its blocks of 32 rows, the last of which zeros fill up; how many
 * sums of earlier shards are added to its own; its rows, and the pairs of zeros.
 */
export const AMX_PROGRAM = { blocks: 0, merges: 4, rows: 8, padding: 12, bytes: 16 } as const;
export const STACK_AREA = 12288;
/** A panel has MOST_ROWS rows of at most 128 bytes; a transposing copy writes up to 15 rows beyond. */
export const PANEL_AREA = STACK_AREA + LEVELS * FRAME;
export const A_COPY = PANEL_AREA + 33 * 4096;
/** A row of the copy of A has up to 1376 bytes in strips: 43 tiles of 6 numbers, each in 32 bytes. */
const COPY_ROW = 1376;
/** AVX512_BF16: the rows of each shard. */
export const ROWS_AREA = A_COPY + COPY_ROW * MOST_ROWS;
/** Bytes of the block with its areas. */
export const BLOCK_BYTES = ROWS_AREA + 4 * MOST_PROGRAM;
