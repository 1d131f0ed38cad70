/** Threads can be ended at any time, also while native code is loaded in them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const src = new URL('../dist/src/', import.meta.url).href;

/** Ends eight threads, each a little later after it has begun to load; then the process ends. */
const PROGRAM = `
  import { setTimeout as sleep } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';
  const { endingThreads, guardThreads } = await import('${src}gate.js');
  guardThreads();
  const code = \`
    import { parentPort } from 'node:worker_threads';
    const { loadKoffi } = await import('${src}kernels/foreign.js');
    parentPort.postMessage(0);
    loadKoffi();
  \`;
  const address = new URL('data:text/javascript,' + encodeURIComponent(code));
  const begun = () => new Promise((resolve) => {
    const thread = new Worker(address);
    thread.once('message', () => resolve(thread));
  });
  for (let i = 0; i < 8; i++) {
    const thread = await begun();
    await sleep(2 * i);
    await endingThreads(() => thread.terminate());
  }
  await begun();
  await sleep(4);
  console.log('ended');
  process.exit(0);
`;

it('a thread that is ended while it loads koffi does not take the process with it', async () => {
  const words = ['--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  expect(stdout).toBe('ended\n');
});

/** Ends eight threads that make kernels again and again. */
const KERNELS = `
  import { setTimeout as sleep } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';
  const { endingThreads, guardThreads } = await import('${src}gate.js');
  const { compileKernels, fastestBuiltIn, scratchBytes } = await import('${src}kernels/load.js');
  const { allocateShared } = await import('${src}kernels/arena.js');
  guardThreads();
  const { name } = fastestBuiltIn();
  const memory = allocateShared(scratchBytes(name) + 4096, 2 ** 30);
  const workerData = { name, module: compileKernels(name), memory, scratch: 0 };
  const code = \`
    import { parentPort, workerData } from 'node:worker_threads';
    const { instantiateKernels } = await import('${src}kernels/load.js');
    instantiateKernels(workerData);
    parentPort.postMessage(0);
    for (;;) instantiateKernels(workerData);
  \`;
  const address = new URL('data:text/javascript,' + encodeURIComponent(code));
  for (let i = 0; i < 8; i++) {
    const thread = new Worker(address, { workerData });
    await new Promise((resolve) => thread.once('message', resolve));
    await sleep(i);
    await endingThreads(() => thread.terminate());
  }
  console.log(name);
`;

it('nor does one that is ended while it makes kernels', async () => {
  const words = ['--input-type=module', '--eval', KERNELS];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  expect(stdout).toMatch(/^(jit|wasm|portable)\n$/);
});
