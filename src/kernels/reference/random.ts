import { threefry2x32 } from '../../random.js';
import type { Kernels } from '../kernels.js';

/**
 * A block's second counter holds the layer's number above this many bits, and half the unit's number below.
 */
const UNIT_BITS = 20;

const block = new Uint32Array(2);

/**
 * Fills u with the 24 high bits of each draw, which a float32 holds exactly: the numbers are the same in
 * every precision.
 */
export const uniform: Kernels['uniform'] = (u, R, N, key, row0, layer) => {
  for (let r = 0; r < R; r++) {
    for (let n = 0; n < N; n++) {
      if (n % 2 === 0) threefry2x32(key[0], key[1], row0 + r, (layer << UNIT_BITS) + (n >> 1), block);
      u[r * N + n] = (block[n % 2] >>> 8) / 2 ** 24;
    }
  }
};
