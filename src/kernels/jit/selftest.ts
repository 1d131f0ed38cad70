/**
 * Tests machine code when it is made: it must have the bits of WebAssembly on shapes that reach every
 * routine.
 */
import type { ShardRows } from '../kernels.js';
import type { Products } from '../products.js';
import { instantiateWasm, wasmProducts } from '../wasm/index.js';
import { SCRATCH_BYTES } from '../wasm/scratch.js';
import type { WasmModule } from '../wasm/types.js';
import { BLOCK_BYTES } from './block.js';
import type { MachineCode } from './compile.js';
import { machineProducts } from './products.js';

/** Rows by shard, K and N: tiles of several heights, narrow panels, several blocks of K, an uneven tree. */
const SHAPES: readonly (readonly [readonly number[], number, number])[] = [
  [[1], 1, 1],
  [[5, 4, 4], 37, 43],
  [[9], 264, 21],
  [[3, 2, 2, 2, 2], 29, 75],
];
/** Floats of all arrays of a shape. */
const FLOATS = 1 << 17;
const PAGE = 65536;

/** Throws Error in one line if the code's products have other bits than those of the WASM kernels. */
export function testCode(code: MachineCode, module: WasmModule): void {
  const begin = PAGE + SCRATCH_BYTES;
  const pages = Math.ceil((begin + BLOCK_BYTES + 4 * FLOATS) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const wasm = wasmProducts(instantiateWasm(module, memory, PAGE), memory, PAGE);
  const machine = machineProducts(code, memory, begin, wasm);
  for (const [rows, K, N] of SHAPES) {
    const bounds = Int32Array.from([0, ...rows]);
    for (let shard = 1; shard < bounds.length; shard++) bounds[shard] += bounds[shard - 1];
    const shards = { bounds, first: 0, last: rows.length };
    const [expected, found] = [wasm, machine].map((products) =>
      results(products, memory, begin + BLOCK_BYTES, shards, K, N),
    );
    if (Buffer.compare(expected, found) !== 0) {
      throw new Error(
        `machine code for ${code.instructions} multiplies [${bounds.at(-1)},${K}]·[${K},${N}] wrong`,
      );
    }
  }
}

/** Computes the three products of numbers that are always the same; returns all bytes of the results. */
function results(
  products: Products,
  memory: WebAssembly.Memory,
  begin: number,
  shards: ShardRows,
  K: number,
  N: number,
): Buffer {
  const R = shards.bounds[shards.last];
  const [x, w, b, z, dx, dw, end] = offsets(begin, [R * K, K * N, N, R * N, R * K, K * N]);
  const numbers = new Float32Array(memory.buffer, begin, FLOATS);
  // Numbers between −1 and 1 that use all the bits of a float32.
  for (let i = 0; i < numbers.length; i++) numbers[i] = (Math.imul(i + 1, 2654435761) >> 8) / 2 ** 23;
  products.affine(z, x, w, b, shards, K, N);
  products.affineInputGradient(dx, z, w, shards, K, N);
  products.affineWeightGradient(dw, x, z, shards, K, N, 'start');
  return Buffer.from(new Uint8Array(memory.buffer, z, end - z).slice());
}

/** Returns where arrays of these lengths begin, one after the other, and where the last one ends. */
function offsets(begin: number, lengths: readonly number[]): number[] {
  const all = [begin];
  for (const length of lengths) all.push(all[all.length - 1] + 4 * length);
  return all;
}
