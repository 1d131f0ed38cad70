/**
 * One shared WebAssembly memory, carved once into named arrays: a carve is a function that asks an arena for its
 * arrays in a fixed order. Run on a measuring arena it gives the size; run again on the memory, in any thread, it
 * gives views of the same bytes. The memory never grows, so the views stay valid.
 */
import { DataError } from '../errors.js';

const PAGE = 65536;
const ALIGNMENT = 64;
/** WebAssembly's 32-bit addresses */
const LARGEST = 65536 * PAGE;

export class Arena {
  /** the first page belongs to the kernels' static data */
  bytes = PAGE;

  /** @param buffer null: measure only, and hand out arrays of length 0 */
  constructor(private readonly buffer: ArrayBufferLike | null) {}

  floats(length: number): Float32Array {
    const offset = this.reserve(length * 4);
    return this.buffer ? new Float32Array(this.buffer, offset, length) : new Float32Array(0);
  }

  doubles(length: number): Float64Array {
    const offset = this.reserve(length * 8);
    return this.buffer ? new Float64Array(this.buffer, offset, length) : new Float64Array(0);
  }

  int32s(length: number): Int32Array {
    const offset = this.reserve(length * 4);
    return this.buffer ? new Int32Array(this.buffer, offset, length) : new Int32Array(0);
  }

  uint32s(length: number): Uint32Array {
    const offset = this.reserve(length * 4);
    return this.buffer ? new Uint32Array(this.buffer, offset, length) : new Uint32Array(0);
  }

  /** Bytes without a view of their own; returns their offset. */
  reserve(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return offset;
  }
}

/** The bytes that a carve needs. */
export function measure(carve: (arena: Arena) => unknown): number {
  const arena = new Arena(null);
  carve(arena);
  return arena.bytes;
}

/** Shared memory of the given size, zeroed. Throws DataError when the machine or the limit has no room for it. */
export function allocateShared(bytes: number, limit: number): WebAssembly.Memory {
  const room = Math.min(limit, LARGEST);
  if (bytes > room) {
    const why = limit < LARGEST ? 'the memory limit' : "WebAssembly's address space";
    throw new DataError(
      `training needs ${megabytes(bytes)} of shared memory, but ${why} is ${megabytes(room)}: ` +
        'take a smaller network, batch or --shards, or raise --memory-limit',
    );
  }
  const pages = Math.ceil(bytes / PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
}
