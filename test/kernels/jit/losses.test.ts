/** Losses of classes and their sums by machine code have the bits of WASM, NaN and infinities included. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '#src/kernels/jit/block.js';
import { compileCode, type MachineCode, writeCode } from '#src/kernels/jit/compile.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { machineProducts } from '#src/kernels/jit/products.js';
import { compileKernels } from '#src/kernels/load.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';
import { machineSets } from '../implementations.js';
import { emulate } from './emulator.js';

const PAGE = 65536;
const BEGIN = PAGE + SCRATCH_BYTES;
/** Floats around each array, and their bits. */
const GUARD = 16;
const GUARD_BITS = 0x7fc0dead;

const special = fc.constantFrom(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-45,
  -3e38,
  3e38,
  89,
  -104,
);
const logit = fc.oneof(
  { weight: 40, arbitrary: fc.float({ min: -20, max: 20, noNaN: true }) },
  // Few different numbers, so that some are equal.
  { weight: 20, arbitrary: fc.constantFrom(0.25, 0.5, 0.75) },
  { weight: 2, arbitrary: fc.float({ min: -200, max: 200, noNaN: true }) },
  { weight: 1, arbitrary: special },
);
const cases = (most: { rows: number; width: number }) =>
  fc.record({
    /** Rows of each shard. */
    sizes: fc.array(fc.integer({ min: 1, max: most.rows }), { minLength: 1, maxLength: 5 }),
    first: fc.nat(2),
    N: fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: most.width })),
    logits: fc.array(logit, { minLength: 1, maxLength: 60 }),
    /** A class that does not exist makes its row NaN. */
    classes: fc.array(fc.integer({ min: -1, max: 40 }), { minLength: 1 }),
    inPlace: fc.boolean(),
  });
type Case = ReturnType<typeof cases> extends fc.Arbitrary<infer Value> ? Value : never;

/** Returns both kinds of kernels on one memory, and the memory behind their scratch. */
function bothOn(code: MachineCode, processor?: (memory: ArrayBufferLike) => Processor) {
  const pages = Math.ceil((BEGIN + BLOCK_BYTES) / PAGE) + 3;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const exports = instantiateWasm(compileKernels('wasm')!, memory, PAGE);
  const wasm = wasmProducts(exports, memory, PAGE);
  const machine = machineProducts(code, memory, BEGIN, wasm, processor?.(memory.buffer));
  const [byWasm, byMachine] = [wasm, machine].map((products) =>
    createWasmKernels('jit', exports, memory, PAGE, products),
  );
  const words = new Uint32Array(memory.buffer, BEGIN + BLOCK_BYTES);
  return { byWasm, byMachine, words };
}

/** Lays out the arrays of a case between guards. */
function layOut(words: Uint32Array, { sizes, first, N, logits, classes }: Case) {
  words.fill(GUARD_BITS);
  let end = GUARD;
  const array = (length: number) => {
    const begin = end;
    end += length + GUARD + (length % 2);
    return new Float32Array(words.buffer, words.byteOffset + 4 * begin, length);
  };
  const bounds = Int32Array.from([...new Array(first).fill(0), 0, ...sizes]);
  for (let i = first + 1; i < bounds.length; i++) bounds[i] += bounds[i - 1];
  const shards = { bounds, first, last: first + sizes.length };
  const R = bounds[shards.last];
  const [y, dy, losses, d] = [R * N, R * N, R, R].map(array);
  y.set(Float32Array.from(y, (_, i) => logits[i % logits.length]));
  d.set(Float32Array.from(d, (_, r) => classes[r % classes.length] % (N + 1)));
  const doubles = () => {
    const { buffer, byteOffset } = array(2 * shards.last);
    return new Float64Array(buffer, byteOffset, shards.last);
  };
  const sums = { losses: doubles(), weights: doubles(), scores: doubles() };
  return { y, dy, losses, d, sums, shards, R };
}

/** Returns where WASM and machine code leave other words: −1 for nowhere. All NaN are the same. */
function firstDifference({ byWasm, byMachine, words }: ReturnType<typeof bothOn>, given: Case): number {
  const { N, inPlace } = given;
  const results = [byWasm, byMachine].map((kernels) => {
    const { y, dy, losses, d, sums, shards, R } = layOut(words, given);
    const tally = () => {
      if (kernels.tallyClasses!(sums, shards.first, losses, y, d, shards, N)) return;
      expect(kernels).toBe(byWasm);
      for (let shard = shards.first; shard < shards.last; shard++) {
        const [from, to] = [shards.bounds[shard], shards.bounds[shard + 1]];
        sums.losses[shard] = kernels.sum(losses, from, to, 0);
        sums.weights[shard] = to - from;
        sums.scores[shard] = kernels.countRight(y, d, from, to, N, 0.5);
      }
    };
    if (inPlace) tally();
    kernels.divergence('softmaxCrossEntropy', losses, inPlace ? y : dy, y, d, R, N, 0);
    if (!inPlace) tally();
    const found = words.slice();
    const floats = [...y, ...dy, ...losses].map((v) => (Number.isNaN(v) ? Number.NaN : v));
    const ofShards = Object.values(sums).map((array) => array.subarray(shards.first));
    for (const { byteOffset, byteLength } of [y, dy, losses, ...ofShards]) {
      const begin = (byteOffset - words.byteOffset) / 4;
      found.fill(0, begin, begin + byteLength / 4);
    }
    const summed = ofShards.flatMap((array) => [...array]);
    return { floats, summed, found };
  });
  const [expected, found] = results;
  const differs = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).findIndex((v, i) => !Object.is(v, b[i]));
  expect(found.summed).toEqual(expected.summed);
  // All around the results is as it was.
  expect(Buffer.compare(Buffer.from(expected.found.buffer), Buffer.from(found.found.buffer))).toBe(0);
  return differs(expected.floats, found.floats);
}

const check = (kernels: ReturnType<typeof bothOn>, most: { rows: number; width: number }, numRuns: number) =>
  fc.assert(
    fc.property(cases(most), (given) => {
      expect(firstDifference(kernels, given)).toBe(-1);
    }),
    { numRuns, seed: 1 },
  );

describe.each(machineSets)('%s', (instructions) => {
  it('has the bits of WASM', () => check(bothOn(compileCode(instructions)), { rows: 20, width: 300 }, 500));
});

describe.each(['avx512', 'avx2'] as const)('%s, emulated', (instructions) => {
  it('has the bits of WASM', () => {
    const { bytes, offsets } = writeCode(instructions);
    const kernels = bothOn({ ...offsets, instructions }, (memory) => emulate(bytes, memory));
    check(kernels, { rows: 4, width: 40 }, 60);
  });
});
