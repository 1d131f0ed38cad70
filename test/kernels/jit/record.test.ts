/** A recording makes its calls again: to the bits of WASM, on whatever the arrays hold by then. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherInputs, gatherTargets } from '#src/data/gather.js';
import { prepareEncoding } from '#src/data/preparedencoding.js';
import { modelProducts } from '#src/kernels/jit/amxmodel.js';
import { AMX_BLOCK_BYTES } from '#src/kernels/jit/amxproducts.js';
import {
  compileCode,
  type MachineCode,
  type ProductAddresses,
  writeAmxCode,
  writeCode,
} from '#src/kernels/jit/compile.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { machineProducts } from '#src/kernels/jit/products.js';
import type { KernelStage, Kernels, Repetition } from '#src/kernels/kernels.js';
import { compileKernels } from '#src/kernels/load.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';
import { machineSets } from '../implementations.js';
import { emulate } from './emulator.js';

const PAGE = 65536;
const PAGES = 24;
/** How bytes become inputs. */
const ENCODING = prepareEncoding({
  ...{ shift: [120], scale: [1 / 50], cardinalities: [], embeddings: [] },
  ...{ targetShift: [], targetScale: [] },
});
/** Batches whose rows are gathered one after the other. */
const TURNS = 3;

const recordable = (run: () => void): KernelStage => ({ recordable: true, run });

/** Two dense layers with a ReLU between them, from stored rows to gradients. */
const passes = (most: { rows: number; width: number }) =>
  fc.record({
    /** Rows of each shard; often each two have as many, and are taken together. */
    sizes: fc
      .tuple(fc.array(fc.integer({ min: 1, max: most.rows }), { minLength: 1, maxLength: 6 }), fc.boolean())
      .map(([sizes, paired]) => (paired ? sizes.slice(0, 3).flatMap((size) => [size, size]) : sizes)),
    K: fc.integer({ min: 1, max: most.width }),
    H: fc.integer({ min: 1, max: 80 }),
    N: fc.integer({ min: 1, max: 40 }),
    seed: fc.nat(1 << 20),
  });
type Case = ReturnType<typeof passes> extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Both implementations on one memory.
 * @param amx the code of products by AMX, which are compared with their model
 */
function kernelsOn(
  code: MachineCode,
  processor?: (memory: ArrayBufferLike) => Processor,
  amx: ProductAddresses | null = null,
) {
  const begin = PAGE + SCRATCH_BYTES;
  const pages = Math.ceil((begin + AMX_BLOCK_BYTES) / PAGE) + PAGES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const wasm = instantiateWasm(compileKernels('wasm')!, memory, PAGE);
  const own = amx ? modelProducts(memory) : wasmProducts(wasm, memory, PAGE);
  const machine = machineProducts(code, memory, begin, own, processor?.(memory.buffer), amx);
  const kernels = (products: typeof own) => createWasmKernels('jit', wasm, memory, PAGE, products);
  const floats = new Float32Array(memory.buffer, memory.buffer.byteLength - PAGES * PAGE, (PAGES * PAGE) / 4);
  return { byWasm: kernels(own), byMachine: kernels(machine), floats };
}

/** Returns the arrays of a case, filled from a seed, and what runs the passes on them. */
function network(floats: Float32Array, { sizes, K, H, N }: Case) {
  const bounds = Int32Array.from([0, ...sizes]);
  for (let i = 1; i < bounds.length; i++) bounds[i] += bounds[i - 1];
  const R = bounds[sizes.length];
  // Shuffled rows of as many batches as there are turns, of bytes that become inputs, and of classes.
  const stored = TURNS * R;
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const [pixels, labels] = [new Uint8Array(shared(stored * K)), new Uint8Array(shared(stored))];
  const [order, origin] = [new Uint32Array(shared(4 * stored)), new Uint32Array(shared(4))];
  pixels.forEach((_, i) => {
    pixels[i] = Math.imul(i, 2654435761) >>> 24;
  });
  labels.forEach((_, i) => {
    labels[i] = (i * 7) % N;
  });
  order.forEach((_, i) => {
    order[i] = (i * 5 + 3) % stored;
  });
  const dataset = {
    ...{ rows: stored, numbers: pixels, numberWidth: K, targets: labels, targetWidth: 1 },
    ...{ codes: new Uint16Array(shared(0)), codeWidth: 0 },
  };
  const shards = { bounds, first: 0, last: sizes.length };
  let end = 16;
  const array = (length: number) => {
    const begin = end;
    end += length + 16;
    return floats.subarray(begin, begin + length);
  };
  const [x, w1, b1, h, w2, b2, z] = [R * K, K * H, H, R * H, H * N, N, R * N].map(array);
  const [dz, dh, dw1, db1, dw2, db2] = [R * N, R * H, K * H, H, H * N, N].map(array);
  const [classes, rowLosses] = [R, R].map(array);
  const [losses, weights, scores] = Array.from({ length: 3 }, () => {
    end += end % 2;
    const { buffer, byteOffset } = array(2 * sizes.length);
    return new Float64Array(buffer, byteOffset, sizes.length);
  });
  const fill = (seed: number) => {
    let state = seed;
    for (let i = 0; i < end; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      floats[i] = (state >> 8) / 2 ** 23;
    }
  };
  /** Gathers the rows of a turn as a training does, and computes the losses and gradients. */
  const run = (kernels: Kernels) => {
    const [from, to] = [origin[0], origin[0] + R];
    gatherInputs(x, dataset, ENCODING, order, from, to, kernels, origin);
    gatherTargets(classes, dataset, ENCODING, order, from, to, kernels, origin);
    kernels.rectifiedAffine(h, x, w1, b1, shards, K, H);
    kernels.affine(z, h, w2, b2, shards, H, N);
    if (N > 1) {
      kernels.divergence('softmaxCrossEntropy', rowLosses, dz, z, classes, R, N, 0);
      const sums = { losses, weights, scores };
      if (!kernels.tallyClasses!(sums, 0, rowLosses, z, classes, shards, N)) {
        for (let shard = 0; shard < sizes.length; shard++) {
          const [begin, end] = [bounds[shard], bounds[shard + 1]];
          losses[shard] = kernels.sum(rowLosses, begin, end, 0);
          weights[shard] = end - begin;
          scores[shard] = kernels.countRight(z, classes, begin, end, N, 0.5);
        }
      }
    }
    kernels.affineWeightGradient(dw2, h, dz, shards, H, N, 'start');
    kernels.columnSums(db2, dz, shards, N, 'start');
    kernels.rectifiedInputGradient(dh, dz, w2, shards, H, N, h);
    kernels.affineWeightGradient(dw1, x, dh, shards, K, H, 'start');
    kernels.columnSums(db1, dh, shards, H, 'start');
  };
  const bits = () => new Uint32Array(floats.buffer, floats.byteOffset, end).slice();
  const largest = () => Math.max(...[dw1, db1, dw2, db2].flatMap((sums) => [...sums].map(Math.abs)));
  /** Sets the turn whose rows are gathered. */
  const setTurn = (turn: number) => {
    origin[0] = turn * R;
  };
  return { fill, run, bits, largest, setTurn };
}

const differing = (a: Uint32Array, b: Uint32Array): number => a.findIndex((bits, i) => bits !== b[i]);

function check({ byWasm, byMachine, floats }: ReturnType<typeof kernelsOn>, given: Case): void {
  const { fill, run, bits, largest, setTurn } = network(floats, given);
  const by = (turn: number, compute: () => unknown) => {
    fill(given.seed + turn);
    setTurn(turn);
    const most = compute();
    return { bits: bits(), most };
  };
  const expected = Array.from({ length: TURNS }, (_, turn) =>
    by(turn, () => {
      run(byWasm);
      return largest();
    }),
  );
  const recording = { made: [] as readonly Repetition[] };
  const first = by(1, () => {
    recording.made = byMachine.record!([recordable(() => run(byMachine))]);
  });
  expect(differing(first.bits, expected[1].bits)).toBe(-1);
  expect(recording.made.map(({ recorded }) => recorded)).toEqual([true]);
  const other = network(floats, { ...given, sizes: [1, 1], K: 3, H: 40 });
  for (const [turn, again] of expected.entries()) {
    // Other calls write other words in between.
    other.run(byMachine);
    const found = by(turn, () => recording.made[0].run());
    expect([differing(found.bits, again.bits), found.most]).toEqual([-1, again.most]);
  }
}

describe.each(machineSets)('%s', (instructions) => {
  it('has the bits of WASM', () => {
    const kernels = kernelsOn(compileCode(instructions));
    const property = fc.property(passes({ rows: 40, width: 600 }), (given) => check(kernels, given));
    fc.assert(property, { numRuns: 60, seed: 1 });
  });

  it('stages that do something else run as they are, and those around them are recorded together', () => {
    const { byMachine, byWasm, floats } = kernelsOn(compileCode(instructions));
    const { run, fill, bits } = network(floats, { sizes: [3, 2], K: 5, H: 6, N: 7, seed: 1 });
    const calls: string[] = [];
    const record = (...stages: KernelStage[]) => byMachine.record!(stages);
    const whole = recordable(() => run(byMachine));
    const other = { recordable: false, run: () => void calls.push('other') };
    const repeated = record(whole, whole, other, whole);
    expect(repeated.map(({ recorded }) => recorded)).toEqual([true, false, true]);
    fill(9);
    run(byWasm);
    const expected = bits();
    fill(9);
    const found = repeated.map(({ run }) => run());
    expect(calls).toEqual(['other', 'other']);
    expect(found[1]).toBeUndefined();
    expect(differing(bits(), expected)).toBe(-1);
  });

  it('there is none where something else would have to be done as well', () => {
    const { byMachine, byWasm, floats } = kernelsOn(compileCode(instructions));
    const areRecorded = (run: () => void) =>
      byMachine.record!([recordable(run)]).map(({ recorded }) => recorded);
    // More rows in one sum than the code has room for.
    const { run } = network(floats, { sizes: [1100], K: 2, H: 3, N: 4, seed: 1 });
    expect(areRecorded(() => run(byMachine))).toEqual([false]);
    expect(areRecorded(() => {})).toEqual([false]);
    // Another divergence, label smoothing, and one output for two classes.
    const [losses, y, dy, d] = [0, 16, 32, 48].map((begin) => floats.subarray(begin, begin + 8));
    for (const [name, p] of [['softmaxFocal', 0] as const, ['softmaxCrossEntropy', 0.1] as const]) {
      expect(areRecorded(() => byMachine.divergence(name, losses, dy, y, d, 2, 4, p))).toEqual([false]);
    }
    const sums = { losses: new Float64Array(1), weights: new Float64Array(1), scores: new Float64Array(1) };
    const one = { bounds: Int32Array.of(0, 2), first: 0, last: 1 };
    expect(areRecorded(() => byMachine.tallyClasses!(sums, 0, losses, y, d, one, 1))).toEqual([false]);
    expect(byWasm.record).toBeUndefined();
    expect(() =>
      areRecorded(() => {
        throw new Error('half a pass');
      }),
    ).toThrow('half a pass');
    // The next one holds none of its calls.
    check({ byMachine, byWasm, floats }, { sizes: [3, 2], K: 5, H: 6, N: 7, seed: 1 });
  });
});

describe.each(['avx512', 'avx2'] as const)('%s, emulated', (instructions) => {
  it('has the bits of WASM', () => {
    const { bytes, offsets } = writeCode(instructions);
    const kernels = kernelsOn({ ...offsets, instructions }, (memory) => emulate(bytes, memory));
    const property = fc.property(passes({ rows: 6, width: 300 }), (given) => check(kernels, given));
    fc.assert(property, { numRuns: 12, seed: 1 });
  });
});

it('of products by AMX, emulated, has the bits of the model', () => {
  const [plain, amx] = [writeCode('avx512'), writeAmxCode()];
  const begin = Math.ceil(plain.bytes.length / PAGE) * PAGE;
  const bytes = new Uint8Array(begin + amx.bytes.length);
  bytes.set(plain.bytes);
  bytes.set(amx.bytes, begin);
  const { affine, inputGradient, weightGradient } = amx.offsets;
  const products = {
    affine: begin + affine,
    inputGradient: begin + inputGradient,
    weightGradient: begin + weightGradient,
  };
  const code = { ...plain.offsets, instructions: 'avx512' } as const;
  const kernels = kernelsOn(code, (memory) => emulate(bytes, memory), products);
  const property = fc.property(passes({ rows: 40, width: 70 }), (given) => check(kernels, given));
  fc.assert(property, { numRuns: 8, seed: 1 });
});
