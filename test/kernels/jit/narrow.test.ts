/**
 * Products by AVX512_BF16 have the bits of WASM, which emulates bfloat16: on an emulated processor, whose
 * instructions are compared with Intel's description of them, and on the one at hand where it has them.
 * JIT_SHAPES=10000 tries as many shapes as that.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler } from '#src/kernels/jit/assembler.js';
import { BLOCK_BYTES } from '#src/kernels/jit/block.js';
import { compileNarrowCode, writeCode, writeNarrowCode } from '#src/kernels/jit/compile.js';
import { hasNarrowing } from '#src/kernels/jit/cpu.js';
import { at, RDI } from '#src/kernels/jit/encoder.js';
import { narrowProducts } from '#src/kernels/jit/narrowproducts.js';
import { isNarrowFaster } from '#src/kernels/jit/narrowspeed.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { testNarrowCode } from '#src/kernels/jit/selftest.js';
import { oneShard } from '#src/kernels/kernels.js';
import { compileKernels } from '#src/kernels/load.js';
import type { Products } from '#src/kernels/products.js';
import { emulate } from './emulator.js';
import { Bench, EDGES, plain, type Shape, shapes } from './shapes.js';

const RUNS = Number(process.env.JIT_SHAPES ?? 50);
const { bytes, offsets } = writeNarrowCode();
const emulatedBench = () => new Bench(offsets, 400_000, (memory) => emulate(bytes, memory));

/** Operands and results, as bits, that bfloat16.py computed exactly. */
const CASES: readonly { a: number[]; b: number[]; sum: number[]; dot: number[]; narrow: number[] }[] =
  JSON.parse(readFileSync(new URL('../../fixtures/jit/bfloat16.json', import.meta.url), 'utf8'));

it('the emulated instructions do what Intel says', () => {
  const code = new Assembler('avx512');
  const [A, B, SUM, NARROW] = [0, 1, 2, 3];
  for (const register of [A, B, SUM]) code.vload(register, at(RDI, 64 * register));
  code.vdotPairs(SUM, A, B);
  code.vnarrow(NARROW, A, B);
  for (const register of [SUM, NARROW]) code.vstore(at(RDI, 64 * register), register);
  code.ret();
  const words = new Uint32Array(64);
  const processor = emulate(code.finish(), words.buffer);
  const run = processor.callable(0);
  for (const { a, b, sum, dot, narrow } of CASES) {
    words.set([...a, ...b, ...sum]);
    run(processor.addressOf(words.buffer));
    const plain = (bits: number) => ((bits & 0x7fffffff) > 0x7f800000 ? 'NaN' : bits);
    expect(Array.from(words.subarray(32, 48), plain)).toEqual(dot.map(plain));
    const halves = [...new Uint16Array(words.buffer, 4 * 48, 32)];
    const plainHalf = (bits: number) => ((bits & 0x7fff) > 0x7f80 ? 'NaN' : bits);
    expect(halves.map(plainHalf)).toEqual(narrow.map(plainHalf));
  }
});

function check(bench: Bench, numRuns: number, most: Parameters<typeof shapes>[0]): void {
  for (const shape of EDGES) expect({ shape, wrong: bench.check(shape) }).toEqual({ shape, wrong: [] });
  expect(bench.counts.emulated).toBe(0);
  const right = (shape: Shape) => {
    expect(bench.check(shape)).toEqual([]);
  };
  fc.assert(fc.property(shapes(most), right), { numRuns, seed: 1 });
  const { all, emulated } = bench.counts;
  expect(emulated).toBeGreaterThan(0.04 * all);
  expect(emulated).toBeLessThan(0.5 * all);
}

/** The bits of b + x·w for two numbers each, and whether tiny numbers had it emulated. */
function forward(x: readonly number[], w: readonly number[], b: number) {
  const block = 65536;
  const memory = new WebAssembly.Memory({ initial: 40, maximum: 40, shared: true });
  const array = new Float32Array(memory.buffer, block + BLOCK_BYTES, 6);
  array.set([...x, ...w, b]);
  const at = (i: number) => array.byteOffset + 4 * i;
  let emulated = false;
  const product = () => {
    emulated = true;
    array[5] = Math.fround(Math.fround(b + x[0] * w[0]) + x[1] * w[1]);
  };
  const unused = () => undefined;
  const products: Products = { affine: product, affineInputGradient: unused, affineWeightGradient: unused };
  const narrow = narrowProducts(offsets, memory, block, products, emulate(bytes, memory.buffer));
  narrow.affine(at(5), at(0), at(2), at(4), oneShard(1), 2, 1);
  return { z: array[5], emulated };
}

describe('avx512_bf16, emulated', () => {
  it('leaves sums to the emulation that may be tiny, and no others', () => {
    const [one, two] = [1 + 2 ** -7, 1 + 2 ** -6];
    const factors = (x: number, w: number) => forward([one * x, two * x], [one * w, -w], 0);
    expect(factors(2 ** -56, 2 ** -56)).toEqual({ z: 2 ** -126, emulated: false });
    expect(factors(2 ** -56, 2 ** -57)).toEqual({ z: 2 ** -127, emulated: true });
    const low = 1 + 2 ** -23;
    expect(forward([2 ** -50, 0], [-(2 ** -53), 0], 2 ** -103 * low)).toEqual({
      z: 2 ** -126,
      emulated: false,
    });
    expect(forward([2 ** -50, 0], [-(2 ** -54), 0], 2 ** -104 * low)).toEqual({
      z: 2 ** -127,
      emulated: true,
    });
    expect(forward([2 ** -127, 0], [2 ** 100, 0], 0)).toEqual({ z: 2 ** -27, emulated: true });
    expect(forward([0, -0], [2 ** 100, -1], -0)).toEqual({ z: 0, emulated: false });
    expect(forward([-0, -0], [1, 1], -0)).toEqual({ z: -0, emulated: false });
  });

  it('has the bits of WASM', () => {
    const bench = emulatedBench();
    check(bench, RUNS, { rows: 12, K: 600, N: 120 });
    for (const shape of [
      { ...plain, sizes: [1100], K: 5, N: 9 },
      { ...plain, sizes: Array.from({ length: 300 }, (_, i) => 1 + (i % 2)), K: 9, N: 33 },
      { ...plain, sizes: Array.from({ length: 256 }, () => 3), K: 5, N: 33 },
      { ...plain, sizes: [300], K: 33, N: 40 },
    ])
      expect(bench.check(shape)).toEqual([]);
  });

  it('is found right by the test at the start', () => {
    testNarrowCode(offsets, compileKernels('wasm')!, (memory) => emulate(bytes, memory));
  });

  it('is taken only where it is faster than the emulation', () => {
    const emulation = writeCode('avx512');
    let now = 0;
    /** A processor on which each call takes so many milliseconds. */
    const timed = (code: Uint8Array, memory: ArrayBufferLike, milliseconds: number): Processor => {
      const processor = emulate(code, memory);
      const callable = (address: number) => {
        const run = processor.callable(address);
        return (block: number) => {
          now += milliseconds;
          run(block);
        };
      };
      return { ...processor, callable };
    };
    const isFaster = (narrow: number, plain: number) =>
      isNarrowFaster(offsets, { ...emulation.offsets, instructions: 'avx512' }, compileKernels('wasm')!, {
        layer: { R: 3, K: 20, N: 40 },
        clock: () => now,
        processors: (memory) => ({
          narrow: timed(bytes, memory, narrow),
          plain: timed(emulation.bytes, memory, plain),
        }),
      });
    // The emulation makes further calls, which round.
    expect(isFaster(1, 1)).toBe(true);
    expect(isFaster(1, 0.1)).toBe(false);
  });

  it('pairs in the other order are noticed there', () => {
    // vprold by 16 becomes vprold by 0.
    const wrong = bytes.map((byte, i) => (byte === 16 && bytes[i - 2] === 0x72 ? 0 : byte));
    const test = () => testNarrowCode(offsets, compileKernels('wasm')!, (memory) => emulate(wrong, memory));
    expect(test).toThrow(/^machine code for avx512_bf16 multiplies .* wrong$/);
  });
});

describe.skipIf(!hasNarrowing())('avx512_bf16', () => {
  it('has the bits of WASM', () => {
    check(new Bench(compileNarrowCode(), 2_000_000), RUNS, { rows: 40, K: 1200, N: 300 });
  });
});
