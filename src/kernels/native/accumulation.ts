/**
 * Whether a gemm that adds to c rounds once, c + (the whole product): then it may stand for a product and an addition of
 * the shard tree, bit for bit. Libraries do so as long as they need not cut the inner dimension, but none promises it; so it
 * is tried for each shape, on numbers of its own, before it is relied upon.
 */
import type { Gemm } from './gemm.js';

export interface Trial {
  readonly gemm: Gemm;
  /** bytes of an operand's element */
  readonly bytes: 2 | 4;
  readonly memory: WebAssembly.Memory;
  /** byte offset and floats of an area that the trial may overwrite */
  readonly area: number;
  readonly floats: number;
}

/** aᵀ[M,K]·b[K,N] with row lengths aRow and bRow, as a strip of a weight gradient asks for it. */
export interface Shape {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly aRow: number;
  readonly bRow: number;
}

export function addsInOneRounding(trial: Trial, { M, N, K, aRow, bRow }: Shape): boolean {
  const { gemm, bytes, memory, area, floats } = trial;
  const [aFloats, bFloats, cFloats] = [K * aRow, K * bRow, M * N];
  if (aFloats + bFloats + 2 * cFloats > floats) return false; // no room to try: a product so large hides an addition
  const view = new Float32Array(memory.buffer, area, floats);
  const [a, b, apart, added] = [0, aFloats, aFloats + bFloats, aFloats + bFloats + cFloats];
  for (let i = 0; i < apart; i++) view[i] = pattern(i);
  if (bytes === 2) narrow(new Uint16Array(memory.buffer, area, 2 * floats), apart);
  for (let i = 0; i < cFloats; i++) view[added + i] = 3 * pattern(i);
  const at = (index: number) => area + 4 * index;
  const [left, right] = [area + bytes * a, area + bytes * b];
  gemm(true, false, M, N, K, left, aRow, right, bRow, false, at(apart), N);
  gemm(true, false, M, N, K, left, aRow, right, bRow, true, at(added), N);
  for (let i = 0; i < cFloats; i++) {
    if (view[added + i] !== Math.fround(3 * pattern(i) + view[apart + i])) return false;
  }
  return true;
}

/** Between −1 and 1, with all the bits of a float32. */
function pattern(i: number): number {
  return Math.fround((Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 23 - 1);
}

/** Float32 values become the first bfloat16 values of the same area: their upper halves. */
function narrow(halves: Uint16Array, count: number): void {
  for (let i = 0; i < count; i++) halves[i] = halves[2 * i + 1];
}
