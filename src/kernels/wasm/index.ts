import { STEPS, type StepName } from '../codes.js';
import type { FloatArray, Kernels, ShardRows } from '../kernels.js';
import { BOUNDS_OFFSET, MAX_SHARDS } from './scratch.js';

/** What assembly/index.ts exports; pointers are byte offsets into the memory, 0 stands for null. */
interface Exports extends Record<StepName, (...numbers: number[]) => void> {
  setScratch(ptr: number): void;
  affine(z: number, x: number, w: number, b: number, R: number, K: number, N: number): void;
  affineInputGradient(dx: number, dz: number, w: number, R: number, K: number, N: number): void;
  affineWeightGradient(
    dw: number,
    x: number,
    dz: number,
    shards: number,
    K: number,
    N: number,
    more: boolean,
  ): void;
  columnSums(db: number, dz: number, shards: number, N: number, more: boolean): void;
  activate(code: number, y: number, z: number, count: number, p: number): void;
  activateBackward(
    code: number,
    dz: number,
    dy: number,
    z: number,
    y: number,
    count: number,
    p: number,
  ): void;
  softmax(y: number, z: number, R: number, N: number): void;
  softmaxBackward(dz: number, dy: number, y: number, R: number, N: number): void;
  logSoftmax(y: number, z: number, R: number, N: number): void;
  logSoftmaxBackward(dz: number, dy: number, y: number, R: number, N: number): void;
  divergence(
    code: number,
    losses: number,
    dy: number,
    y: number,
    d: number,
    R: number,
    N: number,
    p: number,
  ): void;
  uniform(u: number, R: number, N: number, k0: number, k1: number, row0: number, layer: number): void;
  add(dst: number, src: number, count: number): void;
  allFinite(a: number, count: number): number;
  sumOfSquares(a: number, count: number): number;
}

/**
 * The compiled kernels on float32 arrays that are views on `memory`. `scratch` is the byte offset of SCRATCH_BYTES,
 * 64-byte aligned, that belong to this instance alone.
 */
export function createWasmKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  scratch: number,
  name: 'portable' | 'wasm',
): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const wasm = instance.exports as unknown as Exports;
  wasm.setScratch(scratch);

  const bounds = new Int32Array(memory.buffer, scratch + BOUNDS_OFFSET, MAX_SHARDS + 1);
  /** Of w, g and each slot: the steps go over whole vectors of four. */
  const lastFew = new Float32Array(memory.buffer, scratch, 4 * 8);
  const copyBounds = (shards: ShardRows): number => {
    const count = shards.last - shards.first;
    if (count > MAX_SHARDS) throw new RangeError(`${count} shards in one sum: at most ${MAX_SHARDS}`);
    for (let i = 0; i <= count; i++) bounds[i] = shards.bounds[shards.first + i];
    return count;
  };
  const at = (array: FloatArray | null) => (array === null ? 0 : array.byteOffset);

  return {
    name,
    affine: (z, x, w, b, R, K, N) => wasm.affine(at(z), at(x), at(w), at(b), R, K, N),
    affineInputGradient: (dx, dz, w, R, K, N) => wasm.affineInputGradient(at(dx), at(dz), at(w), R, K, N),
    affineWeightGradient: (dw, x, dz, shards, K, N, mode) =>
      wasm.affineWeightGradient(at(dw), at(x), at(dz), copyBounds(shards), K, N, mode === 'continue'),
    columnSums: (db, dz, shards, N, mode) =>
      wasm.columnSums(at(db), at(dz), copyBounds(shards), N, mode === 'continue'),
    activate: (code, y, z, count, p) => wasm.activate(code, at(y), at(z), count, p),
    activateBackward: (code, dz, dy, z, y, count, p) =>
      wasm.activateBackward(code, at(dz), at(dy), at(z), at(y), count, p),
    softmax: (y, z, R, N) => wasm.softmax(at(y), at(z), R, N),
    softmaxBackward: (dz, dy, y, R, N) => wasm.softmaxBackward(at(dz), at(dy), at(y), R, N),
    logSoftmax: (y, z, R, N) => wasm.logSoftmax(at(y), at(z), R, N),
    logSoftmaxBackward: (dz, dy, y, R, N) => wasm.logSoftmaxBackward(at(dz), at(dy), at(y), R, N),
    divergence: (code, losses, dy, y, d, R, N, p) =>
      wasm.divergence(code, at(losses), at(dy), at(y), at(d), R, N, p),
    uniform: (u, R, N, key, row0, layer) => wasm.uniform(at(u), R, N, key[0], key[1], row0, layer),
    add: (dst, src, count) => wasm.add(at(dst), at(src), count),
    allFinite: (a, count) => wasm.allFinite(at(a), count) !== 0,
    sumOfSquares: (a, count) => wasm.sumOfSquares(at(a), count),
    update(name, w, g, slots, count, scalars) {
      const arrays = [w, g, ...slots];
      const values = STEPS[name].map((key: keyof typeof scalars) => scalars[key]);
      const whole = count - (count % 4);
      wasm[name](...arrays.map(at), whole, ...values);
      if (whole === count) return;
      arrays.forEach((array, i) => {
        if (array !== null) lastFew.set(array.subarray(whole, count), 4 * i);
      });
      wasm[name](...arrays.map((array, i) => (array === null ? 0 : scratch + 16 * i)), 4, ...values);
      arrays.forEach((array, i) => {
        array?.set(lastFew.subarray(4 * i, 4 * i + count - whole), whole);
      });
    },
  };
}
