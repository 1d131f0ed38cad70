/** The most shards one call sums; the host copies their bounds into the kernel's scratch area. */
export const MAX_SHARDS = 4096;
/** Where the bounds lie in the scratch area, after the kernel's own regions (assembly/scratch.ts). */
export const BOUNDS_OFFSET = 225_856;
/** Memory that one instance needs to itself, 64-byte aligned. */
export const SCRATCH_BYTES = 237 * 1024;
