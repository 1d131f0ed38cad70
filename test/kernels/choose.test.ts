/** Which kernels a training takes. */
import { expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { chooseKernels, hasBfloat16 } from '#src/kernels/choose.js';
import { fastestWasm, whyEmulated, whyNoAmx } from '#src/kernels/load.js';
import { libraries, machineSets } from './implementations.js';

const choose = (kernels: Parameters<typeof chooseKernels>[0]['kernels'], more: object = {}) =>
  chooseKernels({ kernels, precision: 'f32', ...more });
/** What `auto` takes: where there is machine code, that. */
const fastest = machineSets.length > 0 ? 'jit' : fastestWasm();

it('kernels asked for by name are taken, without a word', () => {
  for (const name of ['reference', 'portable', fastestWasm()] as const) {
    expect(choose(name)).toEqual({ name, library: null, note: null });
  }
});

it('a library that cannot be had is an error for native, a note for auto', () => {
  const nativeLibrary = '/nowhere/libdnnl.so';
  expect(() => choose('native', { nativeLibrary })).toThrow(UsageError);
  const { name, library, note } = choose('auto', { nativeLibrary });
  expect([name, library]).toEqual([fastest, null]);
  expect(note).toMatch(/^--native-library: cannot load \/nowhere\/libdnnl\.so: .+; taking kernels /);
});

const narrowing = whyEmulated() === null;

it('bfloat16 is emulated, and that is told, unless the CPU has it', () => {
  const emulated = /^precision bf16 is emulated, slower than f32: /;
  for (const name of ['reference', 'portable'] as const) {
    const { note } = choose(name, { precision: 'bf16' });
    expect(note).toMatch(emulated);
    expect(note).toMatch(narrowing ? /--kernels jit multiplies it/ : /AVX512_BF16|--kernels (native|amx)/);
  }
  const { name, library, note } = choose('auto', { precision: 'bf16' });
  expect([name, library]).toEqual([fastest, null]);
  if (narrowing) expect(note).toBeNull();
  else expect(note).toMatch(emulated);
  const missing = choose('auto', { precision: 'bf16', nativeLibrary: '/nowhere/libdnnl.so' });
  expect(missing.note).toMatch(/^--native-library: cannot load .*; taking kernels /);
});

it('AMX is taken for bfloat16 alone, and only where it is asked for', () => {
  const precision = 'bf16';
  if (whyNoAmx() === null) {
    expect(choose('amx', { precision })).toEqual({ name: 'amx', library: null, note: null });
    expect(choose('amx').note).toMatch(/^kernels amx: AMX multiplies bfloat16 alone.*--precision bf16$/);
  } else {
    expect(() => choose('amx', { precision })).toThrow(UsageError);
    expect(() => choose('amx', { precision })).toThrow(
      /^--kernels amx: .+; --kernels auto emulates bfloat16$/,
    );
  }
  expect(choose('auto', { precision }).name).toBe(fastest);
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

it('auto takes no library that nobody asked for, because its bits are its own', () => {
  expect(choose('auto')).toEqual({ name: fastest, library: null, note: null });
});

it.skipIf(libraries.length === 0)('a library that is asked for is taken', () => {
  const [{ path }] = libraries;
  expect(choose('auto', { nativeLibrary: path }).library).toMatchObject({ path });
  expect(choose('native', { nativeLibrary: path }).library).toMatchObject({ path });
});

it('an instruction set that does not exist, or not here, is told in one line', () => {
  const before = process.env.JIT_INSTRUCTIONS;
  const asked = (name: string) => {
    process.env.JIT_INSTRUCTIONS = name;
    return () => choose('jit');
  };
  try {
    expect(asked('avx1')).toThrow(UsageError);
    expect(asked('avx1')).toThrow(/^JIT_INSTRUCTIONS: expected avx512_bf16 or avx512 or avx2, found avx1/);
    for (const name of ['avx512', 'avx2'] as const) {
      if (machineSets.includes(name)) expect(asked(name)().name).toBe('jit');
      else expect(asked(name)).toThrow(/^--kernels jit: .*; --kernels wasm has the same bits$/);
    }
  } finally {
    if (before === undefined) delete process.env.JIT_INSTRUCTIONS;
    else process.env.JIT_INSTRUCTIONS = before;
  }
});
