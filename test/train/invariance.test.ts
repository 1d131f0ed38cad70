/** Promise P1: the same bits for any number of workers, whatever happens to them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DivergedError } from '#src/errors.js';
import { hasNarrowing } from '#src/kernels/jit/cpu.js';
import { whyNoAmx } from '#src/kernels/load.js';
import type { LayerSpec } from '#src/network/spec.js';
import { libraries, machineSets } from '../kernels/implementations.js';
import { syntheticData } from '../support/data.js';
import { finish, newTrainer, trainToEnd, WORKER_FILE } from '../support/train.js';

const DYING_WORKER = fileURLToPath(new URL('../fixtures/workers/dying.mjs', import.meta.url));

describe.each(['portable', 'wasm', 'reference'] as const)('%s kernels', (kernels) => {
  it('give the same bits for 0, 1, 2, 3 and 5 workers', async () => {
    const data = syntheticData({ rows: 203, inputs: 13, classes: 4, val: 700 });
    const options = { hidden: [9, 6], batch: 50, epochs: 2, kernels, clip: 0.5 };
    const [first, ...others] = await Promise.all(
      [0, 1, 2, 3, 5].map((workers) => trainToEnd(data, { ...options, workers })),
    );
    for (const other of others) expect(other).toEqual(first);
  });
});

/** Layers large enough for the library, one small enough for WASM; shards that differ in their rows. */
const wide = { hidden: [96, 72, 10], batch: 75, epochs: 2, lr: 0.01 } as const;
const wideData = syntheticData({ rows: 203, inputs: 90, classes: 4, val: 700 });
const wideBytes = syntheticData({ rows: 203, inputs: 90, classes: 4, val: 700, bytes: true });

/** Runs a training with machine code for one instruction set, and says so to the threads' environment. */
async function withInstructions<T>(instructions: string, run: () => Promise<T>): Promise<T> {
  process.env.JIT_INSTRUCTIONS = instructions;
  try {
    return await run();
  } finally {
    delete process.env.JIT_INSTRUCTIONS;
  }
}

describe.each(machineSets)('machine code for %s', (instructions) => {
  it.each([
    ['sgd', 'bytes', wideBytes],
    ['adam', 'floats', wideData],
  ] as const)('gives the bits of wasm for 0, 1, 2, 3 and 5 workers, %s on %s', async (optimizer, _, data) => {
    const options = { ...wide, optimizer };
    const wasm = await trainToEnd(data, { ...options, kernels: 'wasm', workers: 0 });
    for (const workers of [0, 1, 2, 3, 5]) {
      const train = () => trainToEnd(data, { ...options, kernels: 'jit', workers });
      expect(await withInstructions(instructions, train)).toEqual(wasm);
    }
  });

  it('gives the bits of wasm with the layers that multiply matrices', async () => {
    const layers: LayerSpec[] = [
      { dense: { units: 37, ntk: true } },
      'relu',
      { residual: [{ dense: 37 }, 'gelu'] },
      'layerNorm',
      { dense: { units: 4, bias: false } },
      'softmax',
    ];
    const { hidden, ...plain } = wide;
    const networks = [
      { ...plain, layers },
      { ...plain, hidden, shards: 3, batch: 100 },
    ] as const;
    for (const options of networks) {
      const wasm = await trainToEnd(wideData, { ...options, kernels: 'wasm', workers: 0 });
      const train = () => trainToEnd(wideData, { ...options, kernels: 'jit', workers: 2 });
      expect(await withInstructions(instructions, train)).toEqual(wasm);
    }
  });
});

describe.each([...machineSets, ...(hasNarrowing() ? ['avx512_bf16'] : [])])(
  'machine code for %s in bf16',
  (instructions) => {
    it('gives the bits of wasm for 0, 1, 2 and 3 workers', async () => {
      const options = { ...wide, precision: 'bf16' } as const;
      const wasm = await trainToEnd(wideBytes, { ...options, kernels: 'wasm', workers: 0 });
      for (const workers of [0, 1, 2, 3]) {
        const train = () => trainToEnd(wideBytes, { ...options, kernels: 'jit', workers });
        expect(await withInstructions(instructions, train)).toEqual(wasm);
      }
    });
  },
);

describe.skipIf(whyNoAmx() !== null)('amx in bf16', () => {
  it.each(['sgd', 'adam'] as const)(
    'gives the same bits for 0, 1, 2, 3 and 5 workers with %s',
    async (optimizer) => {
      const options = { ...wide, precision: 'bf16', kernels: 'amx', optimizer } as const;
      const inProcess = await trainToEnd(wideBytes, { ...options, workers: 0 });
      for (const workers of [1, 2, 3, 5]) {
        expect(await trainToEnd(wideBytes, { ...options, workers })).toEqual(inProcess);
      }
    },
  );
});

describe.each(libraries.map((library) => [library.version, library] as const))('%s', (_, library) => {
  const precisions = library.bf16 ? (['f32', 'bf16'] as const) : (['f32'] as const);
  it.each(precisions)('gives the same bits for 0, 1, 2, 3 and 5 workers in %s', async (precision) => {
    const options = { ...wide, precision, kernels: 'native', nativeLibrary: library.path } as const;
    const inProcess = await trainToEnd(wideData, { ...options, workers: 0 });
    for (const workers of [1, 2, 3, 5]) {
      expect(await trainToEnd(wideData, { ...options, workers })).toEqual(inProcess);
    }
  });
});

it.skipIf(libraries.length > 0)(
  'native kernels need a library: apt-get install libdnnl2 libopenblas0-pthread',
  () => {
    expect(() => newTrainer(wideData, { ...wide, kernels: 'native', workers: 0 })).toThrow(/found no oneDNN/);
  },
);

it.each(['portable', 'wasm', 'reference'] as const)(
  'bf16 by %s kernels gives the same bits for 0, 2 and 3 workers',
  async (kernels) => {
    const options = { ...wide, hidden: [20], kernels, precision: 'bf16' } as const;
    const inProcess = await trainToEnd(wideData, { ...options, workers: 0 });
    for (const workers of [2, 3])
      expect(await trainToEnd(wideData, { ...options, workers })).toEqual(inProcess);
    const { sha256 } = await trainToEnd(wideData, { ...options, precision: 'f32', workers: 0 });
    expect(sha256).not.toBe(inProcess.sha256);
  },
);

it('holds for any network, batch, shards and workers', async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 300 }),
    inputs: fc.integer({ min: 1, max: 20 }),
    classes: fc.integer({ min: 0, max: 6 }).filter((classes) => classes !== 1),
    hidden: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 }),
    activation: fc.constantFrom('relu', 'tanh', 'gelu', 'silu', 'sigmoid', 'leakyRelu'),
    optimizer: fc.constantFrom('sgd', 'adam', 'adamw'),
    shards: fc.integer({ min: 1, max: 20 }),
    batchShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
    workers: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, inputs, classes, batchShare, workers, ...options }) => {
      const data = syntheticData({ rows, inputs, classes, val: 20 });
      const config = {
        ...options,
        lr: 0.01,
        batch: Math.max(1, Math.floor(rows * batchShare)),
        epochs: 1,
      } as const;
      const inProcess = await trainToEnd(data, { ...config, workers: 0 });
      expect(await trainToEnd(data, { ...config, workers })).toEqual(inProcess);
    }),
    { numRuns: 25 },
  );
});

it('holds for shards longer than a pass', async () => {
  const data = syntheticData({ rows: 5000, inputs: 5, classes: 3 });
  const options = { hidden: [7], batch: 'all' as const, shards: 3, epochs: 2 };
  const inProcess = await trainToEnd(data, { ...options, workers: 0 });
  expect(await trainToEnd(data, { ...options, workers: 2 })).toEqual(inProcess);
  expect(await trainToEnd(data, { ...options, workers: 3 })).toEqual(inProcess);
});

/** The test says how long a step takes with each number of workers: so nearly the same that all are tried. */
it.each([
  [2, { 0: 2.2, 2: 2, 4: 2.4 }],
  [0, { 0: 2, 2: 2.4, 4: 2.2 }],
  [4, { 0: 2.4, 2: 2.2, 4: 2 }],
])('holds while auto changes the number of workers, to %i in the end', async (best, milliseconds) => {
  const data = syntheticData({ rows: 2000, inputs: 60, classes: 3 });
  // There are enough weights here for the workers to update them in slices.
  const options = { hidden: [250, 150], batch: 100, epochs: 30 };
  const ofCount: Readonly<Record<number, number>> = milliseconds;
  const used = new Set<number>();
  const decided: string[] = [];
  let now = 0;
  const clock = () => {
    used.add(trainer.workers);
    now += ofCount[trainer.workers];
    return now;
  };
  const onWorkers = (workers: number, why: string) => decided.push(`${workers}: ${why}`);
  const trainer = newTrainer(data, { ...options, workers: 'auto' }, { onWorkers }, { clock, cores: 4 });
  expect(trainer.plan.sizes.sliced).toBe(true);
  const auto = await finish(trainer);
  expect([...used]).toEqual([0, 2, 4]);
  const reasons = Object.entries(milliseconds).map(
    ([count, time]) => `${count === '0' ? 'in-process' : `${count} workers`} ${time.toFixed(2)} ms a step`,
  );
  expect(decided).toEqual([`${best}: ${reasons.join(', ')}`]);
  expect(trainer.workers).toBe(best);
  expect(auto).toEqual(await trainToEnd(data, { ...options, workers: 0 }));
});

describe('a worker that', () => {
  const data = syntheticData({ rows: 300, inputs: 8, classes: 3, val: 600 });
  const options = { hidden: [10], batch: 30, epochs: 2 };

  it.each(['exit', 'throw'])('has an accident (%s) changes no bit', async (accident) => {
    const folder = mkdtempSync(join(tmpdir(), 'gradpool-'));
    process.env.GRADPOOL_TEST_MARKER = join(folder, 'marker');
    process.env.GRADPOOL_TEST_ACCIDENT = accident;
    const retries: string[] = [];
    const more = { workerFile: DYING_WORKER, onRetry: (message: string) => retries.push(message) };
    const trainer = newTrainer(data, { ...options, epochs: 100_000, workers: 3 }, more);
    try {
      // The coordinator may take over any number of tasks before a thread gets to its third.
      while (retries.length === 0) await trainer.step();
      for (let after = 0; after < 10; after++) await trainer.step();
      expect(retries).toHaveLength(1);
      const inProcess = newTrainer(data, { ...options, epochs: 100_000, workers: 0 });
      while (inProcess.state.step < trainer.state.step) await inProcess.step();
      expect(trainer.memory.weights).toEqual(inProcess.memory.weights);
      expect(await trainer.evaluate('val')).toEqual(await inProcess.evaluate('val'));
    } finally {
      await trainer.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('is terminated changes no bit', async () => {
    const threads: Worker[] = [];
    const seen = (thread: Worker) => threads.push(thread);
    process.on('worker', seen);
    const long = { ...options, epochs: 100_000 };
    const trainer = newTrainer(data, { ...long, workers: 3 });
    try {
      let steps = 0;
      // On a busy machine, the coordinator may compute all tasks itself for a while.
      for (; steps < 100 || threads.length <= 2; steps++) {
        const stepping = trainer.step();
        if (steps === 50) void threads[0].terminate();
        await stepping;
        await nextTurn(); // so that the pool hears of the thread's end
      }
      const inProcess = newTrainer(data, { ...long, workers: 0 });
      for (let step = 0; step < steps; step++) await inProcess.step();
      expect(trainer.memory.weights).toEqual(inProcess.memory.weights);
    } finally {
      process.off('worker', seen);
      await trainer.close();
    }
  });
});

describe('a worker file that', () => {
  const data = syntheticData({ rows: 30, inputs: 3, classes: 2 });
  const options = { batch: 10, workers: 3 };

  it('is not there is reported', async () => {
    const workerFile = WORKER_FILE.replace('gradient.js', 'absent.js');
    await expect(trainToEnd(data, options, { workerFile })).rejects.toThrow(/absent/);
  });

  it('fails at every task is reported after three attempts', async () => {
    const workerFile = fileURLToPath(new URL('../fixtures/workers/failing.mjs', import.meta.url));
    const retries: string[] = [];
    const onRetry = (message: string) => retries.push(message);
    // It is long, because the coordinator may take over any number of tasks before a thread begins one.
    const long = { ...options, epochs: 1_000_000 };
    await expect(trainToEnd(data, long, { workerFile, onRetry })).rejects.toThrow('always');
    expect(new Set(retries)).toEqual(new Set(['always']));
    expect(retries.length).toBeGreaterThanOrEqual(2);
    expect(retries.length).toBeLessThanOrEqual(4);
  });
});

describe('every kind of layer', () => {
  const SPECS: LayerSpec[] = [
    { dense: 7 },
    { dropout: 0.3 },
    'rrelu',
    'prelu',
    'batchNorm',
    'layerNorm',
    'l2Norm',
    { noise: 0.1 },
    { residual: [{ dense: 4 }, 'tanh', { dropout: 0.2 }, { dense: 8 }] },
    { multiply: [[{ dense: 8 }], [{ dense: 8 }, 'sigmoid']] },
    { concat: [['identity'], [{ dense: 3 }, 'batchNorm']] },
    { maxout: { units: 6, pieces: 2 } },
    { product: { units: 4 } },
    'swiglu',
    { groupMax: 2 },
    'gelu',
  ];
  /** Puts each layer where its width and domain fit. */
  const fitted = (specs: readonly LayerSpec[]): LayerSpec[] =>
    specs.flatMap((spec) => {
      const kind = typeof spec === 'string' ? spec : Object.keys(spec)[0];
      return kind === 'product' ? [{ dense: 8 }, 'sigmoid', spec, { dense: 8 }] : [{ dense: 8 }, spec];
    });

  it('gives the same bits for any number of workers', async () => {
    const cases = fc.record({
      chosen: fc.subarray(SPECS, { minLength: 1, maxLength: 4 }),
      rows: fc.integer({ min: 30, max: 200 }),
      batch: fc.integer({ min: 3, max: 30 }),
      shards: fc.integer({ min: 1, max: 9 }),
      workers: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ chosen, rows, batch, shards, workers }) => {
        const data = syntheticData({ rows, inputs: 6, classes: 3, val: 10 });
        const layers: LayerSpec[] = [...fitted(chosen), { dense: 3 }, 'softmax'];
        const options = { layers, batch, shards, epochs: 1, lr: 0.01 };
        /** A network of such layers diverges once in a long while: then it has to with any workers. */
        const outcome = (workers: number) =>
          trainToEnd(data, { ...options, workers }).catch((error) => {
            if (error instanceof DivergedError) return error.message;
            throw error;
          });
        expect(await outcome(workers)).toEqual(await outcome(0));
      }),
      { numRuns: 25 },
    );
  });
});
