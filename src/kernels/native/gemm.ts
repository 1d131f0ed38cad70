/** c[M,N] = (add ? c : 0) + op(a)[M,K]·op(b)[K,N], row-major; byte offsets of the shared memory, row lengths in elements. */
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

/** A gemm, and where arrays outside of its memory lie, as offsets from it. */
export interface BoundGemm {
  readonly gemm: Gemm;
  readonly offsetOf: (buffer: ArrayBuffer) => number;
}
