/**
 * The arithmetic of training, on flat row-major arrays without padding. The `reference` implementation (plain
 * loops) is the oracle: one contract test compares every other implementation with it.
 *
 * Dimension letters, here and everywhere: R rows (instances), K inputs of a layer, N its outputs.
 *
 * The results for a shard's rows depend on that shard alone, however many shards are computed with it. (WASM
 * and the reference promise more: a row's bits depend on the row alone.) Sums over rows, such as the
 * gradients of parameters, are taken shard by shard, and across shards by the fixed binary tree over the
 * shard index. `ShardRows` says where the shards lie.
 */
import type { FloatArray } from './floats.js';
import type { ActivationKernel } from './reference/activations.js';
import type { DivergenceKernel } from './reference/divergences.js';
import type { ShardRows, ShardSums, SumMode } from './shardrows.js';
import type { KernelStage, Repetition } from './stages.js';
import type { OrderedScalars, StepName } from './steps.js';

export type { FloatArray } from './floats.js';
export { oneShard, type ShardRows, type ShardSums, type SumMode } from './shardrows.js';
export type { KernelStage, Repetition } from './stages.js';

export const KERNEL_NAMES = ['reference', 'portable', 'wasm', 'jit', 'amx', 'native'] as const;
/** The name of a set of kernels: who does the arithmetic. */
export type KernelName = (typeof KERNEL_NAMES)[number];

/**
 * The sizes of a periodic embedding: each of the first C of K inputs goes through F cosines to V values,
 * which follow it in the N = K + C·V outputs.
 */
export interface PeriodicShape {
  /** K */
  readonly inputs: number;
  /** C */
  readonly columns: number;
  /** F */
  readonly frequencies: number;
  /** V, at most MAX_PERIODIC_VALUES */
  readonly values: number;
}

/** The most values of a column of a periodic embedding: their sums must fit in scratch memory. */
export const MAX_PERIODIC_VALUES = 64;

/** The operations that every implementation of the arithmetic has. */
export interface Kernels {
  readonly name: KernelName;

  /**
   * Must be called after the weights have changed, before they are multiplied again: `--precision bf16` keeps
   * a rounded copy of them.
   */
  refreshWeights(): void;

  /**
   * z[R,N] = b[N] + x[R,K]·w[K,N] for the shards' rows: the bias comes first, as in the sum from i=0
   * (lecture, section 2). b may be null.
   */
  affine(
    z: FloatArray,
    x: FloatArray,
    w: FloatArray,
    b: FloatArray | null,
    shards: ShardRows,
    K: number,
    N: number,
  ): void;
  /** dx[R,K] = dz[R,N]·wᵀ for the shards' rows: the backward weighted combination (lecture, section 3). */
  affineInputGradient(
    dx: FloatArray,
    dz: FloatArray,
    w: FloatArray,
    shards: ShardRows,
    K: number,
    N: number,
  ): void;
  /** y[R,N] = max(b + x·w, 0): `affine`, then ReLU. */
  rectifiedAffine(
    y: FloatArray,
    x: FloatArray,
    w: FloatArray,
    b: FloatArray | null,
    shards: ShardRows,
    K: number,
    N: number,
  ): void;
  /** `affineInputGradient`, times ReLU's slope where ReLU has made x[R,K]: 1 where x > 0, else 0. */
  rectifiedInputGradient(
    dx: FloatArray,
    dz: FloatArray,
    w: FloatArray,
    shards: ShardRows,
    K: number,
    N: number,
    x: FloatArray,
  ): void;
  /**
   * dw[K,N] = Σ over the shards' rows of xᵀ·dz, summed as `ShardRows` says. Kernels that see the results go
   * by return what no magnitude among them exceeds, NaN if one is NaN; others return nothing.
   */
  affineWeightGradient(
    dw: FloatArray,
    x: FloatArray,
    dz: FloatArray,
    shards: ShardRows,
    K: number,
    N: number,
    mode: SumMode,
  ): number | undefined;
  /** db[N] = Σ over the shards' rows of dz[R,N], summed and returned as in `affineWeightGradient`. */
  columnSums(db: FloatArray, dz: FloatArray, shards: ShardRows, N: number, mode: SumMode): number | undefined;

  /**
   * Runs stages, and returns what makes them again in their order. Those that made calls of machine code and
   * no others are recorded, consecutive ones together.
   */
  record?(stages: readonly KernelStage[]): readonly Repetition[];

  /**
   * y = f(z), element by element; p is the parameter of f (a slope, …). reference/activations.ts lists the
   * names.
   */
  activate(name: ActivationKernel, y: FloatArray, z: FloatArray, count: number, p: number): void;
  /** dz = f′(z)·dy, element by element; y = f(z) is at hand because the forward pass remembered it. */
  activateBackward(
    name: ActivationKernel,
    dz: FloatArray,
    dy: FloatArray,
    z: FloatArray,
    y: FloatArray,
    count: number,
    p: number,
  ): void;

  /** y = factor·x, element by element. */
  scale(y: FloatArray, x: FloatArray, count: number, factor: number): void;
  /** y = a·b, element by element. */
  multiply(y: FloatArray, a: FloatArray, b: FloatArray, count: number): void;
  /** y = d·(a − b), element by element. */
  multiplyDifference(y: FloatArray, d: FloatArray, a: FloatArray, b: FloatArray, count: number): void;
  /** y[R,N] = a[N]·x in each row. */
  scaleColumns(y: FloatArray, x: FloatArray, a: FloatArray, R: number, N: number): void;
  /** y[R,N] = x + a[N]·(f − x) in each row. */
  mixColumns(y: FloatArray, x: FloatArray, f: FloatArray, a: FloatArray, R: number, N: number): void;

  /** y[R,N] = softmax of each row of z, the row's maximum subtracted first. */
  softmax(y: FloatArray, z: FloatArray, R: number, N: number): void;
  /** dz_i = y_i (dy_i − Σ_j dy_j y_j): the softmax Jacobian applied to dy, row by row. */
  softmaxBackward(dz: FloatArray, dy: FloatArray, y: FloatArray, R: number, N: number): void;
  /** y[R,N] = the logarithm of the softmax of each row of z, the row's maximum subtracted first. */
  logSoftmax(y: FloatArray, z: FloatArray, R: number, N: number): void;
  /** dz_i = dy_i − e^{y_i} Σ_j dy_j: the log-softmax Jacobian applied to dy, row by row. */
  logSoftmaxBackward(dz: FloatArray, dy: FloatArray, y: FloatArray, R: number, N: number): void;

  /**
   * y[R,N] = (x_j, c_j + a_j·cos θ_j for each column j, then the further inputs), with θ_jf = 2π·w_jf·x_j +
   * b_jf. `parameters` are the frequencies w[C,F], the phases b[C,F], the weights a[C,V,F] and the biases
   * c[C,V]. cos θ and sin θ [R,C·F] are left for the backward pass.
   */
  periodic(
    y: FloatArray,
    cosines: FloatArray,
    sines: FloatArray,
    x: FloatArray,
    parameters: readonly FloatArray[],
    R: number,
    shape: PeriodicShape,
  ): void;
  /** The gradients of the parameters of `periodic`: sums over the shards' rows, as `ShardRows` says. */
  periodicGradients(
    gradients: readonly FloatArray[],
    dy: FloatArray,
    cosines: FloatArray,
    sines: FloatArray,
    x: FloatArray,
    parameters: readonly FloatArray[],
    shards: ShardRows,
    shape: PeriodicShape,
    mode: SumMode,
  ): void;
  /** dx[R,K], the backward pass of `periodic`. */
  periodicInputGradient(
    dx: FloatArray,
    dy: FloatArray,
    sines: FloatArray,
    parameters: readonly FloatArray[],
    R: number,
    shape: PeriodicShape,
  ): void;

  /**
   * losses[R] = Div(y, d) of each row and dy[R,N] = ∂Div/∂y; dy may be null if the value alone is wanted. d
   * is [R,N], or [R,1] with class indices where the divergence takes them, or [R,2N] with levels beside the
   * targets for `quantiles`; p is the divergence's parameter (δ, γ, …). reference/divergences.ts lists the
   * names.
   */
  divergence(
    name: DivergenceKernel,
    losses: FloatArray,
    dy: FloatArray | null,
    y: FloatArray,
    d: FloatArray,
    R: number,
    N: number,
    p: number,
  ): void;

  /**
   * Fills u[R,N] with uniform draws from [0,1). The draw of row r and unit n is a function of the step's key,
   * row0 + r, the layer and n alone (Threefry, src/random.ts), so every worker draws the same numbers for a
   * row.
   */
  uniform(u: FloatArray, R: number, N: number, key: Uint32Array, row0: number, layer: number): void;

  /** Shuffles an array in place as `permute` of src/random.ts does. */
  permute(array: Uint32Array, seed: number, purpose: number, counter: number): void;

  /**
   * x[i] = (b[i] − shift)·scale, computed in float64 and rounded once. The bytes b lie in the last quarter of
   * the memory of the same `count` floats, so the caller needs no second array.
   */
  scaleBytes(x: Float32Array, count: number, shift: number, scale: number): void;

  /**
   * x[R,K] = the rows `rows[from] … rows[to−1]` of stored numbers [.., K], each byte v as (v − shift)·scale,
   * computed in float64 and rounded once, and floats as they are, where there is a faster way than
   * JavaScript's; returns whether there is. A recording gathers rows that lie as much further on as
   * `origin[0]`, which must not exceed `from`, has grown since; without it, the same rows.
   */
  gatherRows?(
    x: Float32Array,
    numbers: Uint8Array | Float32Array,
    K: number,
    rows: Uint32Array,
    from: number,
    to: number,
    shift: number,
    scale: number,
    origin?: Uint32Array,
  ): boolean;

  /** dst += src: one addition of the summation tree. */
  add(dst: FloatArray, src: FloatArray, count: number): void;
  /** Returns whether `headroom` times every value is finite. */
  allFinite(a: FloatArray, count: number, headroom?: number): boolean;
  /** Returns Σ a², accumulated in float64 in an order that depends on `count` alone. */
  sumOfSquares(a: FloatArray, count: number): number;
  /** Returns start + a[from] + … + a[to−1] in float64, added one after the other. */
  sum(a: FloatArray, from: number, to: number, start: number): number;
  /**
   * Returns how many of the rows `from … to−1` of outputs y[.., N] have their class right, of which
   * `classes` holds the index.
   */
  countRight(
    y: FloatArray,
    classes: FloatArray,
    from: number,
    to: number,
    N: number,
    threshold: number,
  ): number;

  /**
   * Leaves for each of the shards, the first of which has its number at `place`: the `sum` of its rows'
   * losses, how many rows it has, and `countRight` of outputs y[R,N], where there is a faster way than those;
   * returns whether there is.
   */
  tallyClasses?(
    sums: ShardSums,
    place: number,
    rowLosses: FloatArray,
    y: FloatArray,
    classes: FloatArray,
    shards: ShardRows,
    N: number,
  ): boolean;

  /**
   * Runs one element-wise step over `count` parameters: changes w and the slots in place, from the gradient
   * g·gradientScale. A slot that the rule does not keep is null. reference/optim.ts says what each step does;
   * STEPS says which scalars (float64) it takes, and in which order. With an addend, such as the last
   * addition of the summation tree, the gradient is g + addend, and g may hold that or not afterwards.
   */
  update(
    name: StepName,
    w: FloatArray,
    g: FloatArray,
    slots: readonly (FloatArray | null)[],
    count: number,
    scalars: OrderedScalars,
    addend?: FloatArray | null,
  ): void;
}
