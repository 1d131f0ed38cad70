/** The steps of update rules have the bits of WASM, with and without an addend, whatever their length is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BLOCK_BYTES, PAIR_AREA, PROGRAM_AREA, STACK_AREA, STEP, WORD } from '#src/kernels/jit/block.js';
import { compileCode, type MachineCode, writeCode } from '#src/kernels/jit/compile.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { machineProducts } from '#src/kernels/jit/products.js';
import type { Kernels, Repetition } from '#src/kernels/kernels.js';
import { compileKernels } from '#src/kernels/load.js';
import { ordered, STEPS } from '#src/kernels/steps.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';
import { machineSets } from '../implementations.js';
import { emulate } from './emulator.js';

const PAGE = 65536;
const GUARD = 16;
/** Weights, gradient, addend and two slots. */
const ARRAYS = 5;

const steps = fc.record({
  count: fc.oneof(fc.integer({ min: 60, max: 300 }), fc.integer({ min: 60, max: 1000 })),
  rule: fc.constantFrom('sgd', 'momentum', 'nesterov', 'adam'),
  added: fc.boolean(),
  seed: fc.nat(1 << 20),
  /** Which array ends where the memory ends. */
  last: fc.nat(ARRAYS - 1),
  special: fc.boolean(),
});
type Case = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0, 1e-40, -1e-45, 3e38, -3e38];

/** Returns a function that says what is wrong with a step by machine code. */
function bench(code: MachineCode, processor?: (memory: ArrayBufferLike) => Processor) {
  const begin = PAGE + SCRATCH_BYTES;
  const pages = Math.ceil((begin + BLOCK_BYTES) / PAGE) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const wasm = instantiateWasm(compileKernels('wasm')!, memory, PAGE);
  const own = wasmProducts(wasm, memory, PAGE);
  const machine = machineProducts(code, memory, begin, own, processor?.(memory.buffer));
  let calls = 0;
  const counted = {
    ...machine,
    update: (...args: Parameters<NonNullable<typeof machine.update>>) => {
      const done = machine.update!(...args);
      calls += Number(done);
      return done;
    },
  };
  const run = (products: typeof own, { count, rule, added, seed, last, special }: Case) => {
    const floats = ARRAYS * (count + GUARD);
    const all = new Float32Array(memory.buffer, memory.buffer.byteLength - 4 * floats, floats);
    let state = seed;
    for (let i = 0; i < floats; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      all[i] =
        special && state >>> 26 === 5 ? SPECIAL[(state >>> 8) % SPECIAL.length] : (state >> 8) / 2 ** 23;
    }
    const [w, g, addend, first, second] = Array.from({ length: ARRAYS }, (_, i) => {
      const place = (i + ARRAYS - 1 - last) % ARRAYS;
      return all.subarray(place * (count + GUARD) + GUARD, (place + 1) * (count + GUARD));
    });
    const kernels = createWasmKernels('jit', wasm, memory, PAGE, products);
    const sum = added ? addend : null;
    if (rule === 'adam') {
      for (let i = 0; i < count; i++) second[i] = Math.abs(second[i]);
      const scalars = {
        lr: 0.003,
        gradientShare: seed % 2 ? 0.1 : 0,
        beta1: 0.9,
        beta2: 0.999,
        root: 0.3,
        eps: 1e-8,
      };
      const others = { weightDecay: 0.01, shrink: 0.999, gradientScale: 1 / 7 };
      kernels.update(
        'adam',
        w,
        g,
        [first, second, null],
        count,
        ordered('adam', { ...scalars, ...others }),
        sum,
      );
    } else {
      const scalars = {
        lr: 0.1,
        momentum: 0.9,
        nesterov: Number(rule === 'nesterov'),
        weightDecay: 0.01,
        gradientScale: 1 / 7,
      };
      kernels.update('sgd', w, g, [rule === 'sgd' ? null : first], count, ordered('sgd', scalars), sum);
    }
    // The gradient may hold the sum afterwards, or not.
    g.fill(0);
    return Array.from(new Uint32Array(all.buffer, all.byteOffset, floats), (bits) =>
      (bits & 0x7fffffff) > 0x7f800000 ? 'NaN' : bits,
    );
  };
  return {
    check(one: Case) {
      const expected = run(own, one);
      const before = calls;
      const found = run(counted, one);
      return {
        byMachine: calls - before,
        wrong: expected.findIndex((bits, i) => bits !== found[i]),
      };
    },
  };
}

const check = (tested: ReturnType<typeof bench>, numRuns: number) =>
  fc.assert(
    fc.property(steps, (one) => {
      expect(tested.check(one)).toEqual({ byMachine: one.count < 64 ? 0 : 1, wrong: -1 });
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

it('a recorded step takes the scalars that stand in the memory by then', () => {
  const [instructions] = machineSets;
  if (instructions === undefined) return;
  const begin = PAGE + SCRATCH_BYTES;
  const pages = Math.ceil((begin + BLOCK_BYTES) / PAGE) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const exports = instantiateWasm(compileKernels('wasm')!, memory, PAGE);
  const wasm = wasmProducts(exports, memory, PAGE);
  const machine = machineProducts(compileCode(instructions), memory, begin, wasm);
  const [byWasm, byMachine] = [wasm, machine].map((products) =>
    createWasmKernels('jit', exports, memory, PAGE, products),
  );
  // Few parameters, which only a recording leaves to machine code.
  const COUNT = 5;
  const at = memory.buffer.byteLength - PAGE;
  const arrays = ['w', 'g', 'm'].map((_, i) => new Float32Array(memory.buffer, at + 64 * i, COUNT));
  const scalars = new Float64Array(memory.buffer, at + 1024, STEPS.sgd.length);
  const [w, g, m] = arrays;
  const stepped = (lr: number, step: () => void) => {
    arrays.forEach((array, k) => {
      array.set(Float32Array.from(array, (_, i) => Math.sin(i + 9 * k)));
    });
    scalars.set(ordered('sgd', { lr, momentum: 0.9, nesterov: 1, weightDecay: 0.01, gradientScale: 0.3 }));
    step();
    return [...w, ...m];
  };
  const made = { steps: [] as readonly Repetition[] };
  const by = (kernels: Kernels) => () => kernels.update('sgd', w, g, [m], COUNT, scalars);
  const first = stepped(0.1, () => {
    made.steps = byMachine.record!([{ recordable: true, run: by(byMachine) }]);
  });
  expect(first).toEqual(stepped(0.1, by(byWasm)));
  expect(made.steps.map(({ recorded }) => recorded)).toEqual([true]);
  for (const lr of [0.5, 0.25]) {
    expect(stepped(lr, made.steps[0].run)).toEqual(stepped(lr, by(byWasm)));
  }
});

it('the scalars lie where nothing else does', () => {
  const end = STEP.given + 8 * Math.max(STEPS.sgd.length, STEPS.adam.length);
  const others = [...Object.values(WORD), PROGRAM_AREA, PAIR_AREA, STACK_AREA];
  expect(others.filter((place) => place >= STEP.given && place < end)).toEqual([]);
  expect(Math.max(...others.filter((place) => place < STEP.given))).toBe(WORD.interleave);
  expect(WORD.interleave + 64).toBeLessThanOrEqual(STEP.given);
});
