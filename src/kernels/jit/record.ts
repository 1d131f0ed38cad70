/** Records calls of machine code, and makes them again as one call (replay.ts). */
import type { Kernels, Repetition } from '../kernels.js';
import type { WasmMemory } from '../wasm/types.js';
import { PAIR_AREA, PROGRAM_AREA, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import { lanesOf } from './mask.js';
import type { Processor } from './processor.js';
import { ENTRY, LIST } from './replay.js';

/** Records the calls of an instance's functions. */
export interface Recorder {
  /** `callable` of the processor, for functions whose calls are recorded. */
  callable: Processor['callable'];
  /** Says that something is done by other means, so that the stage at hand cannot be recorded. */
  refuse(): void;
  /** Whether calls are being recorded. */
  isRecording(): boolean;
  record: NonNullable<Kernels['record']>;
}

/** What is left of a recorded call. */
interface RecordedCall {
  readonly address: number;
  readonly words: Uint8Array;
  readonly pairs: Uint8Array;
}

/**
 * Returns a recorder of the functions that work on one block.
 * @param scratch the block's byte offset in the memory
 */
export function createRecorder(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  processor: Processor,
): Recorder {
  const block = processor.addressOf(memory.buffer) + scratch;
  const words = new Uint32Array(memory.buffer, scratch, PROGRAM_AREA / 4);
  const vectorBytes = 4 * lanesOf(code.instructions);
  const replay = processor.callable(code.replay);
  let calls: RecordedCall[] | null = null;
  /** Machine code reads the lists, so they must live as long as what replays them. */
  const lists: SharedArrayBuffer[] = [];

  /** Copies whole vectors of the block, `bytes` or a few more. */
  const copy = (area: number, bytes: number) => {
    const whole = Math.ceil(bytes / vectorBytes) * vectorBytes;
    return new Uint8Array(memory.buffer, scratch + area, whole).slice();
  };

  /** Runs a stage and returns its calls; null where there are none, or others too. */
  const callsOf = (run: () => void, recordable: boolean): RecordedCall[] | null => {
    calls = recordable ? [] : null;
    try {
      run();
      return calls?.length ? calls : null;
    } finally {
      calls = null;
    }
  };

  return {
    callable(address) {
      const run = processor.callable(address);
      return (argument) => {
        calls?.push({
          address,
          words: copy(0, PROGRAM_AREA + words[WORD.programBytes / 4]),
          pairs: copy(PAIR_AREA, words[WORD.pairBytes / 4]),
        });
        run(argument);
      };
    },
    isRecording: () => calls !== null,
    refuse() {
      calls = null;
    },
    record(stages) {
      const repeated: Repetition[] = [];
      let together: RecordedCall[] = [];
      const endList = () => {
        if (together.length === 0) return;
        const list = writeList(together, block, code.replay, vectorBytes);
        lists.push(list);
        const address = processor.addressOf(list);
        const largest = new Float32Array(list, LIST.largest, 1);
        const run = () => {
          replay(address);
          return largest[0];
        };
        repeated.push({ recorded: true, run });
        together = [];
      };
      for (const { recordable, run } of stages) {
        const made = callsOf(run, recordable);
        if (made) together.push(...made);
        else {
          endList();
          repeated.push({ recorded: false, run: () => void run() });
        }
      }
      endList();
      return repeated;
    },
  };
}

/** Writes a list of calls into memory that stays where it is. */
function writeList(
  calls: readonly RecordedCall[],
  block: number,
  replay: number,
  vectorBytes: number,
): SharedArrayBuffer {
  const sizes = calls.map(({ words, pairs }) => ENTRY.bytes + words.length + pairs.length);
  const list = new SharedArrayBuffer(LIST.bytes + sizes.reduce((sum, size) => sum + size, 0));
  const head = new DataView(list);
  const bytes = new Uint8Array(list);
  head.setUint32(LIST.block, block % 2 ** 32, true);
  head.setUint32(LIST.block + 4, block / 2 ** 32, true);
  head.setUint32(LIST.entries, calls.length, true);
  let place: number = LIST.bytes;
  for (const [i, { address, words, pairs }] of calls.entries()) {
    head.setInt32(place + ENTRY.function, address - replay, true);
    head.setUint32(place + ENTRY.size, sizes[i], true);
    head.setUint32(place + ENTRY.words, words.length / vectorBytes, true);
    head.setUint32(place + ENTRY.pairs, pairs.length / vectorBytes, true);
    bytes.set(words, place + ENTRY.bytes);
    bytes.set(pairs, place + ENTRY.bytes + words.length);
    place += sizes[i];
  }
  return list;
}
