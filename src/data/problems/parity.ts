import { allocate } from '../elements.js';
import type { BuiltInProblem, Sample } from './problem.js';

/** Lists all words of n bits, highest bit first; the label says whether the number of ones is odd. */
function truthTable(bits: number): Sample {
  const rows = 1 << bits;
  const inputs = allocate('f64', rows * bits);
  const labels = allocate('u8', rows);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < bits; j++) {
      const bit = (row >> (bits - 1 - j)) & 1;
      inputs[row * bits + j] = bit;
      labels[row] ^= bit;
    }
  }
  return { inputs, width: bits, labels };
}

/** Parity of n bits: is the number of ones odd? */
export const parity: BuiltInProblem = {
  summary: 'is the number of ones among n bits odd? all 2^n rows',
  size: { unit: 'bits', default: 4, min: 2, max: 16 },
  complete: true,
  sample: ({ size }) => truthTable(size),
};

/** Exclusive or: the parity of two bits. */
export const xor: BuiltInProblem = {
  summary: 'exclusive or of two bits, 4 rows',
  complete: true,
  sample: () => truthTable(2),
};
