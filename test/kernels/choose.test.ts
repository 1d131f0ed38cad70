/** Which kernels a training takes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

type Choice = Parameters<typeof chooseKernels>;

const choose = (kernels: Choice[0]['kernels'], more: object = {}, gflops?: Choice[1]) =>
  chooseKernels({ kernels, precision: 'f32', ...more }, gflops);
const file = () => join(folder, 'gradpool', 'kernels.json');

it('kernels asked for by name are taken, without a word', () => {
  for (const name of ['reference', 'portable', fastestWasm()] as const) {
    expect(choose(name)).toEqual({ name, library: null, note: null });
  }
});

it('a library that cannot be had is an error for native, a note for auto', () => {
  const nativeLibrary = '/nowhere/libdnnl.so';
  expect(() => choose('native', { nativeLibrary })).toThrow(UsageError);
  const { name, library, note } = choose('auto', { nativeLibrary });
  expect([name, library]).toEqual([fastestWasm(), null]);
  expect(note).toMatch(/^--native-library: cannot load \/nowhere\/libdnnl\.so: .+; taking kernels /);
});

it('bfloat16 is emulated, and that is told, unless the CPU has it', () => {
  for (const name of ['reference', 'portable'] as const) {
    const { note } = choose(name, { precision: 'bf16' });
    expect(note).toMatch(/^precision bf16 is emulated, slower than f32: --kernels native /);
  }
  const { note } = choose('auto', { precision: 'bf16', nativeLibrary: '/nowhere/libdnnl.so' });
  expect(note).toMatch(/^precision bf16 is emulated, slower than f32: --native-library: cannot load /);
});

it.each([
  ['flags : fpu avx512f avx512_bf16 amx_tile', true],
  ['flags : fpu avx512f amx_bf16', true],
  ['Features : fp asimd bf16 i8mm', true],
  ['flags : fpu avx2 fma avx512f avx512_vnni', false],
  ['Features : fp asimd xbf16', false],
  [null, true], // not known: nothing is said
])('a CPU of %j has bfloat16: %s', (flags, expected) => {
  expect(hasBfloat16(flags)).toBe(expected);
});

it('without relaxed SIMD wasm is refused with the remedy', () => {
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

const oneDNN = libraries.filter((library) => library.interface === 'oneDNN');

it.skipIf(libraries.length === 0 || oneDNN.length > 0)('auto leaves a CBLAS to those who ask for it', () => {
  expect(choose('auto')).toEqual({ name: fastestWasm(), library: null, note: null });
  expect(choose('native').library).toMatchObject({ interface: 'CBLAS' });
});

describe.skipIf(oneDNN.length === 0)('where there is oneDNN', () => {
  const wasm = { name: fastestWasm(), library: null, note: null };
  const native = { name: 'native', library: { path: expect.any(String) } };
  /** Measures nothing: WASM makes 100 GFLOP/s, and the library so many. */
  const told = (library: number) => {
    const asked: string[] = [];
    const gflops: Choice[1] = ({ name }) => {
      asked.push(name);
      return name === 'native' ? library : 100;
    };
    return { asked, gflops };
  };

  it('auto takes WASM where the library is slower without doubt', () => {
    expect(choose('auto', {}, told(79).gflops)).toEqual(wasm);
    rmSync(file());
    expect(choose('auto', {}, told(81).gflops)).toMatchObject(native);
  });

  it('auto measures once and remembers for a while', () => {
    const first = told(79);
    choose('auto', {}, first.gflops);
    expect(first.asked).toEqual([fastestWasm(), 'native']);
    const [[key, measured]] = Object.entries(JSON.parse(readFileSync(file(), 'utf8')));
    expect(measured).toEqual({ wasm: 100, native: 79, expires: expect.any(Number) });

    const again = told(81);
    expect(choose('auto', {}, again.gflops)).toEqual(wasm);
    expect(again.asked).toEqual([]);
    writeFileSync(file(), JSON.stringify({ [key]: { wasm: 100, native: 79, expires: Date.now() - 1 } }));
    expect(choose('auto', {}, again.gflops)).toMatchObject(native);
    expect(again.asked).toEqual([fastestWasm(), 'native']);
    expect(JSON.parse(readFileSync(file(), 'utf8'))[key].native).toBe(81);
  });

  it('what is measured are speeds', () => {
    choose('auto');
    const [measured] = Object.values<{ wasm: number; native: number }>(
      JSON.parse(readFileSync(file(), 'utf8')),
    );
    expect(measured.wasm).toBeGreaterThan(0);
    expect(measured.native).toBeGreaterThan(0);
  });

  it('a damaged memory, or a home that cannot be written, is measured anew', () => {
    choose('auto', {}, told(79).gflops);
    writeFileSync(file(), '{');
    expect(choose('auto', {}, told(81).gflops)).toMatchObject(native);
    process.env.XDG_CACHE_HOME = '/proc/nothing';
    expect(choose('auto', {}, told(79).gflops)).toEqual(wasm);
  });

  it('what was asked for is not measured', () => {
    const [{ path }] = libraries;
    expect(choose('auto', { nativeLibrary: path }).library).toMatchObject({ path });
    expect(choose('native', { nativeLibrary: path }).library).toMatchObject({ path });
    expect(() => readFileSync(file())).toThrow();
  });
});
