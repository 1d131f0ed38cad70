/** Workers call a library at the same time: it must keep their products apart. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { searchLibrary } from '#src/kernels/native/index.js';
import type { NativeLibrary } from '#src/kernels/native/library.js';
import { libraries } from './implementations.js';

const MULTIPLYING = fileURLToPath(new URL('../fixtures/workers/multiplying.mjs', import.meta.url));
const PAGES = 8;
/** by each thread, and no fewer than it takes for calls to overlap in many places */
const PRODUCTS = 10_000;
const THREADS = 3;

/** Products of three threads that came out wrong. */
async function wrongProducts(library: NativeLibrary): Promise<number> {
  const pages = THREADS * PAGES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const answers = Array.from({ length: THREADS }, async (_, index) => {
    const place = index * PAGES * 65536;
    const workerData = { library, memory, place, products: PRODUCTS, ready, threads: THREADS };
    const [wrong] = await once(new Worker(MULTIPLYING, { workerData }), 'message');
    return wrong as number;
  });
  return (await Promise.all(answers)).reduce((sum, wrong) => sum + wrong, 0);
}

describe.each(libraries.map((library) => [library.version, library] as const))('%s', (_, library) => {
  it('gives the right products to threads that call at the same time', async () => {
    expect(await wrongProducts(library)).toBe(0);
  });
});

/** Where Debian and Ubuntu put OpenBLAS without threads. */
const sequential = ['x86_64', 'aarch64']
  .map((cpu) => `/usr/lib/${cpu}-linux-gnu/openblas-serial/libopenblas.so.0`)
  .find(existsSync);

describe.skipIf(!sequential)('OpenBLAS built without threads', () => {
  // its threads would take the same buffer now and then: 1117 of 314,900 products by two of them were wrong
  // in 0.3.21
  it('is refused: it mixes up the products of threads that call at the same time', () => {
    const { library, why } = searchLibrary(sequential, 'f32');
    expect(library).toBeNull();
    expect(why).toMatch(/^--native-library: .*libopenblas\.so\.0 is an OpenBLAS built without threads: /);
  });
});
