/** A signal that comes while a library multiplies does no harm. */
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { NO_MASK, signalMask, withSignalsHeld } from '#src/kernels/native/signals.js';
import { libraries } from './implementations.js';

const module = (name: string) =>
  JSON.stringify(new URL(`../../dist/src/kernels/${name}.js`, import.meta.url).href);

/** Multiplies for as long as it takes to be sent 100 signals, and has the heap used meanwhile. */
const PROGRAM = `
  import { compileKernels, instantiateKernels } from ${module('load')};
  const [R, K, N] = [64, 512, 512];
  const memory = new WebAssembly.Memory({ initial: 200, maximum: 200, shared: true });
  const library = JSON.parse(process.argv[1]);
  const kernels = instantiateKernels({ name: 'native', module: compileKernels('native'), memory, scratch: 65536, library });
  const array = (at, length) => new Float32Array(memory.buffer, at * 2 ** 20, length);
  const [x, w, z] = [array(6, R * K), array(7, K * N), array(9, R * N)];
  const bounds = Int32Array.of(0, R);
  let signals = 0;
  process.on('SIGUSR2', () => {
    signals++;
  });
  process.stdout.write('ready');
  while (signals < 100) {
    for (let i = 0; i < 5; i++) kernels.affine(z, x, w, null, { bounds, first: 0, last: 1 }, K, N);
    const used = Array.from({ length: 50 }, (_, i) => new ArrayBuffer(100000 + 1000 * i));
    await new Promise((resolve) => setImmediate(resolve, used));
  }
  process.stdout.write('done');
  process.stdin.resume(); // until nobody sends any more
`;

const named = libraries.map((library) => [library.version, library] as const);
it.skipIf(process.platform === 'win32').each(named)('%s', async (_, library) => {
  const args = ['--input-type=module', '--eval', PROGRAM, '--', JSON.stringify(library)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  let sending: NodeJS.Timeout | undefined;
  child.stdout.on('data', (text) => {
    said += text;
    sending ??= setInterval(() => child.kill('SIGUSR2'), 5);
    if (!said.endsWith('done')) return;
    clearInterval(sending);
    child.stdin.end();
  });
  const ended = await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  clearInterval(sending);
  expect(ended).toEqual({ code: 0, signal: null });
  expect(said).toBe('readydone');
});

it('holds every signal but those of a thread’s own mistakes, and puts back what was', () => {
  const calls: number[][] = [];
  const buffers: ArrayBuffer[] = [];
  const mask = signalMask(
    (...all) => calls.push(all),
    (buffer) => buffers.push(buffer) * 1000,
    'linux',
  );
  mask.hold();
  mask.release();
  expect(calls).toEqual([
    [0, 1000, 2000],
    [2, 2000, 0],
  ]);
  const held = (signal: number) => (new Uint8Array(buffers[0])[(signal - 1) >> 3] >> ((signal - 1) & 7)) & 1;
  expect([1, 2, 3, 12, 13, 14, 15, 17, 20, 28, 64].map(held)).toEqual(Array(11).fill(1));
  expect([4, 5, 6, 7, 8, 11].map(held)).toEqual(Array(6).fill(0));
  expect(
    signalMask(
      () => 0,
      () => 0,
      'win32',
    ),
  ).toBe(NO_MASK);
});

it('a product that throws lets signals through again', () => {
  const calls: string[] = [];
  const fail = () => {
    throw new Error('no');
  };
  const products = withSignalsHeld(
    { affine: fail, affineInputGradient: fail, affineWeightGradient: fail },
    { hold: () => calls.push('hold'), release: () => calls.push('release') },
  );
  const shards = { bounds: Int32Array.of(0, 1), first: 0, last: 1 };
  expect(() => products.affine(0, 0, 0, 0, shards, 1, 1)).toThrow('no');
  expect(() => products.affineInputGradient(0, 0, 0, shards, 1, 1)).toThrow('no');
  expect(() => products.affineWeightGradient(0, 0, 0, shards, 1, 1, 'start')).toThrow('no');
  expect(calls).toEqual(['hold', 'release', 'hold', 'release', 'hold', 'release']);
});
