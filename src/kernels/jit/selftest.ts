/**
 * Tests machine code when it is made: it must have the bits of WebAssembly on shapes that reach every
 * routine.
 */
import { roundedProducts } from '../bfloat16.js';
import { type Kernels, oneShard, type ShardRows } from '../kernels.js';
import type { Products } from '../products.js';
import { ordered } from '../steps.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from '../wasm/index.js';
import { SCRATCH_BYTES } from '../wasm/scratch.js';
import type { WasmModule } from '../wasm/types.js';
import { modelProducts } from './amxmodel.js';
import { AMX_BLOCK_BYTES, amxProducts } from './amxproducts.js';
import { BLOCK_BYTES } from './block.js';
import type { MachineCode, ProductAddresses } from './compile.js';
import { narrowProducts } from './narrowproducts.js';
import type { Processor } from './processor.js';
import { machineProducts } from './products.js';

/**
 * Rows by shard, K and N: tiles of several heights, narrow panels, several blocks of K, an uneven tree,
 * pairs of shards.
 */
const SHAPES: readonly (readonly [readonly number[], number, number])[] = [
  [[1], 1, 1],
  [[5, 4, 4], 37, 43],
  [[9], 264, 21],
  [[3, 2, 2, 2, 2], 29, 75],
  [[5, 5, 2, 2, 2, 2], 17, 69],
];
/** Parameters of a step: whole turns of the loop, single vectors and a rest. */
const PARAMETERS = 125;
/** Floats of all arrays of a shape. */
const FLOATS = 1 << 17;
const PAGE = 65536;

/** Throws Error in one line if the code gathers wrong, or its steps or products have other bits than WASM. */
export function testCode(code: MachineCode, module: WasmModule): void {
  const begin = PAGE + SCRATCH_BYTES;
  const pages = Math.ceil((begin + BLOCK_BYTES + 4 * FLOATS) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const exports = instantiateWasm(module, memory, PAGE);
  const wasm = wasmProducts(exports, memory, PAGE);
  const machine = machineProducts(code, memory, begin, wasm);
  const kernels = [wasm, machine].map((products) =>
    createWasmKernels('jit', exports, memory, PAGE, products),
  );
  for (const [name, resultsOf] of Object.entries(WORK)) {
    const [expected, found] = kernels.map((each) => resultsOf(each, memory, begin + BLOCK_BYTES));
    if (Buffer.compare(expected, found) !== 0)
      throw new Error(`machine code for ${code.instructions} ${name} wrong`);
  }
  if (!gathersRight(machine, memory, begin + BLOCK_BYTES)) {
    throw new Error(`machine code for ${code.instructions} gathers rows wrong`);
  }
  compare(wasm, machine, code.instructions, memory, begin + BLOCK_BYTES);
}

/**
 * Throws Error in one line if products by AVX512_BF16 have other bits than those of the WASM kernels with
 * rounded operands.
 */
export function testNarrowCode(
  code: ProductAddresses,
  module: WasmModule,
  processor?: (memory: ArrayBufferLike) => Processor,
): void {
  const begin = PAGE + SCRATCH_BYTES;
  const weights = begin + BLOCK_BYTES;
  const pages = Math.ceil((weights + 16 * FLOATS) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const exports = instantiateWasm(module, memory, PAGE);
  const [roundedWeights, left, right] = [1, 2, 3].map((area) => weights + area * 4 * FLOATS);
  const places = { weights, parameters: FLOATS, roundedWeights, left, right };
  const emulated = roundedProducts(wasmProducts(exports, memory, PAGE), exports, places, 4, false);
  // None of these numbers is so small that the products would be emulated.
  const refuse = () => {
    throw new Error('machine code for avx512_bf16 finds numbers too small that are not');
  };
  const refusing = { affine: refuse, affineInputGradient: refuse, affineWeightGradient: refuse };
  const narrow = narrowProducts(code, memory, begin, refusing, processor?.(memory.buffer));
  compare(emulated, narrow, 'avx512_bf16', memory, weights);
}

/** Throws Error in one line if products by AMX have other bits than their model. */
export function testAmxCode(
  code: ProductAddresses,
  processor?: (memory: ArrayBufferLike) => Processor,
): void {
  const arrays = PAGE + AMX_BLOCK_BYTES;
  const pages = Math.ceil((arrays + 4 * FLOATS) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  compare(
    modelProducts(memory),
    amxProducts(code, memory, PAGE, processor?.(memory.buffer)),
    'amx',
    memory,
    arrays,
  );
}

/** Throws Error in one line if two implementations of the products differ in a bit. */
function compare(
  wasm: Products,
  machine: Products,
  name: string,
  memory: WebAssembly.Memory,
  begin: number,
): void {
  for (const [rows, K, N] of SHAPES) {
    const bounds = Int32Array.from([0, ...rows]);
    for (let shard = 1; shard < bounds.length; shard++) bounds[shard] += bounds[shard - 1];
    const shards = { bounds, first: 0, last: rows.length };
    const [[expected], found] = [wasm, machine].map((products) =>
      results(products, memory, begin, shards, K, N),
    );
    if (found.some((bytes) => Buffer.compare(expected, bytes) !== 0))
      throw new Error(`machine code for ${name} multiplies [${bounds.at(-1)},${K}]·[${K},${N}] wrong`);
  }
}

/**
 * Computes the three products of numbers that are always the same, and again by a recording where there is
 * one; returns all bytes of the results each time.
 */
function results(
  products: Products,
  memory: WebAssembly.Memory,
  begin: number,
  shards: ShardRows,
  K: number,
  N: number,
): Buffer[] {
  const R = shards.bounds[shards.last];
  const [x, w, b, z, dx, dw, end] = offsets(begin, [R * K, K * N, N, R * N, R * K, K * N]);
  const numbers = new Float32Array(memory.buffer, begin, FLOATS);
  fill(numbers);
  const run = () => {
    products.affine(z, x, w, b, shards, K, N);
    products.affineInputGradient(dx, z, w, shards, K, N);
    products.affineWeightGradient(dw, x, z, shards, K, N, 'start');
  };
  const bytes = () => Buffer.from(new Uint8Array(memory.buffer, z, end - z).slice());
  if (!products.record) {
    run();
    return [bytes()];
  }
  const again = products.record([{ recordable: true, run }]);
  const first = bytes();
  fill(numbers);
  for (const { run } of again) run();
  return [first, bytes()];
}

/** Makes two steps of SGD and one of Adam; returns all bytes of weights and slots. */
function stepResults({ update }: Kernels, memory: WebAssembly.Memory, begin: number): Buffer {
  const all = new Float32Array(memory.buffer, begin, 5 * PARAMETERS);
  fill(all);
  const [w, m, v, g, addend] = Array.from({ length: 5 }, (_, i) =>
    all.subarray(i * PARAMETERS, (i + 1) * PARAMETERS),
  );
  for (let i = 0; i < PARAMETERS; i++) v[i] *= v[i];
  // Without gradients, some slots are about to become subnormal.
  for (let i = 0; i < PARAMETERS; i += 3) {
    for (const zeros of [w, g, addend]) zeros[i] = 0;
    for (const slot of [m, v]) slot[i] = 2 ** -126;
  }
  const sgd = { lr: 0.1, momentum: 0.9, weightDecay: 0.01, gradientScale: 0.3 };
  update('sgd', w, g, [null], PARAMETERS, ordered('sgd', { ...sgd, nesterov: 0 }));
  update('sgd', w, g, [m], PARAMETERS, ordered('sgd', { ...sgd, nesterov: 1 }));
  const rates = { lr: 0.1, gradientShare: 0.1, beta1: 0.9, beta2: 0.99, root: 0.4, eps: 1e-8 };
  const adam = { ...rates, weightDecay: 0.01, shrink: 0.99, gradientScale: 0.3 };
  update('adam', w, g, [m, v, null], PARAMETERS, ordered('adam', adam), addend);
  return Buffer.from(new Uint8Array(memory.buffer, begin, 3 * 4 * PARAMETERS).slice());
}

/** Computes products with ReLU in them; returns all bytes of the results. */
function rectifiedResults(kernels: Kernels, memory: WebAssembly.Memory, begin: number): Buffer {
  const [R, K, N] = [9, 264, 21];
  const places = offsets(begin, [R * K, K * N, N, R * N, R * K]);
  fill(new Float32Array(memory.buffer, begin, FLOATS));
  const [x, w, b, y, dx] = places.slice(0, -1).map((place, i) => {
    return new Float32Array(memory.buffer, place, (places[i + 1] - place) / 4);
  });
  kernels.rectifiedAffine(y, x, w, b, oneShard(R), K, N);
  kernels.activate('relu', x, x, R * K, 0);
  kernels.rectifiedInputGradient(dx, y, w, oneShard(R), K, N, x);
  return Buffer.from(new Uint8Array(memory.buffer, places[3], places[5] - places[3]).slice());
}

/** Computes the losses of classes and adds them up; returns all bytes of the results. */
function lossResults(kernels: Kernels, memory: WebAssembly.Memory, begin: number): Buffer {
  const [R, N] = [7, 21];
  const all = new Float32Array(memory.buffer, begin, FLOATS);
  fill(all);
  const places = offsets(begin, [R * N, R, R * N, R, 4, 4, 4]);
  const [z, classes, dz, losses] = places.slice(0, 4).map((place) => all.subarray((place - begin) / 4));
  for (let i = 0; i < R * N; i++) z[i] *= 40;
  for (let row = 0; row < R; row++) classes[row] = (5 * row) % N;
  kernels.divergence('softmaxCrossEntropy', losses, dz, z, classes, R, N, 0);
  const shards = { bounds: Int32Array.of(0, 4, R), first: 0, last: 2 };
  const sums = places.slice(4, 7).map((place) => new Float64Array(memory.buffer, place, 2));
  const [lost, weights, scores] = sums;
  if (!kernels.tallyClasses!({ losses: lost, weights, scores }, 0, losses, z, classes, shards, N)) {
    for (const [shard, from, to] of [[0, 0, 4] as const, [1, 4, R] as const]) {
      lost[shard] = kernels.sum(losses, from, to, 0);
      weights[shard] = to - from;
      scores[shard] = kernels.countRight(z, classes, from, to, N, 0.5);
    }
  }
  return Buffer.from(new Uint8Array(memory.buffer, places[2], places[7] - places[2]).slice());
}

/** What machine code does beside products, by its name; each returns all bytes of its results. */
const WORK = {
  'updates parameters': stepResults,
  rectifies: rectifiedResults,
  'computes losses': lossResults,
} as const;

/** Gathers rows of floats and of bytes, in reverse; returns whether x is right. */
function gathersRight({ gatherRows }: Products, memory: WebAssembly.Memory, begin: number): boolean {
  const [R, K] = [3, 93];
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const x = new Float32Array(buffer, begin, R * K);
  const floats = new Float32Array(buffer, x.byteOffset + x.byteLength, R * K);
  const bytes = new Uint8Array(buffer, floats.byteOffset, R * K);
  const order = new Uint32Array(buffer, floats.byteOffset + floats.byteLength, R);
  order.set([2, 1, 0]);
  fill(floats);
  const [shift, scale] = [85 / 3, 1 / 77];
  return [floats, bytes].every((stored) => {
    if (!gatherRows?.(begin, stored, K, order, 0, R, shift, scale)) return false;
    return x.every((value, i) => {
      const v = stored[order[Math.floor(i / K)] * K + (i % K)];
      return value === (stored === bytes ? Math.fround((v - shift) * scale) : v);
    });
  });
}

/** Fills an array with numbers between −1 and 1 that use all the bits of a float32. */
function fill(numbers: Float32Array): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] = (Math.imul(i + 1, 2654435761) >> 8) / 2 ** 23;
}

/** Returns where arrays of these lengths begin, one after the other, and where the last one ends. */
export function offsets(begin: number, lengths: readonly number[]): number[] {
  const all = [begin];
  for (const length of lengths) all.push(all[all.length - 1] + 4 * length);
  return all;
}
