/**
 * Divides one shared WebAssembly memory into named arrays. A carve is a function that asks an arena for its
 * arrays in a fixed order: run on a measuring arena it gives the size, and run on the memory, in any thread,
 * it gives views of the same bytes. The memory never grows, because growing would detach the views that other
 * threads hold.
 */

import { DataError } from '../errors.js';
import type { WasmMemory } from './wasm/types.js';

/** Bytes of a WebAssembly page. */
const PAGE = 65536;
/** Bytes of a cache line: arrays of different threads must not share one. */
const ALIGNMENT = 64;
/** WebAssembly addresses memory with 32 bits. */
const LARGEST = 65536 * PAGE;

export class Arena {
  /** The first page is reserved for the static data of the kernels' module. */
  bytes = PAGE;

  /** @param buffer the memory; null measures only, and every array then has length 0 */
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

  /** Reserves bytes that need no view, such as a kernel's scratch area, and returns their offset. */
  reserve(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return offset;
  }
}

/** Returns how many bytes a carve needs, without allocating them. */
export function measure(carve: (arena: Arena) => unknown): number {
  const arena = new Arena(null);
  carve(arena);
  return arena.bytes;
}

/**
 * Allocates shared memory, zeroed.
 * @throws DataError when it would exceed `limit` or WebAssembly's address space
 */
export function allocateShared(bytes: number, limit: number): WasmMemory {
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

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
}
