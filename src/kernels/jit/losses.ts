/** The losses of classes, and their sums, by machine code: it fills the argument block and calls. */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { LOSS, MOST_PROGRAM, PROGRAM_AREA, TALLY, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import { countVectors } from './update.js';

/**
 * Returns the divergence that machine code has, and the sums over shards, for the calling thread.
 * @param block the address of the instance's scratch memory, which is at the byte offset `scratch`
 */
export function machineLosses(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  block: number,
  callable: (address: number) => (block: number) => void,
): Required<Pick<Products, 'divergence' | 'tallyClasses'>> {
  const words = new Uint32Array(memory.buffer, scratch, PROGRAM_AREA / 4);
  const shardRows = new Uint32Array(memory.buffer, scratch + PROGRAM_AREA, MOST_PROGRAM);
  const crossEntropy = callable(code.crossEntropy);
  const tally = callable(code.tally);
  return {
    divergence(name, losses, dy, y, d, R, N, p) {
      if (name !== 'softmaxCrossEntropy' || p !== 0 || dy === 0 || R === 0) return false;
      words[LOSS.losses / 4] = losses;
      words[LOSS.gradient / 4] = dy;
      words[LOSS.logits / 4] = y;
      words[LOSS.classes / 4] = d;
      words[LOSS.rows / 4] = R;
      words[LOSS.width / 4] = N;
      // Rows are short, and their code is long.
      countVectors(words, code.instructions, N, 1);
      crossEntropy(block);
      return true;
    },
    tallyClasses(losses, weights, scores, rowLosses, y, classes, { bounds, first, last }, N) {
      if (N === 1 || last - first > MOST_PROGRAM) return false;
      const from = bounds[first];
      words[TALLY.losses / 4] = rowLosses + 4 * from;
      words[TALLY.logits / 4] = y + 4 * from * N;
      words[TALLY.classes / 4] = classes + 4 * from;
      words[TALLY.sums / 4] = losses;
      words[TALLY.counts / 4] = weights;
      words[TALLY.scores / 4] = scores;
      words[TALLY.width / 4] = N;
      words[TALLY.shards / 4] = last - first;
      words[WORD.programBytes / 4] = 4 * (last - first);
      for (let i = first; i < last; i++) shardRows[i - first] = bounds[i + 1] - bounds[i];
      tally(block);
      return true;
    },
  };
}
