/** Where machine code cannot be had, the same bits are trained without it, and one line says why. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineSets } from '../kernels/implementations.js';
import { flowers, Place } from './cli.js';

const place = new Place();
/** What the training ends with where there is machine code. */
let jit: { kernels: string; weightsSha256: string };
beforeAll(async () => {
  place.write('flowers.csv', flowers());
  jit = JSON.parse((await run(`${LINE} --workers 2 --json`)).stdout);
});
afterAll(() => place.remove());

const LINE = 'train flowers.csv -t kind --hidden 40 --epochs 2';
const run = (line: string, environment = {}) => place.gradpool(line.split(' '), environment);

/** A koffi in which a function of the system is replaced. */
const shim = (name: string, replacement: string) => `
  const Module = require('node:module');
  const load = Module._load;
  Module._load = (request, ...rest) => {
    const koffi = load(request, ...rest);
    if (request !== 'koffi') return koffi;
    const open = (...path) => {
      const library = koffi.load(...path);
      const func = (prototype) => {
        const own = library.func(prototype);
        return prototype.includes(' ${name}(') ? ${replacement} : own;
      };
      return { func };
    };
    return { ...koffi, load: open };
  };
`;

it.skipIf(machineSets.length === 0).each([
  ['memory may not be executable', 'mprotect', '() => -1', /the system refuses executable memory/],
  ['there is no memory', 'mmap', '() => -1', /the system gives no \d+ bytes of memory for machine code/],
  [
    'the code is wrong',
    'memcpy',
    // vfmadd231ps becomes vfmsub231ps.
    "(to, from, bytes) => { const text = Buffer.from(from).toString('latin1').replace(/(\\xc4[\\x42\\x62\\xc2\\xe2].|\\x62[^]{3})\\xb8/g, '$1\\xba'); return own(to, Buffer.from(text, 'latin1'), bytes); }",
    /machine code for avx\w+ (multiplies \[\d+,\d+\]·\[\d+,\d+\]|updates parameters) wrong/,
  ],
])('where %s, WASM trains to the same bits', async (_, name, replacement, reason) => {
  const file = place.write(`without-${name}.cjs`, shim(name, replacement));
  const environment = { NODE_OPTIONS: `--require ${file}` };
  expect(jit.kernels).toBe('jit');
  const { code, stdout, stderr } = await run(`${LINE} --workers 2 --json --out ${name}`, environment);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ kernels: 'wasm', weightsSha256: jit.weightsSha256 });
  const lines = stderr.split('\n').filter((line) => reason.test(line));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^no machine code: .*; taking kernels wasm, slower, with the same bits$/);

  const asked = await run(`${LINE} --kernels jit`, environment);
  expect(asked).toMatchObject({ code: 2, stdout: '' });
  expect(asked.stderr).toMatch(/^gradpool: --kernels jit: [^\n]+; --kernels wasm has the same bits\n$/);
  expect(asked.stderr).toMatch(reason);

  if (name !== 'mprotect') return;
  const doctor = JSON.parse((await run('doctor --json', environment)).stdout);
  expect(doctor.auto.kernels).toBe('wasm');
  const entry = doctor.kernels.find((kernel: { name: string }) => kernel.name === 'jit');
  expect(entry).toMatchObject({ gflops: null, missing: expect.stringMatching(reason) });
});

it.skipIf(machineSets.length === 0)(
  'doctor shows the instructions and the speed of machine code',
  async () => {
    const { kernels, auto } = JSON.parse((await run('doctor --json')).stdout);
    expect(auto.kernels).toBe('jit');
    expect(kernels.find((kernel: { name: string }) => kernel.name === 'jit')).toMatchObject({
      instructions: machineSets[0],
      gflops: expect.any(Number),
      missing: null,
    });
  },
);
