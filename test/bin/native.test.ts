/** Libraries that are not what they should be, from the command line. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasNarrowing } from '#src/kernels/jit/cpu.js';
import { libraries, machineSets } from '../kernels/implementations.js';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => {
  place.write('flowers.csv', flowers());
  place.write('text.so', 'no library at all\n');
});
afterAll(() => place.remove());

/** Where Node finds every package but koffi. */
const WITHOUT_KOFFI = `
  const Module = require('node:module');
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (name, ...rest) {
    if (name === 'koffi') throw new Error("Cannot find module 'koffi'\\nRequire stack:\\n- here");
    return resolve.call(this, name, ...rest);
  };
`;

const LINE = 'train flowers.csv -t kind --hidden 4 --epochs 2 --workers 0';
const run = (line: string, environment = {}) => place.gradpool(line.split(' '), environment);

/** A library of this system without any product of matrices. */
const OTHER = [
  '/lib/x86_64-linux-gnu/libm.so.6',
  '/lib/aarch64-linux-gnu/libm.so.6',
  '/lib64/libm.so.6',
].find(existsSync);

beforeAll(() => {
  if (!OTHER) return;
  const bytes = readFileSync(OTHER);
  bytes.writeUInt16LE(243, 18); // e_machine
  place.write('riscv.so', bytes);
});

describe.each([
  ['is not there', 'nowhere.so', /cannot load nowhere\.so: /],
  ['is no library', './text.so', /cannot load \S+\/text\.so: /],
  ['is a folder', '.', /cannot load \S+: /],
  ...(OTHER
    ? ([
        ['has no gemm', OTHER, /has neither dnnl_sgemm \(oneDNN\) nor cblas_sgemm \(CBLAS\)/],
        [
          'is for another processor',
          'riscv.so',
          /cannot load \S+\/riscv\.so: it is built for riscv64, and this is/,
        ],
      ] as const)
    : []),
] as const)('a library that %s', (_, path, reason) => {
  it('ends in one line and exit code 2 when native kernels were asked for', async () => {
    const before = place.files();
    const { code, stdout, stderr } = await run(
      `${LINE} --kernels native --native-library ${path} --out refused`,
    );
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(reason);
    expect(stderr).toMatch(/^gradpool: --native-library: [^\n]+\n$/);
    expect(place.files()).toEqual(before);
  });

  it('is told in one line, and others train, when kernels are chosen', async () => {
    const { code, stdout, stderr } = await run(
      `${LINE} --native-library ${path} --json --out chosen-${path.replaceAll(/\W/g, '-')}`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).kernels).toMatch(/^(jit|wasm|portable)$/);
    const lines = stderr.split('\n').filter((line) => reason.test(line));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/; taking kernels (jit|wasm|portable)$/);
  });
});

it('a library that cannot be used does not keep a bag from training without it', async () => {
  const { code, stdout } = await run(`${LINE} --bag 2 --native-library ./text.so --json --out bag`);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).kernels).toMatch(/^(jit|wasm|portable)$/);
});

const compiler = spawnSync('cc', ['--version']).status === 0;

it.skipIf(!compiler)('a library that multiplies wrongly is refused by the self-test', async () => {
  const source = place.write(
    'wrong.c',
    'void cblas_sgemm(int o, int a, int b, int m, int n, int k, float alpha, const float *x, int lx, const float *y, int ly, float beta, float *c, int lc) { c[0] = alpha; }\n',
  );
  execFileSync('cc', ['-shared', '-fPIC', '-o', place.path('wrong.so'), source]);
  const { code, stderr } = await run(`${LINE} --kernels native --native-library ./wrong.so`);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^gradpool: --native-library: sgemm of \S+\/wrong\.so is wrong: element \(\d+,\d+\) [^\n]+\n$/,
  );
});

it('a library is for native kernels alone', async () => {
  const { code, stderr } = await run(`${LINE} --kernels wasm --native-library libdnnl.so.2`);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--native-library is for --kernels native or auto, found --kernels wasm/);
});

it('bfloat16 without a library that knows it is emulated, and that is told', async () => {
  const { code, stdout, stderr } = await run(
    `${LINE} --precision bf16 --kernels portable --json --out emulated`,
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ precision: 'bf16', kernels: 'portable' });
  expect(stderr).toMatch(/precision bf16 is emulated, slower than f32/);
});

const oneDnn = libraries.find((library) => library.bf16);
it.skipIf(!oneDnn)(
  'bfloat16 on a CPU for which the library has none: refused by name, else emulated',
  async () => {
    const old = { DNNL_MAX_CPU_ISA: 'AVX2', ONEDNN_MAX_CPU_ISA: 'AVX2' };
    const line = `${LINE} --precision bf16`;
    const native = await run(`${line} --kernels native`, old);
    expect(native.code).toBe(2);
    expect(native.stderr).toMatch(
      /^gradpool: --kernels native: found no oneDNN with bfloat16 that works here \(oneDNN [\d.]+ multiplies no bfloat16 on this CPU[^\n]*\)\n$/,
    );
    const auto = await run(`${line} --json --out old-cpu`, old);
    expect(JSON.parse(auto.stdout)).toMatchObject({
      precision: 'bf16',
      kernels: expect.stringMatching(/^(jit|wasm|portable)$/),
    });
    if (!hasNarrowing()) expect(auto.stderr).toMatch(/^precision bf16 is emulated, slower than f32: /m);
    const doctor = JSON.parse((await run('doctor --json', old)).stdout);
    const measured = doctor.kernels.find((kernel: { library?: { version: string } }) =>
      kernel.library?.version.startsWith('oneDNN'),
    );
    expect(measured).toMatchObject({ gflops: expect.any(Number), bf16Gflops: null, missing: null });
  },
);

it('without the package koffi native kernels say so, and WASM trains', async () => {
  const shim = place.write('without-koffi.cjs', WITHOUT_KOFFI);
  const environment = { NODE_OPTIONS: `--require ${shim}` };
  const problem = "the package koffi does not load: Cannot find module 'koffi'; npm install koffi";
  const native = await run(`${LINE} --kernels native`, environment);
  expect(native).toMatchObject({
    code: 2,
    stdout: '',
    stderr: `gradpool: --kernels native: ${problem}\n`,
  });
  const auto = await run(`${LINE} --json --out without-koffi`, environment);
  expect(auto.code).toBe(0);
  const { kernels } = JSON.parse(auto.stdout);
  expect(kernels).toMatch(/^(wasm|portable)$/);
  if (machineSets.length > 0) {
    expect(auto.stderr.split('\n')).toContain(
      `no machine code: ${problem}; taking kernels wasm, slower, with the same bits`,
    );
  }
});

const cblas = libraries.find((library) => !library.bf16);
it.skipIf(!cblas)('a library without bfloat16 is refused for it', async () => {
  const { code, stderr } = await run(
    `${LINE} --precision bf16 --kernels native --native-library ${cblas!.path}`,
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/multiplies no bfloat16/);
});

const movable = libraries.find(({ path }) => isAbsolute(path));
it.skipIf(!movable)('a library given by a path from here is found again from anywhere', async () => {
  symlinkSync(movable!.path, place.path('own.so'));
  const { code } = await run(`${LINE} --kernels native --native-library own.so --out relative`);
  expect(code).toBe(0);
  const { library } = JSON.parse(readFileSync(place.path('relative', 'run.json'), 'utf8'));
  expect(library).toMatchObject({ path: place.path('own.so'), version: movable!.version });
  expect(readFileSync(place.path('relative', 'config.yaml'), 'utf8')).toContain(
    `nativeLibrary: ${place.path('own.so')}`,
  );
  // A run's folder may come from anybody, so the library is loaded only if the command line names it too.
  const refused = await run('resume relative --epochs 3');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('own.so');
  const resumed = await run(`resume relative --epochs 3 --json --native-library ${place.path('own.so')}`);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ kernels: 'native', epochs: 3 });
  expect(resumed.stderr).not.toMatch(/begun with/);
});
