/**
 * Products by AMX have the bits of their model: on an emulated processor, and on the one at hand where it has
 * AMX. JIT_SHAPES=10000 tries as many shapes as that.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amxDot, modelProducts } from '#src/kernels/jit/amxmodel.js';
import { requestTileRegisters } from '#src/kernels/jit/amxpermission.js';
import { AMX_BLOCK_BYTES, amxProducts } from '#src/kernels/jit/amxproducts.js';
import { compileAmxCode, writeAmxCode } from '#src/kernels/jit/compile.js';
import { hasAmx } from '#src/kernels/jit/cpu.js';
import { type Processor, THIS_PROCESSOR } from '#src/kernels/jit/processor.js';
import { testAmxCode } from '#src/kernels/jit/selftest.js';
import { emulate } from './emulator.js';
import { isNaN32, plain, plainNumber, type Shape, shapes, specialNumber } from './shapes.js';

const RUNS = Number(process.env.JIT_SHAPES ?? 40);
const { bytes, offsets } = writeAmxCode();
const [BLOCK, PAGE] = [65536, 65536];
/** Numbers around each array, which nothing may touch. */
const GUARD = 16;

/** Returns what is wrong with a shape's products: nothing, if all is right. */
function check(
  { sizes, before, K, N, bias, mode, special, seed, last }: Shape,
  code = offsets,
  processor: (memory: ArrayBufferLike) => Processor = (memory) => emulate(bytes, memory),
): string[] {
  const bounds = Int32Array.from([before, ...sizes]);
  for (let i = 1; i < bounds.length; i++) bounds[i] += bounds[i - 1];
  const R = bounds[sizes.length];
  const shards = { bounds, first: 0, last: sizes.length };
  const lengths = { x: R * K, w: K * N, b: N, z: R * N, dx: R * K, dw: K * N };
  const floats = Object.values(lengths).reduce((sum, length) => sum + length + GUARD, GUARD);
  const pages = Math.ceil((BLOCK + AMX_BLOCK_BYTES + 4 * floats) / PAGE);
  // The last array ends where the memory ends, or up to 15 numbers before it.
  const begin = pages * PAGE - 4 * (floats - GUARD + (last % GUARD));
  const at = {} as Record<keyof typeof lengths, number>;
  let place = begin;
  for (const [name, length] of Object.entries(lengths) as [keyof typeof lengths, number][]) {
    at[name] = place;
    place += 4 * (length + GUARD);
  }
  const results = [modelProducts, productsOn].map((products) => {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const all = new Float32Array(memory.buffer, begin);
    let state = seed;
    for (let i = 0; i < all.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      all[i] = (special ? specialNumber : plainNumber)(state);
    }
    const { affine, affineInputGradient, affineWeightGradient } = products(memory);
    affine(at.z, at.x, at.w, bias ? at.b : 0, shards, K, N);
    affineInputGradient(at.dx, at.z, at.w, shards, K, N);
    const largest = affineWeightGradient(at.dw, at.x, at.z, shards, K, N, mode);
    return { bits: new Uint32Array(memory.buffer, begin), memory, largest };
  });
  function productsOn(memory: WebAssembly.Memory) {
    return amxProducts(code, memory, BLOCK, processor(memory.buffer));
  }
  const [expected, found] = results;
  const differ = (a: number, b: number) => a !== b && !(isNaN32(a) && isNaN32(b));
  const wrong = expected.bits.findIndex((word, i) => differ(word, found.bits[i]));
  const most = new Float32Array(expected.memory.buffer, at.dw, K * N).reduce(
    (sum, value) => Math.max(sum, Math.abs(value)),
    0,
  );
  // Where it is not finite, it may be infinite or NaN.
  const isLargest = Number.isFinite(most) ? found.largest! >= most : !Number.isFinite(found.largest!);
  const name = Object.entries(at).findLast(([, begins]) => begins <= begin + 4 * wrong)?.[0];
  return [
    ...(wrong < 0 ? [] : [`${name}: ${found.bits[wrong]}, not ${expected.bits[wrong]}, at ${wrong}`]),
    ...(isLargest ? [] : [`largest ${found.largest}, not ${most}`]),
  ];
}

it('the model adds blocks of 32, even and odd places apart', () => {
  const one = () => 1;
  const at = (place: number, value: number) => (k: number) => (k === place ? value : 2 ** -24);
  expect(amxDot(0, 1, () => 3, one)).toBe(3);
  // Beside 1, each 2^-24 is lost, but those of the other places and of other blocks meet first.
  expect(amxDot(0, 32, at(0, 1), one)).toBe(1 + 2 ** -20);
  expect(amxDot(0, 32, at(31, 1), one)).toBe(1 + 2 ** -19);
  expect(amxDot(1, 2, () => 2 ** -24, one)).toBe(1 + 2 ** -23);
  expect(amxDot(1, 1, () => 2 ** -24, one)).toBe(1);
  expect(
    amxDot(
      0,
      1,
      () => 2 ** -127,
      () => 2 ** 100,
    ),
  ).toBe(0);
});

describe('amx, emulated', () => {
  it.each([
    { ...plain, sizes: [32], K: 32, N: 32 },
    { ...plain, sizes: [64], K: 64, N: 64 },
    { ...plain, sizes: [33], K: 31, N: 40 },
    { ...plain, sizes: [1], K: 1, N: 1 },
    { ...plain, sizes: [20, 20], K: 256, N: 32 },
    { ...plain, sizes: [3], K: 600, N: 20 },
    { ...plain, sizes: [5, 4, 4], K: 37, N: 43 },
    { ...plain, sizes: [40, 33, 1, 31, 32], K: 17, N: 33, before: 3 },
    { ...plain, sizes: [257], K: 70, N: 5 },
    { ...plain, sizes: [40], K: 20, N: 30, mode: 'continue' },
    { ...plain, sizes: [3], K: 300, N: 10 },
  ] as const)('$sizes rows, $K × $N', (shape) => {
    expect(check(shape)).toEqual([]);
  });

  it('has the bits of the model', () => {
    const right = (shape: Shape) => {
      expect(check(shape)).toEqual([]);
    };
    fc.assert(fc.property(shapes({ rows: 40, K: 90, N: 90 }), right), { numRuns: RUNS, seed: 1 });
  });

  it.each([
    { ...plain, sizes: [2500], K: 5, N: 9 },
    { ...plain, sizes: [1200, 900, 30], K: 3, N: 35 },
    { ...plain, sizes: [2100, 5, 7], K: 3, N: 5 },
    { ...plain, sizes: Array.from({ length: 130 }, (_, i) => 1 + (i % 2)), K: 3, N: 5 },
    { ...plain, sizes: Array.from({ length: 1030 }, () => 1), K: 2, N: 3 },
  ])('more rows than the areas have room for: $sizes', (shape) => {
    expect(check(shape)).toEqual([]);
  });

  it('is found right by the test at the start', () => {
    testAmxCode(offsets, (memory) => emulate(bytes, memory));
  });

  it('an instruction that multiplies other registers is noticed there', () => {
    // tdpbf16ps tmm3,tmm5,tmm7 becomes tdpbf16ps tmm3,tmm4,tmm7.
    const [right, other] = ['c4e2425cdd', 'c4e2425cdc'];
    const wrong = Buffer.from(Buffer.from(bytes).toString('hex').replaceAll(right, other), 'hex');
    expect(wrong.equals(bytes)).toBe(false);
    const test = () => testAmxCode(offsets, (memory) => emulate(wrong, memory));
    expect(test).toThrow(/^machine code for amx multiplies .* wrong$/);
  });
});

describe.skipIf(!hasAmx())('amx', () => {
  it('has the bits of the model', () => {
    requestTileRegisters();
    const code = compileAmxCode();
    const right = (shape: Shape) => {
      expect(check(shape, code, () => THIS_PROCESSOR)).toEqual([]);
    };
    fc.assert(fc.property(shapes({ rows: 100, K: 300, N: 200 }), right), { numRuns: RUNS, seed: 1 });
  });
});
