import { describe, expect, it } from 'vitest';
import { compileKernels, SCRATCH_BYTES } from '#src/kernels/load.js';
import { erfc } from '#src/kernels/reference/erf.js';

const CHUNK = 4096;
/** Bit patterns are visited in steps of this, a prime: 1.1 million floats of every sign and exponent. */
const STRIDE = 3989;

type Map = (y: number, x: number, count: number) => void;
type Exports = Record<'expOf' | 'logOf' | 'sinOf' | 'cosOf', Map> & {
  readonly [member: `Activation.${string}`]: { readonly value: number };
  setScratch(ptr: number): void;
  activate(code: number, y: number, x: number, count: number, p: number): void;
};

function functions(name: 'portable' | 'wasm') {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const module = compileKernels(name)!;
  const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  const x = new Float32Array(memory.buffer, 65536 + SCRATCH_BYTES, CHUNK);
  const y = new Float32Array(memory.buffer, x.byteOffset + x.byteLength, CHUNK);
  wasm.setScratch(65536);
  const activation =
    (name: string, p = 0): Map =>
    (y, x, count) =>
      wasm.activate(wasm[`Activation.${name}`].value, y, x, count, p);
  return {
    x,
    y,
    exp: wasm.expOf,
    log: wasm.logOf,
    tanh: activation('tanh'),
    sigmoid: activation('sigmoid'),
    gelu: activation('gelu'),
    softplus: activation('softplus'),
    mish: activation('mish'),
    /** e^x − 1 left of 0 */
    elu: activation('elu', 1),
    sin: wasm.sinOf,
    cos: wasm.cosOf,
  };
}

/** The distance of the floats around `value`, those of subnormal numbers included. */
function ulp(value: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -126);
  return 2 ** (Math.min(exponent, 127) - 23);
}

/**
 * The error of y as an approximation of `exact`, in ulp; where float32 must give NaN, ±∞ or 0, nothing else
 * will do.
 */
function errorInUlp(y: number, exact: number): number {
  if (Number.isNaN(exact)) return Number.isNaN(y) ? 0 : Infinity;
  if (y === exact || y === Math.fround(exact))
    return Math.abs(y) === Infinity ? 0 : Math.abs(y - exact) / ulp(exact) || 0;
  return Math.abs(y - exact) / ulp(exact);
}

/** The greatest error over floats of every exponent, and the float at which it occurs. */
function greatestError(
  name: 'portable' | 'wasm',
  f: 'exp' | 'log' | 'tanh' | 'sigmoid' | 'softplus' | 'mish' | 'elu' | 'sin' | 'cos',
  exact: (x: number) => number,
  holds: (x: number) => boolean = () => true,
) {
  const table = functions(name);
  const patterns = new Uint32Array(table.x.buffer, table.x.byteOffset, CHUNK);
  let [error, at] = [0, 0];
  for (let pattern = 0; pattern < 2 ** 32; ) {
    for (let i = 0; i < CHUNK; i++, pattern += STRIDE) patterns[i] = pattern;
    table[f](table.y.byteOffset, table.x.byteOffset, CHUNK);
    for (let i = 0; i < CHUNK; i++) {
      const e = holds(table.x[i]) ? errorInUlp(table.y[i], exact(table.x[i])) : 0;
      if (e > error) [error, at] = [e, table.x[i]];
    }
  }
  return { error, at };
}

const exactSigmoid = (x: number) => {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
};

const exactSoftplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

describe.each(['portable', 'wasm'] as const)('%s', (name) => {
  it.each([
    ['exp', Math.exp, 2],
    ['log', Math.log, 2],
    ['tanh', Math.tanh, 2],
    ['sigmoid', exactSigmoid, 3],
    ['softplus', exactSoftplus, 3],
    ['elu', (x: number) => (x > 0 ? x : Math.expm1(x)), 2],
  ] as const)('%s over the whole float32 range', (f, exact, bound) => {
    const { error, at } = greatestError(name, f, exact);
    console.log(
      `${name} ${f}: at most ${error.toFixed(3)} ulp (at ${at}), over ${Math.ceil(2 ** 32 / STRIDE)} floats`,
    );
    expect(error).toBeLessThanOrEqual(bound);
  });

  it.each([
    ['sin', Math.sin],
    ['cos', Math.cos],
  ] as const)('%s up to a million', (f, exact) => {
    const { error, at } = greatestError(name, f, exact, (x) => Math.abs(x) <= 1e6);
    console.log(`${name} ${f}: at most ${error.toFixed(3)} ulp (at ${at}), for |x| ≤ 1e6`);
    expect(error).toBeLessThanOrEqual(2);
  });

  it('mish where it is a normal number', () => {
    const exact = (x: number) => {
      const e = Math.exp(-Math.abs(x));
      const t = x > 0 ? (1 + 2 * e) / (1 + 2 * e + 2 * e * e) : (e * e + 2 * e) / (e * e + 2 * e + 2);
      return x * t;
    };
    const { error, at } = greatestError(name, 'mish', exact, (x) => x > -80 && x < 1e38);
    console.log(`${name} mish: at most ${error.toFixed(3)} ulp (at ${at})`);
    expect(error).toBeLessThanOrEqual(5);
  });

  it('beyond a million sin and cos stay within 1, and are NaN at the end', () => {
    const { x, y, sin, cos } = functions(name);
    x.set([1e7, -1e9, 3e38, -3e38, Infinity, -Infinity, NaN]);
    for (const f of [sin, cos]) {
      f(y.byteOffset, x.byteOffset, 7);
      for (const value of y.subarray(0, 4)) expect(Math.abs(value)).toBeLessThanOrEqual(1);
      expect([...y.subarray(4, 7)]).toEqual([NaN, NaN, NaN]);
    }
  });

  it('limits', () => {
    const { x, y, exp, log, tanh } = functions(name);
    const at = (f: Map, value: number) => {
      x[0] = value;
      f(y.byteOffset, x.byteOffset, 1);
      return y[0];
    };
    expect([-Infinity, -0, 0, Infinity, -1e30, 1e30].map((v) => at(exp, v))).toEqual([
      0,
      1,
      1,
      Infinity,
      0,
      Infinity,
    ]);
    expect([0, -0, Infinity, 1].map((v) => at(log, v))).toEqual([-Infinity, -Infinity, Infinity, 0]);
    expect([-1, -Infinity, -1e-40, NaN].map((v) => at(log, v))).toEqual([NaN, NaN, NaN, NaN]);
    expect([-Infinity, -0, 0, Infinity].map((v) => at(tanh, v))).toEqual([-1, -0, 0, 1]);
    expect([at(exp, NaN), at(tanh, NaN)]).toEqual([NaN, NaN]);
  });

  it('gelu: relative error at most 1e-4 in the left tail down to -6, absolute 1e-12 beyond', () => {
    const { x, y, gelu } = functions(name);
    for (let i = 0; i < CHUNK; i++) x[i] = -12 + (16 * i) / CHUNK;
    gelu(y.byteOffset, x.byteOffset, CHUNK);
    for (let i = 0; i < CHUNK; i++) {
      const exact = x[i] * 0.5 * erfc(-x[i] * Math.SQRT1_2);
      const bound = x[i] > -2 ? 1e-6 * Math.abs(exact) : x[i] > -6 ? 1e-4 * Math.abs(exact) : 1e-12;
      expect(Math.abs(y[i] - exact)).toBeLessThanOrEqual(bound);
    }
  });
});

it('erfc in float64 against digits from tables', () => {
  const table = [
    [0, 1],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [3, 2.209049699858544e-5],
    [5, 1.537459794428035e-12],
    [10, 2.088487583762545e-45],
    [-1, 1.8427007929497148],
  ] as const;
  for (const [x, exact] of table) {
    expect(Math.abs(erfc(x) / exact - 1)).toBeLessThanOrEqual(4e-14);
  }
  expect([erfc(Infinity), erfc(-Infinity), erfc(NaN)]).toEqual([0, 2, NaN]);
});
