import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { oneShard } from '#src/kernels/kernels.js';
import { compileKernels, instantiateKernels, MAX_SHARDS, SCRATCH_BYTES } from '#src/kernels/load.js';
import { bits, numbers } from './implementations.js';

const LOADER = new URL('../../dist/src/kernels/load.js', import.meta.url).href;

/** Computes z = x·w and tanh(z) of 5 rows with the module and the memory that it was given. */
const WORKER = `
  import { parentPort, workerData } from 'node:worker_threads';
  import { instantiateKernels } from '${LOADER}';
  const { setup, at } = workerData;
  const kernels = instantiateKernels(setup);
  const [x, w, z, y] = at.map(([offset, length]) => new Float32Array(setup.memory.buffer, offset, length));
  kernels.affine(z, x, w, null, { bounds: [0, 5], first: 0, last: 1 }, 7, 9);
  kernels.activate('tanh', y, z, 45, 0);
  parentPort.postMessage('done');
`;

describe.each(['portable', 'wasm'] as const)('%s', (name) => {
  it('four workers on one memory and one module compute the bits of the main thread', async () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const module = compileKernels(name);
    let top = 65536;
    const take = (bytes: number) => {
      top += Math.ceil(bytes / 64) * 64;
      return top - Math.ceil(bytes / 64) * 64;
    };
    const array = (length: number) => new Float32Array(memory.buffer, take(length * 4), length);
    const [x, w] = [array(35), array(63)];
    x.set(numbers(35, 1));
    w.set(numbers(63, 2));
    const places = Array.from({ length: 5 }, () => [array(45), array(45)]);
    const setups = places.map(() => ({ name, module, memory, scratch: take(SCRATCH_BYTES) }));

    const kernels = instantiateKernels(setups[4]);
    kernels.affine(places[4][0], x, w, null, oneShard(5), 7, 9);
    kernels.activate('tanh', places[4][1], places[4][0], 45, 0);
    await Promise.all(
      places.slice(0, 4).map(async (arrays, i) => {
        const at = [x, w, ...arrays].map((a) => [a.byteOffset, a.length]);
        const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`), {
          workerData: { setup: setups[i], at },
        });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }),
    );
    for (const [z, y] of places) {
      expect(bits(z)).toEqual(bits(places[4][0]));
      expect(bits(y)).toEqual(bits(places[4][1]));
    }
    expect(places[0][0].some((v) => v !== 0)).toBe(true);
  });

  it('more shards than the scratch area holds are refused, that many are summed', () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
    const kernels = instantiateKernels({ name, module: compileKernels(name), memory, scratch: 65536 });
    const [db, dz] = [65536 + SCRATCH_BYTES, 65536 + SCRATCH_BYTES + 64].map(
      (at, i) => new Float32Array(memory.buffer, at, i === 0 ? 1 : MAX_SHARDS),
    );
    dz.fill(1);
    const bounds = Int32Array.from({ length: MAX_SHARDS + 2 }, (_, s) => s);
    kernels.columnSums(db, dz, { bounds, first: 0, last: MAX_SHARDS }, 1, 'start');
    expect(db[0]).toBe(MAX_SHARDS);
    kernels.affineWeightGradient(db, dz, dz, { bounds, first: 0, last: MAX_SHARDS - 1 }, 1, 1, 'start');
    expect(db[0]).toBe(MAX_SHARDS - 1);
    expect(() => kernels.columnSums(db, dz, { bounds, first: 0, last: MAX_SHARDS + 1 }, 1, 'start')).toThrow(
      RangeError,
    );
  });
});

it('reference needs no module, the others do', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  expect(compileKernels('reference')).toBeNull();
  expect(instantiateKernels({ name: 'reference', module: null, memory, scratch: 0 }).name).toBe('reference');
  expect(() => instantiateKernels({ name: 'portable', module: null, memory, scratch: 0 })).toThrow(
    /compileKernels/,
  );
});
