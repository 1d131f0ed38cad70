/**
 * The matrix products on shared memory, with byte offsets in place of arrays. There are WASM's own, those of
 * a system library (native/), and either of them with operands in bfloat16 (bfloat16.ts). Shapes and meaning
 * are those of `Kernels`.
 */
import type { FloatArray, Kernels, ShardRows, SumMode } from './kernels.js';
import type { DivergenceKernel } from './reference/divergences.js';
import type { OrderedScalars, StepName } from './steps.js';

/** The three products; z, x, w, b, dx, dz, dw and db are byte offsets. */
export interface Products {
  /** b = 0 stands for no bias. */
  affine(z: number, x: number, w: number, b: number, shards: ShardRows, K: number, N: number): void;
  affineInputGradient(dx: number, dz: number, w: number, shards: ShardRows, K: number, N: number): void;
  affineWeightGradient(
    dw: number,
    x: number,
    dz: number,
    shards: ShardRows,
    K: number,
    N: number,
    mode: SumMode,
  ): number | undefined;
  /** z = max(b + x·w, 0), with the bits of WASM, where there is a faster way than two operations. */
  rectifiedAffine?: Products['affine'] | undefined;
  /** dx = (dz·wᵀ)·(1 where x > 0, else 0) likewise, where x are outputs of ReLU. */
  rectifiedInputGradient?:
    | ((dx: number, dz: number, w: number, shards: ShardRows, K: number, N: number, x: number) => void)
    | undefined;
  /**
   * Computes the sums over rows with the bits of WASM, where there is a faster way than WASM's; returns what
   * no magnitude among them exceeds, or nothing where it has not computed them.
   */
  columnSums?(db: number, dz: number, shards: ShardRows, N: number, mode: SumMode): number | undefined;
  /** `Kernels.record`. */
  record?: Kernels['record'] | undefined;
  /** Rounds `count` numbers to bfloat16 that are stored as float32, as WASM does, which has a slower way. */
  round?(to: number, from: number, count: number): void;
  /** Gathers rows as `Kernels` says; x is a byte offset. */
  gatherRows?(
    x: number,
    numbers: Uint8Array | Float32Array,
    K: number,
    rows: Uint32Array,
    from: number,
    to: number,
    shift: number,
    scale: number,
    origin?: Uint32Array,
  ): boolean;
  /** Computes a divergence with the bits of WASM, where there is a faster way; returns whether there is. */
  divergence?(
    name: DivergenceKernel,
    losses: number,
    dy: number,
    y: number,
    d: number,
    R: number,
    N: number,
    p: number,
  ): boolean;
  /** Adds up what rows have lost and how many are right, as `Kernels` says, likewise. */
  tallyClasses?(
    losses: number,
    weights: number,
    scores: number,
    rowLosses: number,
    y: number,
    classes: number,
    shards: ShardRows,
    N: number,
  ): boolean;
  /** Runs a step of an update rule likewise. */
  update?(
    name: StepName,
    w: FloatArray,
    g: FloatArray,
    addend: FloatArray | null,
    slots: readonly (FloatArray | null)[],
    count: number,
    scalars: OrderedScalars,
  ): boolean;
}
