/** `--precision bf16`: operands rounded to nearest, ties to even; everything else as in float32. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KernelName, type Kernels, oneShard } from '#src/kernels/kernels.js';
import {
  compileKernels,
  fastestWasm,
  instantiateKernels,
  roundedBytes,
  scratchBytes,
} from '#src/kernels/load.js';
import type { NativeLibrary } from '#src/kernels/native/library.js';
import { toBfloat16 } from '#src/kernels/reference/bfloat16.js';
import { instantiateWasm } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';
import { libraries, numbers, oracle, sameBits } from './implementations.js';

/** Value and pattern of the bfloat16 that it becomes. */
const GOLDEN: readonly (readonly [string, number, number])[] = [
  ['one', 1, 0x3f80],
  ['a tie goes to the even one below', 1 + 2 ** -8, 0x3f80],
  ['a tie goes to the even one above', 1 + 3 * 2 ** -8, 0x3f82],
  ['more than a tie', 1 + 2 ** -8 + 2 ** -23, 0x3f81],
  ['less than a tie', 1 + 2 ** -8 - 2 ** -23, 0x3f80],
  ['π', Math.fround(Math.PI), 0x4049],
  ['carry into the exponent', 2 - 2 ** -23, 0x4000],
  ['−0', -0, 0x8000],
  ['the largest float32', (2 - 2 ** -23) * 2 ** 127, 0x7f80],
  ['the largest bfloat16', (2 - 2 ** -7) * 2 ** 127, 0x7f7f],
  ['∞', Infinity, 0x7f80],
  ['−∞', -Infinity, 0xff80],
  ['the smallest subnormal vanishes', 2 ** -149, 0],
  ['half of the smallest bfloat16 subnormal, a tie', 2 ** -134, 0],
  ['the smallest bfloat16 subnormal', 2 ** -133, 1],
];

const FLOATS = 65536;

function roundings(build: 'portable' | 'wasm') {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const wasm = instantiateWasm(compileKernels(build)!, memory, FLOATS);
  const source = FLOATS + SCRATCH_BYTES;
  const [halves, floats] = [source + 4 * FLOATS, source + 8 * FLOATS];
  return (values: ArrayLike<number>) => {
    new Float32Array(memory.buffer, source, values.length).set(values);
    new Uint8Array(memory.buffer, halves, 8 * FLOATS).fill(0xaa);
    wasm.toBfloat16(halves, source, values.length);
    wasm.roundToBfloat16(floats, source, values.length);
    return {
      halves: new Uint16Array(memory.buffer, halves, values.length),
      floats: new Float32Array(memory.buffer, floats, values.length),
      past: new Uint32Array(memory.buffer, floats + 4 * values.length, 8),
    };
  };
}

/**
 * By arithmetic alone: the multiple of 2^(e−7) next to a number (of 2^−133 next to a subnormal), the even one
 * of two.
 */
function nearest(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(x))));
  const unit = 2 ** (exponent - 7);
  const below = Math.floor(x / unit);
  const rest = x / unit - below;
  const even = below % 2 === 0 ? below : below + 1;
  const multiple = rest < 0.5 ? below : rest > 0.5 ? below + 1 : even;
  return Math.fround(multiple === 0 && x < 0 ? -0 : multiple * unit); // beyond the largest: ∞
}

describe.each(['portable', fastestWasm()] as const)('rounding by %s', (build) => {
  const round = roundings(build);

  it.each(GOLDEN)('%s', (_, value, pattern) => {
    const upper = new Float32Array(new Uint32Array([pattern << 16]).buffer)[0];
    expect(toBfloat16(value)).toBe(upper);
    for (const count of [1, 3, 4, 8, 11]) {
      const { halves, floats } = round(new Float32Array(count).fill(value));
      expect([...halves]).toEqual(Array(count).fill(pattern));
      expect([...floats]).toEqual(Array(count).fill(upper));
    }
  });

  it('NaN stays NaN, whatever its payload', () => {
    const patterns = Uint32Array.of(0x7fc00000, 0x7f800001, 0xffffffff, 0x7fffffff);
    const values = new Float32Array(patterns.buffer);
    expect([...values].map(toBfloat16).every(Number.isNaN)).toBe(true);
    const { halves, floats } = round(values);
    expect([...halves].every((half) => (half & 0x7fff) > 0x7f80)).toBe(true);
    expect([...floats].every(Number.isNaN)).toBe(true);
  });

  it('is to nearest for any numbers and any length, and writes no further', () => {
    const sign = fc.constantFrom(0, 0x80000000);
    const exponent = fc.oneof(fc.nat(0xff), fc.constantFrom(0, 1, 0xfe));
    const fraction = fc.oneof(
      fc.nat(0x7fffff),
      fc.nat(0x7f).map((upper) => (upper << 16) | 0x8000), // a tie
      fc.constantFrom(0, 0x7fff, 0x8001, 0x7fffff),
    );
    const value = fc
      .tuple(sign, exponent, fraction)
      .map(([s, e, f]) => new Float32Array(Uint32Array.of(s | (e << 23) | f).buffer)[0])
      .filter((x) => !Number.isNaN(x));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (values) => {
        const expected = values.map(nearest);
        const { halves, floats, past } = round(values);
        expect(values.map(toBfloat16)).toEqual(expected);
        expect([...floats]).toEqual(expected);
        const patterns = new Uint32Array(Float32Array.from(expected).buffer);
        expect([...halves]).toEqual([...patterns].map((pattern) => pattern >>> 16));
        expect([...past]).toEqual(Array(8).fill(0xaaaaaaaa));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

/** Kernels for one weight matrix [K,N], with their operands rounded or not. */
function place(
  name: KernelName,
  library: NativeLibrary | null,
  bf16: boolean,
  parameters: number,
  room: number,
) {
  const floats = 65536 + scratchBytes(name);
  const bytes = roundedBytes(name);
  let top = floats;
  const take = (length: number) => {
    top += Math.ceil(length / 64) * 64;
    return top - Math.ceil(length / 64) * 64;
  };
  const weights = take(4 * parameters);
  const rounded = {
    weights,
    parameters,
    roundedWeights: take(bytes * (parameters + 8)),
    left: take(bytes * (room + 8)),
    right: take(bytes * (room + 8)),
  };
  const pages = Math.ceil((top + 4 * (3 * room + parameters)) / 65536) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = instantiateKernels({
    name,
    module: compileKernels(name),
    memory,
    scratch: 65536,
    library,
    rounded: bf16 ? rounded : null,
  });
  const array = (values: ArrayLike<number>, at = take(4 * values.length)) => {
    const made = new Float32Array(memory.buffer, at, values.length);
    made.set(values);
    return made;
  };
  return { kernels, array, w: array(new Float32Array(parameters), weights) };
}

/** Results of the three products with these operands. */
function products(
  kernels: Kernels,
  array: (values: ArrayLike<number>) => Float32Array,
  w: Float32Array,
  shape: Shape,
) {
  const { R, K, N, x, b, dz } = shape;
  const z = array(new Float32Array(R * N));
  const dx = array(new Float32Array(R * K));
  const dw = array(new Float32Array(K * N));
  const [left, right] = [array(x), array(dz)];
  kernels.affine(z, left, w, array(b), oneShard(R), K, N);
  kernels.affineInputGradient(dx, right, w, oneShard(R), K, N);
  kernels.affineWeightGradient(
    dw,
    left,
    right,
    { bounds: Int32Array.of(0, 3, R), first: 0, last: 2 },
    K,
    N,
    'start',
  );
  return { z, dx, dw };
}

interface Shape {
  readonly R: number;
  readonly K: number;
  readonly N: number;
  readonly x: ArrayLike<number>;
  readonly w: Float64Array;
  readonly b: ArrayLike<number>;
  readonly dz: ArrayLike<number>;
}

const shape = (R: number, K: number, N: number): Shape => ({
  R,
  K,
  N,
  x: numbers(R * K, 1),
  w: numbers(K * N, 2),
  b: numbers(N, 3),
  dz: numbers(R * N, 4),
});

const SHAPES = [shape(5, 7, 3), shape(9, 33, 18), shape(17, 130, 70), shape(64, 200, 96)];
const ofLibraries = libraries.filter(({ bf16 }) => bf16).map((library) => ['native', library] as const);

describe.each([['portable', null], ['wasm', null], ...ofLibraries] as const)('%s', (name, library) => {
  it.each(SHAPES)('products of rounded operands: R=$R K=$K N=$N', (shape) => {
    const { R, K, N, x, w, b, dz } = shape;
    const { kernels, array, w: weights } = place(name, library, true, K * N, R * Math.max(K, N));
    weights.set(w);
    kernels.refreshWeights();
    const found = products(kernels, array, weights, shape);

    const rounded = (values: ArrayLike<number>) => Float64Array.from(values, toBfloat16);
    const size = (values: ArrayLike<number>) => rounded(values).map(Math.abs);
    const all = (map: typeof rounded, bias: ArrayLike<number>) => {
      const [z, dx, dw] = [new Float64Array(R * N), new Float64Array(R * K), new Float64Array(K * N)];
      oracle.kernels.affine(z, map(x), map(w), Float64Array.from(bias), oneShard(R), K, N);
      oracle.kernels.affineInputGradient(dx, map(dz), map(w), oneShard(R), K, N);
      oracle.kernels.affineWeightGradient(dw, map(x), map(dz), oneShard(R), K, N, 'start');
      return { z, dx, dw };
    };
    const expected = all(rounded, b);
    const sizes = all(size, Float64Array.from(b, Math.abs));
    for (const [key, terms] of [
      ['z', K],
      ['dx', N],
      ['dw', R],
    ] as const) {
      found[key].forEach((value, i) => {
        expect(Math.abs(value - expected[key][i])).toBeLessThanOrEqual(
          (terms + 3) * 2 ** -24 * sizes[key][i],
        );
      });
    }
  });

  it('the weights are those of the last refresh', () => {
    const [R, K, N] = [4, 90, 60];
    const { kernels, array, w } = place(name, library, true, K * N, R * K);
    const z = () => {
      const z = array(new Float32Array(R * N));
      kernels.affine(z, array(numbers(R * K, 5)), w, null, oneShard(R), K, N);
      return z;
    };
    kernels.refreshWeights();
    w.set(numbers(K * N, 6));
    expect(z().every((value) => value === 0)).toBe(true);
    kernels.refreshWeights();
    expect(z().some((value) => value !== 0)).toBe(true);
  });
});

it.each(['portable', 'wasm'] as const)(
  '%s emulates: the bits of float32 kernels given rounded operands',
  (name) => {
    for (const shape of SHAPES) {
      const { R, K, N, w } = shape;
      const room = R * Math.max(K, N);
      const bf16 = place(name, null, true, K * N, room);
      bf16.w.set(w);
      bf16.kernels.refreshWeights();
      const f32 = place(name, null, false, K * N, room);
      f32.w.set(w.map(toBfloat16));
      const found = products(bf16.kernels, bf16.array, bf16.w, shape);
      const rounded = {
        ...shape,
        x: Float32Array.from(shape.x, toBfloat16),
        dz: Float32Array.from(shape.dz, toBfloat16),
      };
      const expected = products(f32.kernels, f32.array, f32.w, rounded);
      for (const key of ['z', 'dx', 'dw'] as const) expect(sameBits(found[key], expected[key])).toBe(true);
    }
  },
);
