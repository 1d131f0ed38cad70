/**
 * Whether a processor gains by its bfloat16 instructions. One that has other units for bfloat16, as Intel's
 * Sapphire Rapids has, may run these at half the speed of float32; rounding the operands and multiplying them
 * as float32 is then faster, and has the same bits.
 */
import { type Clock, systemClock } from '../../clock.js';
import { roundedProducts } from '../bfloat16.js';
import { oneShard } from '../kernels.js';
import type { Products } from '../products.js';
import { instantiateWasm, wasmProducts } from '../wasm/index.js';
import { SCRATCH_BYTES } from '../wasm/scratch.js';
import type { WasmModule } from '../wasm/types.js';
import { BLOCK_BYTES } from './block.js';
import type { MachineCode, ProductAddresses } from './compile.js';
import { narrowProducts } from './narrowproducts.js';
import type { Processor } from './processor.js';
import { machineProducts } from './products.js';
import { offsets } from './selftest.js';

const PAGE = 65536;
/** Turns of both: about 5 ms together. */
const TURNS = 8;
/** Rows, inputs and outputs of a layer of which half a step is timed. */
const LAYER = { R: 64, K: 256, N: 256 } as const;

/** What a test puts in the place of this machine. */
interface Trial {
  readonly layer?: Readonly<Record<'R' | 'K' | 'N', number>>;
  readonly clock?: Clock;
  /** Returns what runs the two codes on a memory. */
  readonly processors?: (memory: ArrayBufferLike) => Record<'narrow' | 'plain', Processor>;
}

/** Times the three products of a layer by the instructions and by the emulation, best of some turns each. */
export function isNarrowFaster(
  narrow: ProductAddresses,
  code: MachineCode,
  module: WasmModule,
  { layer = LAYER, clock = systemClock, processors }: Trial = {},
): boolean {
  const { R, K, N } = layer;
  const scratch = PAGE + SCRATCH_BYTES;
  const begin = scratch + BLOCK_BYTES;
  const lengths = [R * K, K * N, R * N, R * K, K * N, K * N, R * K, R * N];
  const [x, w, z, dx, dw, roundedWeights, left, right, end] = offsets(begin, lengths);
  const pages = Math.ceil(end / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const operands = new Float32Array(memory.buffer, begin, R * K + K * N);
  for (let i = 0; i < operands.length; i++) operands[i] = 1 + (i % 7);
  const exports = instantiateWasm(module, memory, PAGE);
  const run = processors?.(memory.buffer);
  const plain = machineProducts(code, memory, scratch, wasmProducts(exports, memory, PAGE), run?.plain);
  const rounded = { weights: w, parameters: K * N, roundedWeights, left, right };
  const emulated = roundedProducts(plain, exports, rounded, 4, true);
  emulated.refreshWeights();
  const shards = oneShard(R);
  const time = (products: Products) => {
    const start = clock();
    products.affine(z, x, w, 0, shards, K, N);
    products.affineInputGradient(dx, z, w, shards, K, N);
    products.affineWeightGradient(dw, x, z, shards, K, N, 'start');
    return clock() - start;
  };
  const both = [narrowProducts(narrow, memory, scratch, emulated, run?.narrow), emulated];
  const best = both.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, products] of both.entries()) best[i] = Math.min(best[i], time(products));
  }
  return best[0] < best[1];
}
