/** Binds the compiled kernels: arrays become byte offsets, names become numbers. */
import { drawKey } from '../../random.js';
import type { FloatArray, Kernels, PeriodicShape, ShardRows } from '../kernels.js';
import type { Products } from '../products.js';
import { type ActivationKernel, SCALAR_ACTIVATIONS } from '../reference/activations.js';
import { type DivergenceKernel, ROW_DIVERGENCES } from '../reference/divergences.js';
import type { EnumName, WasmExports } from './exports.js';
import { BOUNDS_OFFSET, MAX_SHARDS } from './scratch.js';

/**
 * Returns an instance of the compiled kernels on `memory`. SCRATCH_BYTES at the byte offset `scratch`,
 * 64-byte aligned, belong to it alone.
 */
export function instantiateWasm(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  scratch: number,
): WasmExports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const wasm = exports as unknown as WasmExports;
  wasm.setScratch(scratch);
  return wasm;
}

/**
 * Returns the number of each of these functions, which the assembly exports as a member of an enumeration.
 */
function codesOf<Name extends string>(
  wasm: WasmExports,
  names: Readonly<Record<Name, unknown>>,
  ...enums: readonly EnumName[]
): Readonly<Record<Name, number>> {
  const codes = (Object.keys(names) as Name[]).map((name) => {
    const member = enums
      .map((enumeration) => wasm[`${enumeration}.${name}`])
      .find((found) => found !== undefined);
    if (!member)
      throw new Error(
        `the WASM kernels have no ${name} in ${enums.join(' or ')}: rebuild them with npm run build:wasm`,
      );
    return [name, member.value];
  });
  return Object.fromEntries(codes);
}

/**
 * Returns a function that copies the bounds of shards to where an instance looks for them, and returns the
 * number of shards.
 */
function boundsCopier(memory: WebAssembly.Memory, scratch: number): (shards: ShardRows) => number {
  const bounds = new Int32Array(memory.buffer, scratch + BOUNDS_OFFSET, MAX_SHARDS + 1);
  return (shards) => {
    const count = shards.last - shards.first;
    if (count > MAX_SHARDS) throw new RangeError(`${count} shards in one sum: at most ${MAX_SHARDS}`);
    for (let i = 0; i <= count; i++) bounds[i] = shards.bounds[shards.first + i];
    return count;
  };
}

/** Returns the matrix products by WASM itself. */
export function wasmProducts(wasm: WasmExports, memory: WebAssembly.Memory, scratch: number): Products {
  const copyBounds = boundsCopier(memory, scratch);
  return {
    affine: (z, x, w, b, { bounds, first, last }, K, N) => {
      const from = 4 * bounds[first];
      wasm.affine(z + from * N, x + from * K, w, b, bounds[last] - bounds[first], K, N);
    },
    affineInputGradient: (dx, dz, w, { bounds, first, last }, K, N) => {
      const from = 4 * bounds[first];
      wasm.affineInputGradient(dx + from * K, dz + from * N, w, bounds[last] - bounds[first], K, N);
    },
    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      wasm.affineWeightGradient(dw, x, dz, copyBounds(shards), K, N, mode === 'continue');
      return undefined;
    },
  };
}

/**
 * Returns kernels on float32 arrays that are views on `memory`. `products` multiplies matrices, WASM does all
 * the rest.
 */
export function createWasmKernels(
  name: Kernels['name'],
  wasm: WasmExports,
  memory: WebAssembly.Memory,
  scratch: number,
  products: Products & Partial<Pick<Kernels, 'refreshWeights'>>,
): Kernels {
  const copyBounds = boundsCopier(memory, scratch);
  const activations = codesOf<ActivationKernel>(wasm, SCALAR_ACTIVATIONS, 'Activation');
  const runStep = stepRunner(wasm, memory, scratch);
  const divergences = codesOf<DivergenceKernel>(wasm, ROW_DIVERGENCES, 'Divergence', 'ClassDivergence');

  return {
    name,
    refreshWeights: products.refreshWeights ?? (() => {}),
    affine: (z, x, w, b, shards, K, N) =>
      products.affine(pointer(z), pointer(x), pointer(w), pointer(b), shards, K, N),
    affineInputGradient: (dx, dz, w, shards, K, N) =>
      products.affineInputGradient(pointer(dx), pointer(dz), pointer(w), shards, K, N),
    rectifiedAffine(y, x, w, b, shards, K, N) {
      const affine = products.rectifiedAffine ?? products.affine;
      affine(pointer(y), pointer(x), pointer(w), pointer(b), shards, K, N);
      if (products.rectifiedAffine) return;
      const own = pointer(y) + 4 * shards.bounds[shards.first] * N;
      wasm.activate(activations.relu, own, own, rowsOf(shards) * N, 0);
    },
    rectifiedInputGradient(dx, dz, w, shards, K, N, x) {
      const { rectifiedInputGradient, affineInputGradient } = products;
      if (rectifiedInputGradient)
        return rectifiedInputGradient(pointer(dx), pointer(dz), pointer(w), shards, K, N, pointer(x));
      affineInputGradient(pointer(dx), pointer(dz), pointer(w), shards, K, N);
      const from = 4 * shards.bounds[shards.first] * K;
      const [own, y] = [pointer(dx) + from, pointer(x) + from];
      wasm.activateBackward(activations.relu, own, own, y, y, rowsOf(shards) * K, 0);
    },
    affineWeightGradient: (dw, x, dz, shards, K, N, mode) =>
      products.affineWeightGradient(pointer(dw), pointer(x), pointer(dz), shards, K, N, mode),
    columnSums(db, dz, shards, N, mode) {
      const most = products.columnSums?.(pointer(db), pointer(dz), shards, N, mode);
      if (most !== undefined) return most;
      wasm.columnSums(pointer(db), pointer(dz), copyBounds(shards), N, mode === 'continue');
      return undefined;
    },
    ...(products.record && { record: products.record }),
    activate: (name, y, z, count, p) => wasm.activate(activations[name], pointer(y), pointer(z), count, p),
    activateBackward: (name, dz, dy, z, y, count, p) =>
      wasm.activateBackward(activations[name], pointer(dz), pointer(dy), pointer(z), pointer(y), count, p),
    softmax: (y, z, R, N) => wasm.softmax(pointer(y), pointer(z), R, N),
    softmaxBackward: (dz, dy, y, R, N) => wasm.softmaxBackward(pointer(dz), pointer(dy), pointer(y), R, N),
    logSoftmax: (y, z, R, N) => wasm.logSoftmax(pointer(y), pointer(z), R, N),
    logSoftmaxBackward: (dz, dy, y, R, N) =>
      wasm.logSoftmaxBackward(pointer(dz), pointer(dy), pointer(y), R, N),
    scale: (y, x, count, factor) => wasm.scale(pointer(y), pointer(x), count, factor),
    multiply: (y, a, b, count) => wasm.multiply(pointer(y), pointer(a), pointer(b), count),
    multiplyDifference: (y, d, a, b, count) =>
      wasm.multiplyDifference(pointer(y), pointer(d), pointer(a), pointer(b), count),
    scaleColumns: (y, x, a, R, N) => wasm.scaleColumns(pointer(y), pointer(x), pointer(a), R, N),
    mixColumns: (y, x, f, a, R, N) => wasm.mixColumns(pointer(y), pointer(x), pointer(f), pointer(a), R, N),
    ...periodicKernels(wasm, copyBounds),
    divergence(name, losses, dy, y, d, R, N, p) {
      const places = [pointer(losses), pointer(dy), pointer(y), pointer(d)] as const;
      if (products.divergence?.(name, ...places, R, N, p)) return;
      wasm.divergence(divergences[name], ...places, R, N, p);
    },
    uniform: (u, R, N, key, row0, layer) => wasm.uniform(pointer(u), R, N, key[0], key[1], row0, layer),
    permute: ({ byteOffset, length }, seed, purpose, counter) =>
      wasm.permute(byteOffset, length, ...drawKey(seed, purpose), counter),
    scaleBytes: (x, count, shift, scale) => wasm.scaleBytes(pointer(x), count, shift, scale),
    gatherRows: (x, ...rest) => products.gatherRows?.(pointer(x), ...rest) ?? false,
    tallyClasses({ losses, weights, scores }, place, rowLosses, y, classes, shards, N) {
      if (!products.tallyClasses) return false;
      const sums = ({ byteOffset }: Float64Array) => byteOffset + 8 * place;
      const rows = [pointer(rowLosses), pointer(y), pointer(classes)] as const;
      return products.tallyClasses(sums(losses), sums(weights), sums(scores), ...rows, shards, N);
    },
    add: (dst, src, count) => wasm.add(pointer(dst), pointer(src), count),
    allFinite: (a, count, headroom = 1) => wasm.allFinite(pointer(a), count, headroom) !== 0,
    sumOfSquares: (a, count) => wasm.sumOfSquares(pointer(a), count),
    sum(a, from, to, start) {
      const sum = a instanceof Float32Array ? wasm.sumFloats : wasm.sumDoubles;
      return sum(pointer(a), from, to, start);
    },
    countRight: (y, classes, from, to, N, threshold) =>
      wasm.countRight(pointer(y), pointer(classes), from, to, N, threshold),
    update(name, w, g, slots, count, scalars, addend = null) {
      if (products.update?.(name, w, g, addend, slots, count, scalars)) return;
      if (addend) wasm.add(pointer(g), pointer(addend), count);
      runStep(name, w, g, slots, count, scalars);
    },
  };
}

/** Returns the operations of the periodic embedding. */
function periodicKernels(
  wasm: WasmExports,
  copyBounds: (shards: ShardRows) => number,
): Pick<Kernels, 'periodic' | 'periodicGradients' | 'periodicInputGradient'> {
  const sizes = ({ inputs, columns, frequencies, values }: PeriodicShape) =>
    [inputs, columns, frequencies, values] as const;
  return {
    periodic: (y, cosines, sines, x, parameters, R, shape) =>
      wasm.periodic(...[y, cosines, sines, x, ...parameters].map(pointer), R, ...sizes(shape)),
    periodicGradients: (gradients, dy, cosines, sines, x, [, , a], shards, shape, mode) => {
      const arrays = [...gradients, dy, cosines, sines, x, a].map(pointer);
      const continued = Number(mode === 'continue');
      wasm.periodicGradients(...arrays, copyBounds(shards), ...sizes(shape), continued);
    },
    periodicInputGradient: (dx, dy, sines, [w, , a], R, shape) =>
      wasm.periodicInputGradient(...[dx, dy, sines, w, a].map(pointer), R, ...sizes(shape)),
  };
}

/**
 * Returns a function that runs an element-wise step. The assembly takes whole vectors of four numbers, so the
 * last one to three of each array go through scratch memory, filled up to four.
 */
function stepRunner(wasm: WasmExports, memory: WebAssembly.Memory, scratch: number): Kernels['update'] {
  const lastFew = new Float32Array(memory.buffer, scratch, 4 * 8);
  return (name, w, g, slots, count, scalars) => {
    const step: (...numbers: number[]) => void = wasm[name];
    const whole = count - (count % 4);
    step(pointer(w), pointer(g), ...slots.map(pointer), whole, ...scalars);
    if (whole === count) return;
    const arrays = [w, g, ...slots];
    arrays.forEach((array, i) => {
      if (array !== null) lastFew.set(array.subarray(whole, count), 4 * i);
    });
    step(...arrays.map((array, i) => (array === null ? 0 : scratch + 16 * i)), 4, ...scalars);
    arrays.forEach((array, i) => {
      array?.set(lastFew.subarray(4 * i, 4 * i + count - whole), whole);
    });
  };
}

const rowsOf = ({ bounds, first, last }: ShardRows): number => bounds[last] - bounds[first];

/** Returns an array's byte offset in the memory; 0 stands for no array. */
function pointer(array: FloatArray | null): number {
  return array === null ? 0 : array.byteOffset;
}
