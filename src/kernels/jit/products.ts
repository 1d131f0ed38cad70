/** The matrix products by machine code, and what else it does in their place. */
import type { ShardRows } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { amxProducts } from './amxproducts.js';
import { MOST_PROGRAM, MOST_ROWS, WORD } from './block.js';
import { callProducts } from './calls.js';
import type { MachineCode, ProductAddresses } from './compile.js';
import { machineGather } from './gatherrows.js';
import { machineLosses } from './losses.js';
import { type Processor, THIS_PROCESSOR } from './processor.js';
import { createRecorder } from './record.js';
import { machineRounding } from './rounding.js';
import { machineUpdate } from './update.js';
import { blockWriter } from './words.js';

/** Columns from which sums over rows take less time than a call does: 2.3 µs against 5.9 for [64, 256]. */
const WIDE = 64;

/**
 * Returns the products on a shared memory, for the calling thread.
 * @param scratch byte offset of BLOCK_BYTES in the memory that belong to this instance alone, 64-byte aligned
 * @param wasm products with the same bits, for the rare shapes that the areas have no room for
 * @param amx the code that multiplies bfloat16 by AMX, in place of float32; AMX_BLOCK_BYTES then belong to
 *   this instance
 */
export function machineProducts(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  wasm: Products,
  processor: Processor = THIS_PROCESSOR,
  amx: ProductAddresses | null = null,
): Products {
  const { instructions } = code;
  const recorder = createRecorder(code, memory, scratch, processor);
  const recorded = { ...processor, callable: recorder.callable };
  const fill = blockWriter(instructions, memory, scratch, false);
  const calls = callProducts(code, { memory, scratch, processor: recorded, fill });
  const float32: Products = {
    affine: calls.affine,
    affineInputGradient: calls.affineInputGradient,
    rectifiedAffine: calls.rectifiedAffine,
    rectifiedInputGradient: calls.rectifiedInputGradient,
    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      if (fits(shards)) return calls.weightGradient(dw, x, dz, shards, K, N, mode);
      recorder.refuse();
      return wasm.affineWeightGradient(dw, x, dz, shards, K, N, mode);
    },
  };
  return {
    ...(amx ? amxProducts(amx, memory, scratch, recorded, recorder.refuse) : float32),
    // A sum is a product with ones: 1·dz + sum rounds once, as an addition does.
    columnSums(db, dz, shards, N, mode) {
      if (fits(shards) && (N >= WIDE || recorder.isRecording())) {
        const b = dz + 4 * shards.bounds[shards.first] * N;
        const places = { c: db, cStride: 4 * N, a: scratch + WORD.one, aStride: 0, b, bStride: 4 * N };
        return calls.sumShards(places, shards, 1, N, mode);
      }
      recorder.refuse();
      return undefined;
    },
    record: recorder.record,
    ...refusing(recorder.refuse, {
      update: machineUpdate(code, memory, scratch, calls.block, recorder),
      ...machineLosses(code, memory, scratch, calls.block, recorder.callable),
      gatherRows: machineGather(code, memory, scratch, calls.block, recorded),
    }),
    round: machineRounding(code, memory, scratch, calls.block, processor.callable),
  };
}

/** Says of operations that return false where they leave their work to others that these did it. */
function refusing<Operations extends Readonly<Record<string, (...operands: never[]) => boolean>>>(
  refuse: () => void,
  operations: Operations,
): Operations {
  const entries = Object.entries(operations).map(([name, operation]) => [
    name,
    (...operands: never[]) => {
      const done = operation(...operands);
      if (!done) refuse();
      return done;
    },
  ]);
  return Object.fromEntries(entries);
}

/** Whether the areas have room for the rows and the program of these shards. */
export const fits = ({ bounds, first, last }: ShardRows): boolean =>
  bounds[last] - bounds[first] <= MOST_ROWS && last - first <= MOST_PROGRAM;
