/**
 * A layer is a forward and a backward pass side by side, with the widths in and out free. It owns no memory:
 * `bind` (network.ts) hands it the arrays it reads and writes. All arrays are [R, width], row-major.
 */
import type { FloatArray, Kernels, ShardRows, SumMode } from '../kernels/kernels.js';

/** How a parameter begins: drawn by the network's initialiser from its fans, or a constant. */
export type ParameterInit =
  | { readonly fanIn: number; readonly fanOut: number }
  | { readonly constant: number };

export interface ParameterSpec {
  /** PyTorch's name within the layer: weight, bias, … */
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: ParameterInit;
  /**
   * A running mean over batches, not learned: backward leaves Σ over rows of this batch's value where others leave
   * their gradient, and the trainer sets w ← (1−momentum)·w + momentum·Σ/T.
   */
  readonly statistic?: { readonly momentum: number };
}

/** An aligned subtree of the summation tree: its shards' rows, and the slot where its gradient sum belongs. */
export interface Subtree extends ShardRows {
  readonly slot: number;
}

/** What is the same for every layer during one pass over some rows. */
export interface Pass {
  readonly kernels: Kernels;
  /** R: rows in this pass */
  rows: number;
  /** the shards that these rows belong to, counted from the pass's first row */
  shards: ShardRows;
  /** where the parameter gradients' row sums go; empty in a pass that is not differentiated */
  subtrees: readonly Subtree[];
  mode: SumMode;
  /** dropout, noise and batch statistics act in training only */
  training: boolean;
  /** the key of this step's random draws, and the number of the pass's first row in the batch */
  readonly key: Uint32Array;
  firstRow: number;
}

/** The arrays a layer works on; x is the output of the layer before, dx its gradient. */
export interface LayerArrays {
  readonly x: FloatArray;
  readonly y: FloatArray;
  /** ∂Div/∂y, given */
  readonly dy: FloatArray;
  /** ∂Div/∂x, wanted; null where nothing before this layer has parameters */
  readonly dx: FloatArray | null;
  readonly parameters: readonly FloatArray[];
  /** [slot][parameter]: sums over rows of ∂Div/∂parameter */
  readonly gradients: readonly (readonly FloatArray[])[];
  /** what forward remembers for backward beside x and y, as `Layer.saved` asks */
  readonly saved: readonly FloatArray[];
  /** a composite layer's branches, bound */
  readonly branches: readonly BoundSequence[];
  /** the layer's number in the network, which tells its random draws from other layers' */
  readonly id: number;
}

/** Layers one after the other, bound to memory. */
export interface BoundSequence {
  readonly layers: readonly Layer[];
  readonly arrays: readonly LayerArrays[];
  /** [R, inputs] */
  readonly input: FloatArray;
  /** ∂Div/∂input, where wanted */
  readonly inputGradient: FloatArray | null;
  /** [R, outputs] */
  readonly output: FloatArray;
  /** ∂Div/∂output, given */
  readonly outputGradient: FloatArray;
}

export interface Layer {
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly ParameterSpec[];
  /** floats a row of each array in `LayerArrays.saved` */
  readonly saved: readonly number[];
  /** multiply–adds a row in the forward pass; backward costs as much for dx and as much again for the weights */
  readonly multiplyAdds: number;
  /** sequences that a composite layer runs on its input */
  readonly branches?: readonly (readonly Layer[])[];
  /** its statistics are those of a shard: a shard has at least so many rows, and a pass holds all of them */
  readonly shardRows?: number;
  /** where the layer is defined, said when a value outside stops the run */
  readonly domain?: string;
  forward(pass: Pass, arrays: LayerArrays): void;
  backward(pass: Pass, arrays: LayerArrays): void;
}

/** The rows that a shard needs at least for these layers, those inside a composite too; 1 where none of them asks. */
export function fewestShardRows(layers: readonly Layer[]): number {
  return Math.max(
    1,
    ...layers.flatMap(({ shardRows = 1, branches = [] }) => [shardRows, ...branches.map(fewestShardRows)]),
  );
}
