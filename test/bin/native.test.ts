/** Libraries that are not what they should be, from the command line. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libraries } from '../kernels/implementations.js';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => {
  place.write('flowers.csv', flowers());
  place.write('text.so', 'no library at all\n');
});
afterAll(() => place.remove());

const LINE = 'train flowers.csv -t kind --hidden 4 --epochs 2 --workers 0';
const run = (line: string, environment = {}) => place.gradpool(line.split(' '), environment);

/** A library of this system without any product of matrices. */
const OTHER = [
  '/lib/x86_64-linux-gnu/libm.so.6',
  '/lib/aarch64-linux-gnu/libm.so.6',
  '/lib64/libm.so.6',
].find(existsSync);

describe.each([
  ['is not there', 'nowhere.so', /cannot load nowhere\.so: /],
  ['is no library', './text.so', /cannot load \.\/text\.so: /],
  ...(OTHER
    ? ([['has no gemm', OTHER, /has neither dnnl_sgemm \(oneDNN\) nor cblas_sgemm \(CBLAS\)/]] as const)
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

  it('is told in one line, and WASM trains, when kernels are chosen', async () => {
    const { code, stdout, stderr } = await run(
      `${LINE} --native-library ${path} --json --out chosen-${path.replaceAll(/\W/g, '')}`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).kernels).toMatch(/^(wasm|portable)$/);
    const lines = stderr.split('\n').filter((line) => reason.test(line));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/; taking kernels (wasm|portable)$/);
  });
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
    /^gradpool: --native-library: sgemm of \.\/wrong\.so is wrong: element \(\d+,\d+\) [^\n]+\n$/,
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

const cblas = libraries.find((library) => !library.bf16);
it.skipIf(!cblas)('a library without bfloat16 is refused for it', async () => {
  const { code, stderr } = await run(
    `${LINE} --precision bf16 --kernels native --native-library ${cblas!.path}`,
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/multiplies no bfloat16/);
});
