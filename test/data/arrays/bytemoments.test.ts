import { describe, expect, it } from 'vitest';
import { commonMoments } from '#src/data/statistics.js';
import { Stream } from '#src/random.js';

describe('moments of bytes are exact', () => {
  const stream = new Stream(5, 99, 0);
  it.each([
    // offset of the bytes in their buffer, width, rows that are taken of 4
    [0, 4, [0, 1, 2, 3]],
    [1, 5, [0, 1, 2, 3]],
    [3, 7, [0, 2, 3]],
    [2, 1, [1, 3]],
    [1, 2, [2]],
    [0, 40_000, [0, 1, 3]],
  ])('at offset %i, width %i, rows %j', (offset, width, rows) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(offset + 4 * width), offset);
    for (let i = 0; i < bytes.length; i++) bytes[i] = stream.below(3) === 0 ? 0 : 255 - stream.below(4);
    const taken = rows.flatMap((row) => Array.from(bytes.subarray(row * width, (row + 1) * width)));
    const sum = taken.reduce((total, value) => total + value, 0);
    const squares = taken.reduce((total, value) => total + value * value, 0);
    const n = taken.length;
    const variance = Number(BigInt(n) * BigInt(squares) - BigInt(sum) ** 2n) / (n * n);
    const { mean, std } = commonMoments(bytes, width, Uint32Array.from(rows));
    expect([mean[0], std[0]]).toEqual([sum / n, Math.sqrt(variance)]);
  });
});
