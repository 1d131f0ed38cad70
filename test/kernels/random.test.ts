import { afterEach, describe, expect, it } from 'vitest';
import { threefry2x32 } from '#src/random.js';
import { implementations } from './implementations.js';

const KEY = new Uint32Array([0xdeadbeef, 0x12345678]);

describe.each(implementations)('uniform of $label', ({ kernels, zeros, reset }) => {
  afterEach(reset);

  it.each([1, 2, 3, 7, 8, 9, 20])('is Threefry of (row, layer and unit) for N = %i', (N) => {
    const R = 3;
    const u = zeros(R * N + 4);
    kernels.uniform(u, R, N, KEY, 40, 5);
    const block = new Uint32Array(2);
    for (let r = 0; r < R; r++) {
      for (let n = 0; n < N; n++) {
        threefry2x32(KEY[0], KEY[1], 40 + r, 5 * 2 ** 20 + Math.floor(n / 2), block);
        expect(u[r * N + n]).toBe(Math.floor(block[n % 2] / 256) / 2 ** 24);
      }
    }
    expect([...u.subarray(R * N)]).toEqual([0, 0, 0, 0]);
  });
});
