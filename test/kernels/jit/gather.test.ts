/** Rows are gathered by machine code as by a plain loop: every bit, and nothing beside them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BLOCK_BYTES } from '#src/kernels/jit/block.js';
import { compileCode, type MachineCode, writeCode } from '#src/kernels/jit/compile.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { machineProducts } from '#src/kernels/jit/products.js';
import { blockWriter } from '#src/kernels/jit/words.js';
import { compileKernels } from '#src/kernels/load.js';
import { instantiateWasm, wasmProducts } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';
import { machineSets } from '../implementations.js';
import { emulate } from './emulator.js';

const PAGE = 65536;
const GUARD = 16;
/** The bits of the guards around x. */
const GUARD_BITS = 0x7fc0dead;

const gathers = fc.record({
  stored: fc.integer({ min: 1, max: 30 }),
  K: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200 })),
  bytes: fc.boolean(),
  /** The gathered rows, as shares of all. */
  picked: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 20 }),
  from: fc.nat(3),
  shift: fc.double({ min: -1e300, max: 1e300, noNaN: true }),
  scale: fc.oneof(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ noNaN: true })),
  seed: fc.nat(1 << 20),
});
type Case = typeof gathers extends fc.Arbitrary<infer Value> ? Value : never;

/** Returns memory with so many pages behind a block, the block's place, and what makes an instance there. */
function placeFor(pagesBehind: number) {
  const begin = PAGE + SCRATCH_BYTES;
  const pages = Math.ceil((begin + BLOCK_BYTES) / PAGE) + pagesBehind;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const wasm = wasmProducts(instantiateWasm(compileKernels('wasm')!, memory, PAGE), memory, PAGE);
  const make = (code: MachineCode, processor?: Processor) =>
    machineProducts(code, memory, begin, wasm, processor);
  return { memory, begin, make };
}

/** Returns a function that gathers by machine code and by a loop, and says where bits differ first. */
function bench(code: MachineCode, processor?: (memory: ArrayBufferLike) => Processor) {
  const { memory, begin, make } = placeFor(2);
  const { gatherRows } = make(code, processor?.(memory.buffer));
  const buffer = memory.buffer as unknown as SharedArrayBuffer;

  return ({ stored, K, bytes, picked, from, shift, scale, seed }: Case): number => {
    const count = picked.length;
    let state = seed;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state;
    };
    const behind = Math.ceil((begin + BLOCK_BYTES) / 4) * 4;
    const x = new Uint32Array(buffer, behind, count * K + 2 * GUARD).fill(GUARD_BITS);
    const rows = new Uint32Array(buffer, x.byteOffset + x.byteLength, from + count);
    picked.forEach((share, i) => {
      rows[from + i] = Math.floor(share * stored);
    });
    // The dataset ends where memory ends.
    const size = stored * K * (bytes ? 1 : 4);
    const numbers = bytes
      ? new Uint8Array(buffer, buffer.byteLength - size, stored * K)
      : new Float32Array(buffer, buffer.byteLength - size, stored * K);
    const raw = bytes ? numbers : new Uint32Array(buffer, numbers.byteOffset, stored * K);
    for (let i = 0; i < stored * K; i++) raw[i] = next() >>> (bytes ? 24 : 0);
    const scaled = Float32Array.from({ length: 256 }, (_, v) => (v - shift) * scale);
    const scaledBits = new Uint32Array(scaled.buffer);
    const expected = Array.from(x);
    for (let r = 0; r < count; r++)
      for (let j = 0; j < K; j++) {
        const v = raw[rows[from + r] * K + j];
        expected[GUARD + r * K + j] = bytes ? scaledBits[v] : v;
      }
    const place = x.byteOffset + 4 * GUARD;
    const done = gatherRows!(place, numbers, K, rows, from, from + count, shift, scale);
    expect(done).toBe(true);
    return expected.findIndex((bits, i) => bits !== x[i]);
  };
}

const check = (firstDifference: (one: Case) => number, numRuns: number) =>
  fc.assert(
    fc.property(gathers, (one) => {
      expect(firstDifference(one)).toBe(-1);
    }),
    { numRuns, seed: 1 },
  );

it.each(machineSets)('%s', (instructions) => check(bench(compileCode(instructions)), 500));

it.each(['avx512', 'avx2'] as const)('%s, emulated', (instructions) => {
  const { bytes, offsets } = writeCode(instructions);
  check(
    bench({ ...offsets, instructions }, (memory) => emulate(bytes, memory)),
    150,
  );
});

it('takes a dataset of its own, and leaves to JavaScript what the engine may move', () => {
  const [instructions] = machineSets;
  if (instructions === undefined) return;
  const { memory, make } = placeFor(1);
  const { gatherRows } = make(compileCode(instructions));
  const x = new Float32Array(memory.buffer, memory.buffer.byteLength - 16, 4);
  const shared = new Float32Array(new SharedArrayBuffer(24)).map((_, i) => i / 2);
  const numbers = new Float32Array(new SharedArrayBuffer(24));
  numbers.set(shared);
  const rows = new Uint32Array(new SharedArrayBuffer(8));
  rows.set([2, 0]);
  expect(gatherRows!(x.byteOffset, Float32Array.from(numbers), 2, rows, 0, 2, 0, 1)).toBe(false);
  expect(gatherRows!(x.byteOffset, numbers, 2, Uint32Array.of(2, 0), 0, 2, 0, 1)).toBe(false);
  expect([...x]).toEqual([0, 0, 0, 0]);
  expect(gatherRows!(x.byteOffset, numbers, 2, rows, 0, 2, 0, 1)).toBe(true);
  expect([...x]).toEqual([2, 2.5, 0, 0.5]);
});

it('reads its scaling from where no thread that makes an instance writes', () => {
  const [instructions] = machineSets;
  if (instructions === undefined) return;
  const { memory, begin, make } = placeFor(1);
  const code = compileCode(instructions);
  const { gatherRows } = make(code);
  blockWriter(instructions, memory, begin, true);
  const x = new Float32Array(memory.buffer, memory.buffer.byteLength - 4, 1);
  const numbers = new Uint8Array(new SharedArrayBuffer(1));
  const rows = new Uint32Array(new SharedArrayBuffer(4));
  gatherRows!(x.byteOffset, numbers, 1, rows, 0, 1, -7, 7);
  const block = new Uint8Array(memory.buffer, begin, BLOCK_BYTES);
  const before = block.slice();
  make(code);
  blockWriter(instructions, memory, begin, true);
  expect(block.findIndex((byte, i) => byte !== before[i])).toBe(-1);
});
