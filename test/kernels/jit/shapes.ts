/**
 * Random products, computed by machine code and by WASM: the bits must be the same, and nothing else touched.
 */
import fc from 'fast-check';
import { roundedProducts } from '#src/kernels/bfloat16.js';
import { BLOCK_BYTES } from '#src/kernels/jit/block.js';
import type { MachineCode, ProductAddresses } from '#src/kernels/jit/compile.js';
import { narrowProducts } from '#src/kernels/jit/narrowproducts.js';
import type { Processor } from '#src/kernels/jit/processor.js';
import { machineProducts } from '#src/kernels/jit/products.js';
import type { Kernels, SumMode } from '#src/kernels/kernels.js';
import { compileKernels } from '#src/kernels/load.js';
import type { Products } from '#src/kernels/products.js';
import type { WasmExports } from '#src/kernels/wasm/exports.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';

export interface Shape {
  /** Rows of each shard, and rows before the first one. */
  readonly sizes: readonly number[];
  readonly before: number;
  readonly K: number;
  readonly N: number;
  readonly bias: boolean;
  readonly mode: SumMode;
  /** Whether there are NaN, infinities, −0 and numbers without a leading bit among the operands. */
  readonly special: boolean;
  readonly seed: number;
  /** Which array ends where the memory ends, so that no load may reach beyond it. */
  readonly last: number;
}

/** Small numbers more often than large ones. (fc.double would hardly ever give another share than 0 or 1.) */
const skewed = (most: number) =>
  fc.integer({ min: 0, max: 999 }).map((share) => 1 + Math.floor((share / 1000) ** 2 * most));

/** @param most of the rows of a shard, and of K and N */
export const shapes = ({ rows, K, N }: { rows: number; K: number; N: number }): fc.Arbitrary<Shape> =>
  fc
    .record({
      sizes: fc.array(skewed(rows), { minLength: 1, maxLength: 9 }),
      before: fc.nat(4),
      K: skewed(K),
      N: skewed(N),
      bias: fc.boolean(),
      continued: fc.boolean(),
      /** Whether each two shards have as many rows, so that they may be taken together. */
      paired: fc.boolean(),
      special: fc.boolean(),
      seed: fc.nat(1 << 20),
      last: fc.nat(7),
    })
    .map(({ continued, paired, sizes, ...shape }) => ({
      ...shape,
      sizes: paired ? sizes.slice(0, 5).flatMap((rows) => [rows, rows]) : sizes,
      mode: continued && sizes.length === 1 && !paired ? 'continue' : 'start',
    }));

/** A shape without anything special. */
export const plain = { before: 0, bias: true, mode: 'start', special: false, seed: 1, last: 0 } as const;
/** Every height of a tile, every width of the last panel, one and several blocks of the inner dimension. */
export const EDGES: readonly Shape[] = [
  ...Array.from({ length: 31 }, (_, i) => ({ ...plain, sizes: [i + 1], K: 15 + i, N: 40 + i })),
  ...Array.from({ length: 15 }, (_, i) => ({ ...plain, sizes: [2, 2, 1, 1], K: i + 1, N: 64 })),
  { ...plain, sizes: [257], K: 3, N: 5 },
  { ...plain, sizes: [20, 20], K: 256, N: 32 },
  { ...plain, sizes: [3], K: 257, N: 64 },
  { ...plain, sizes: [2, 1], K: 33, N: 513, last: 1 },
  { ...plain, sizes: [1], K: 1, N: 1 },
];

const PAGE = 65536;
const GUARD = 16;
const GUARD_VALUE = 777;
const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0, 1e-40, -1e-45, 3e38, -3e38];
/**
 * Sizes of which products are too small for bfloat16 instructions, or just not; bits that go down to those.
 */
const SMALL = [28, 50, 55, 56, 57, 64, 103, 104, 126].map((power) => 2 ** -power);
const LOW = [1, 1 + 2 ** -7, 1 + 2 ** -6, 1 + 2 ** -23];

/** Returns a number for 32 random bits. */
export const plainNumber = (bits: number) => (bits >> 8) / 2 ** 23;
export const specialNumber = (bits: number) =>
  bits >>> 26 === 5 ? SPECIAL[(bits >>> 8) % SPECIAL.length] : plainNumber(bits);
/** As for float32, or without numbers without a leading bit, or mostly zeros, or near the smallest. */
const NARROW_NUMBERS = [
  specialNumber,
  (bits: number) => {
    const number = specialNumber(bits);
    return number !== 0 && Math.abs(number) < 1e-30 ? -0 : number;
  },
  (bits: number) => ((bits >>> 26) % 16 === 0 ? plainNumber(bits) : bits & 0x4000 ? -0 : 0),
  (bits: number, seed: number) => signed(bits, SMALL[seed % 5]),
  (bits: number) => signed(bits, SMALL[(bits >>> 8) % SMALL.length]),
] as const;
const signed = (bits: number, size: number) => LOW[(bits >>> 20) % 4] * size * (bits & 0x4000 ? -1 : 1);

/** Both implementations on one memory, as large as the largest shape needs. */
export class Bench {
  readonly #memory: WebAssembly.Memory;
  readonly #wasm: Products;
  readonly #machine: Products;
  /** The kernels with products by WASM, and those with products by machine code. */
  readonly #kernels: readonly Kernels[];
  readonly #round: NonNullable<Products['round']>;
  readonly #begin = PAGE + SCRATCH_BYTES + BLOCK_BYTES;
  readonly #narrow: boolean;
  /** Products in bfloat16 so far, and those of them that were emulated because of tiny numbers. */
  readonly counts = { all: 0, emulated: 0 };

  /**
   * @param code all of the machine code, or that of bfloat16, whose products WASM then emulates
   * @param processor returns what runs the code on a memory; by default this machine's processor does
   */
  constructor(
    code: MachineCode | ProductAddresses,
    floats: number,
    processor?: (memory: ArrayBufferLike) => Processor,
  ) {
    this.#narrow = !('instructions' in code);
    const pages = Math.ceil((this.#begin + (this.#narrow ? 16 : 4) * floats) / PAGE);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { buffer } = this.#memory;
    const wasm = instantiateWasm(compileKernels('wasm')!, this.#memory, PAGE);
    this.#round = wasm.roundToBfloat16;
    const own = wasmProducts(wasm, this.#memory, PAGE);
    const begin = PAGE + SCRATCH_BYTES;
    if ('instructions' in code) {
      this.#wasm = own;
      this.#machine = machineProducts(code, this.#memory, begin, own, processor?.(buffer));
      this.#kernels = this.#createKernels(wasm);
      return;
    }
    const [roundedWeights, left, right] = [0, 1, 2].map((area) => this.#begin + area * 4 * floats);
    const weights = buffer.byteLength - 4 * floats;
    const places = { weights, parameters: floats, roundedWeights, left, right };
    this.#wasm = roundedProducts(own, wasm, places, 4, false);
    this.#machine = narrowProducts(code, this.#memory, begin, this.#counted(), processor?.(buffer));
    this.#kernels = this.#createKernels(wasm);
  }

  #createKernels(wasm: WasmExports): readonly Kernels[] {
    return [this.#wasm, this.#machine].map((products) =>
      createWasmKernels('wasm', wasm, this.#memory, PAGE, products),
    );
  }

  /** Returns the emulation, whose calls are counted. */
  #counted(): Products {
    const counted =
      <Operands extends unknown[], Result>(product: (...operands: Operands) => Result) =>
      (...operands: Operands) => {
        this.counts.emulated++;
        return product(...operands);
      };
    return {
      affine: counted(this.#wasm.affine),
      affineInputGradient: counted(this.#wasm.affineInputGradient),
      affineWeightGradient: counted(this.#wasm.affineWeightGradient),
    };
  }

  /** Returns what is wrong with a shape's products by machine code: nothing, if all is right. */
  check(shape: Shape): string[] {
    this.counts.all += 5;
    const [expected, found] = [this.#wasm, this.#machine].map((products, i) =>
      this.#compute(products, this.#kernels[i], shape),
    );
    return expected.flatMap(({ name, values }, i) => {
      const other = found[i].values;
      const wrong = values.findIndex((bits, j) => bits !== other[j] && !(isNaN32(bits) && isNaN32(other[j])));
      return wrong < 0 ? [] : [`${name}[${wrong}] is ${other[wrong]}, not ${values[wrong]}`];
    });
  }

  /** Returns the bits of all results, and of the guards around all arrays. */
  #compute(
    products: Products,
    kernels: Kernels,
    { sizes, before, K, N, bias, mode, special, seed, last }: Shape,
  ) {
    const bounds = Int32Array.from([before, ...sizes]);
    for (let i = 1; i < bounds.length; i++) bounds[i] += bounds[i - 1];
    const shards = { bounds, first: 0, last: sizes.length };
    const R = bounds[sizes.length];
    const lengths = {
      ...{ x: R * K, w: K * N, b: N, z: R * N, dx: R * K, dw: K * N, db: N, rounded: R * K },
      ...{ y: R * N, dr: R * K, outputs: R * K },
    };
    const names = Object.keys(lengths) as (keyof typeof lengths)[];
    const order = [...names.slice(last + 1), ...names.slice(0, last + 1)];
    const floats = order.reduce((sum, name) => sum + lengths[name] + GUARD, 0);
    const end = this.#memory.buffer.byteLength;
    const all = new Float32Array(this.#memory.buffer, end - 4 * floats, floats);
    let state = seed;
    const specials = this.#narrow ? NARROW_NUMBERS[(seed >> 3) % NARROW_NUMBERS.length] : specialNumber;
    const number = special ? specials : plainNumber;
    for (let i = 0; i < floats; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      all[i] = number(state, seed);
    }
    const at = {} as Record<keyof typeof lengths, number>;
    const guards: Uint32Array[] = [];
    let place = all.byteOffset;
    for (const name of order) {
      guards.push(new Uint32Array(all.buffer, place, GUARD).fill(GUARD_VALUE));
      at[name] = place + 4 * GUARD;
      place = at[name] + 4 * lengths[name];
    }
    (products.round ?? this.#round)(at.rounded, at.x, R * K);
    products.affine(at.z, at.x, at.w, bias ? at.b : 0, shards, K, N);
    products.affineInputGradient(at.dx, at.z, at.w, shards, K, N);
    const dw = new Float32Array(all.buffer, at.dw, K * N);
    const most = products.affineWeightGradient(at.dw, at.x, at.z, shards, K, N, mode) ?? largestOf(dw);
    const view = (name: keyof typeof at) => new Float32Array(all.buffer, at[name], lengths[name]);
    kernels.columnSums(view('db'), view('z'), shards, N, mode);
    kernels.rectifiedAffine(view('y'), view('x'), view('w'), bias ? view('b') : null, shards, K, N);
    kernels.activate('relu', view('outputs'), view('x'), R * K, 0);
    kernels.rectifiedInputGradient(view('dr'), view('z'), view('w'), shards, K, N, view('outputs'));
    return [
      // Where it is not finite, it may be infinite or NaN.
      { name: 'largest', values: Float64Array.of(Number.isFinite(most) ? most : Infinity) },
      ...names.map((name) => ({
        name,
        values: new Uint32Array(all.buffer, at[name], lengths[name]).slice(),
      })),
      ...guards.map((guard, i) => ({ name: `guard ${i}`, values: guard.slice() })),
    ];
  }
}

const largestOf = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Whether these are the bits of a NaN: which one of them is for the processor to choose. */
export const isNaN32 = (bits: number): boolean => (bits & 0x7fffffff) > 0x7f800000;
