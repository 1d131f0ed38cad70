/** Which kernels a training takes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '#src/errors.js';
import { chooseKernels, hasBfloat16 } from '#src/kernels/choose.js';
import { fastestWasm } from '#src/kernels/load.js';
import { libraries } from './implementations.js';

const before = process.env.XDG_CACHE_HOME;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-choose-'));
  process.env.XDG_CACHE_HOME = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(folder, { recursive: true });
});

const choose = (kernels: Parameters<typeof chooseKernels>[0]['kernels'], more: object = {}) =>
  chooseKernels({ kernels, precision: 'f32', ...more });
const file = () => join(folder, 'gradpool', 'kernels.json');

test('kernels asked for by name are taken, without a word', () => {
  for (const name of ['reference', 'portable', fastestWasm()] as const) {
    expect(choose(name)).toEqual({ name, library: null, note: null });
  }
});

test('a library that cannot be had is an error for native, a note for auto', () => {
  const nativeLibrary = '/nowhere/libdnnl.so';
  expect(() => choose('native', { nativeLibrary })).toThrow(UsageError);
  const { name, library, note } = choose('auto', { nativeLibrary });
  expect([name, library]).toEqual([fastestWasm(), null]);
  expect(note).toMatch(/^--native-library: cannot load \/nowhere\/libdnnl\.so: .+; taking kernels /);
});

test('bfloat16 is emulated, and that is told, unless the CPU has it', () => {
  for (const name of ['reference', 'portable'] as const) {
    const { note } = choose(name, { precision: 'bf16' });
    expect(note).toMatch(/^precision bf16 is emulated, slower than f32: --kernels native /);
  }
  const { note } = choose('auto', { precision: 'bf16', nativeLibrary: '/nowhere/libdnnl.so' });
  expect(note).toMatch(/^precision bf16 is emulated, slower than f32: --native-library: cannot load /);
});

test.each([
  ['flags : fpu avx512f avx512_bf16 amx_tile', true],
  ['flags : fpu avx512f amx_bf16', true],
  ['Features : fp asimd bf16 i8mm', true],
  ['flags : fpu avx2 fma avx512f avx512_vnni', false],
  ['Features : fp asimd xbf16', false],
  [null, true], // not known: nothing is said
])('a CPU of %j has bfloat16: %s', (flags, expected) => {
  expect(hasBfloat16(flags)).toBe(expected);
});

test('without relaxed SIMD wasm is refused with the remedy', () => {
  const validate = WebAssembly.validate;
  WebAssembly.validate = () => false;
  try {
    expect(fastestWasm()).toBe('portable');
    expect(() => choose('wasm')).toThrow(UsageError);
    expect(() => choose('wasm')).toThrow(/--kernels wasm: .*portable/);
  } finally {
    WebAssembly.validate = validate;
  }
});

describe.skipIf(libraries.length === 0)('where there is a library', () => {
  test('auto measures once and remembers for a while', () => {
    const first = choose('auto');
    const [[key, measured]] = Object.entries<{ wasm: number; native: number; expires: number }>(
      JSON.parse(readFileSync(file(), 'utf8')),
    );
    expect(measured.wasm).toBeGreaterThan(0);
    expect(measured.native).toBeGreaterThan(0);
    expect(first.name).toBe(measured.native < 0.8 * measured.wasm ? fastestWasm() : 'native');

    const remember = (native: number, expires: number) =>
      writeFileSync(file(), JSON.stringify({ [key]: { wasm: 100, native, expires } }));
    remember(79, Date.now() + 1e6);
    expect(choose('auto')).toEqual({ name: fastestWasm(), library: null, note: null });
    remember(81, Date.now() + 1e6);
    expect(choose('auto')).toMatchObject({ name: 'native', library: { path: expect.any(String) } });
    remember(1e-6, Date.now() - 1);
    expect(choose('auto').name).toBe(first.name);
    expect(JSON.parse(readFileSync(file(), 'utf8'))[key].native).toBeGreaterThan(1);
  });

  test('a damaged memory, or a home that cannot be written, is measured anew', () => {
    choose('auto');
    writeFileSync(file(), '{');
    const { name } = choose('auto');
    process.env.XDG_CACHE_HOME = '/proc/nothing';
    expect(choose('auto').name).toBe(name);
  });

  test('what was asked for is not measured', () => {
    const [{ path }] = libraries;
    expect(choose('auto', { nativeLibrary: path }).library).toMatchObject({ path });
    expect(choose('native', { nativeLibrary: path }).library).toMatchObject({ path });
    expect(() => readFileSync(file())).toThrow();
  });
});
