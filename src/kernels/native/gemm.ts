/**
 * Computes c[M,N] = (add ? c : 0) + op(a)[M,K]·op(b)[K,N], row-major, where op transposes or not. a, b and c
 * are byte offsets in the shared memory; row lengths are in elements.
 */
export type Gemm = (
  transposeA: boolean,
  transposeB: boolean,
  M: number,
  N: number,
  K: number,
  a: number,
  aRow: number,
  b: number,
  bRow: number,
  add: boolean,
  c: number,
  cRow: number,
) => void;

/** A gemm, and a function that expresses the address of a buffer outside its memory as an offset into it. */
export interface BoundGemm {
  readonly gemm: Gemm;
  readonly offsetOf: (buffer: ArrayBuffer) => number;
}
