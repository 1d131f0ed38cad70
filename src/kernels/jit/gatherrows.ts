/** Gathers rows by machine code: it fills the argument block and calls. */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { GATHER, PROGRAM_AREA } from './block.js';
import type { MachineCode } from './compile.js';
import { SCALED } from './gather.js';
import { lanesOf, writeMask } from './mask.js';
import type { Processor } from './processor.js';

/** Bytes of a cache line, which one turn of the loop over floats copies. */
const LINE = 64;

/**
 * Returns the gathering of rows into a shared memory, for the calling thread.
 * @param block the address of the instance's scratch memory, which is at the byte offset `scratch`
 */
export function machineGather(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  block: number,
  { addressOf, callable }: Processor,
): NonNullable<Products['gatherRows']> {
  const words = new Uint32Array(memory.buffer, scratch, PROGRAM_AREA / 4);
  const scaling = new Float64Array(memory.buffer, scratch + GATHER.shift, 2);
  const lanes = lanesOf(code.instructions);
  const gatherFloats = callable(code.gatherFloats);
  const gatherBytes = callable(code.gatherBytes);
  const addresses = new WeakMap<SharedArrayBuffer, number>();

  /** Only shared buffers keep their place: the engine may move others. */
  const startOf = ({ buffer, byteOffset }: Uint8Array | Float32Array | Uint32Array): number => {
    const shared = buffer as SharedArrayBuffer;
    let found = addresses.get(shared);
    if (found === undefined) {
      found = addressOf(shared);
      addresses.set(shared, found);
    }
    return found + byteOffset;
  };
  const whole = (word: number, address: number) => {
    words[word / 4] = address % 2 ** 32;
    words[word / 4 + 1] = address / 2 ** 32;
  };

  /** Stands for an origin that never changes. */
  const fixed = new Uint32Array(new SharedArrayBuffer(4));

  return (x, numbers, K, rows, from, to, shift, scale, origin = fixed) => {
    if (![numbers, rows, origin].every(({ buffer }) => buffer instanceof SharedArrayBuffer)) return false;
    if (to === from) return true;
    whole(GATHER.numbers, startOf(numbers));
    whole(GATHER.rows, startOf(rows) + 4 * (from - origin[0]));
    whole(GATHER.origin, startOf(origin));
    words[GATHER.x / 4] = x;
    words[GATHER.count / 4] = to - from;
    words[GATHER.stride / 4] = K * numbers.BYTES_PER_ELEMENT;
    words[GATHER.xStride / 4] = 4 * K;
    if (numbers instanceof Uint8Array) {
      scaling[0] = shift;
      scaling[1] = scale;
      words[GATHER.turns / 4] = Math.floor(K / SCALED);
      words[GATHER.pieces / 4] = K % SCALED;
      gatherBytes(block);
      return true;
    }
    const line = LINE / 4;
    const rest = K % lanes;
    words[GATHER.turns / 4] = Math.floor(K / line);
    words[GATHER.pieces / 4] = Math.floor((K % line) / lanes);
    words[GATHER.rest / 4] = rest;
    writeMask(words, GATHER.mask, rest, lanes);
    gatherFloats(block);
    return true;
  };
}
