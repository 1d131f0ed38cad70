/**
 * Machine code has the bits of WASM, on the processor at hand for each instruction set that it has, and on an
 * emulated one for all of them. JIT_SHAPES=10000 tries as many shapes as that.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WORD } from '#src/kernels/jit/block.js';
import { compileCode, writeCode } from '#src/kernels/jit/compile.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { machineSets } from '../implementations.js';
import { emulate } from './emulator.js';
import { Bench, EDGES, plain, type Shape, shapes } from './shapes.js';

const RUNS = Number(process.env.JIT_SHAPES ?? 150);
/** Emulated instructions take about as many nanoseconds as instructions take clock cycles. */
const EMULATED_RUNS = Math.ceil(RUNS / 5);

function check(bench: Bench, numRuns: number, most: Parameters<typeof shapes>[0]): void {
  for (const shape of EDGES) expect({ shape, wrong: bench.check(shape) }).toEqual({ shape, wrong: [] });
  const right = (shape: Shape) => {
    expect(bench.check(shape)).toEqual([]);
  };
  fc.assert(fc.property(shapes(most), right), { numRuns, seed: 1 });
}

it('random shapes are of many sizes', () => {
  const sample = fc.sample(shapes({ rows: 12, K: 330, N: 120 }), { numRuns: 200, seed: 1 });
  const share = (holds: (shape: Shape) => boolean) => sample.filter(holds).length / sample.length;
  // Wider than a panel, deeper than a vector, higher than a tile.
  expect(share(({ K, N, sizes }) => K > 16 && N > 32 && sizes.length > 1)).toBeGreaterThan(0.2);
  expect(share(({ sizes }) => sizes.reduce((sum, size) => sum + size) > 14)).toBeGreaterThan(0.2);
  expect(share(({ K }) => K > 256)).toBeGreaterThan(0.05);
});

describe.each(machineSets)('%s', (instructions) => {
  const most = { rows: 40, K: 700, N: 300 };
  it('has the bits of WASM', () => {
    const bench = new Bench(compileCode(instructions), 4_000_000);
    check(bench, RUNS, most);
    // More rows than the areas have room for, and many shards.
    const long = { ...plain, sizes: [1100], K: 20, N: 30 };
    const many = { ...plain, sizes: Array.from({ length: 600 }, (_, i) => 1 + (i % 2)), K: 9, N: 33 };
    const pairs = { ...many, sizes: many.sizes.map(() => 1) };
    const few = { ...many, sizes: pairs.sizes.slice(0, 512) };
    for (const shape of [long, many, pairs, few, { ...many, special: true }])
      expect(bench.check(shape)).toEqual([]);
  });
});

describe.each(['avx512', 'avx2'] as const)('%s, emulated', (instructions) => {
  const { bytes, offsets } = writeCode(instructions);
  const code = { ...offsets, instructions };
  it('has the bits of WASM', () => {
    const bench = new Bench(code, 400_000, (memory) => emulate(bytes, memory));
    check(bench, EMULATED_RUNS, { rows: 12, K: 330, N: 120 });
  });

  it('a wrong size is noticed', () => {
    const shape = { ...plain, sizes: [4], K: 20, N: 20 };
    const failing = (word: number, memory: ArrayBufferLike): Processor => {
      const processor = emulate(bytes, memory);
      const callable = (address: number) => (block: number) => {
        new Uint32Array(memory, block - processor.addressOf(memory))[word / 4] += 4;
        processor.callable(address)(block);
      };
      return { ...processor, callable };
    };
    const wrong = (word: number) => new Bench(code, 4000, (memory) => failing(word, memory)).check(shape);
    expect(wrong(WORD.cStride).join()).toMatch(/z\[\d+\] is .*guard/);
    expect(wrong(WORD.b).join()).toMatch(/z\[\d+\] is /);
    // x ends where the memory ends.
    expect(() => wrong(WORD.rows)).toThrow(/reads .* outside memory/);
  });
});
