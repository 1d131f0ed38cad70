/**
 * A layer is a forward and a backward pass side by side, with any widths in and out. It owns no memory:
 * `bind` (network.ts) hands it the arrays that it reads and writes. All arrays are [R, width], row-major.
 */
import type { FloatArray, Kernels, ShardRows, SumMode } from '../kernels/kernels.js';
import type { InitializerName } from './initializers.js';

/**
 * Says how a parameter begins: drawn by the network's initialiser from its fans, or, whatever that is, as a
 * constant, as N(0, normal²) or as U(±uniform).
 */
type ParameterInit =
  | { readonly fanIn: number; readonly fanOut: number }
  | { readonly constant: number }
  | { readonly normal: number }
  | { readonly uniform: number };

/** Describes one array of numbers that a layer keeps: weights that are learned, or a running statistic. */
export interface ParameterSpec {
  /** PyTorch's name within the layer: weight, bias, … */
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: ParameterInit;
  /** How many times the learning rate of the others this parameter has (default 1). */
  readonly rateFactor?: number;
  /** Set for a bias or another vector that is no weight, which `decayBiases: false` spares weight decay. */
  readonly decay?: false;
  /**
   * Set for a running mean over batches, which is not learned. In place of a gradient, backward leaves Σ over
   * this batch's rows of the value to follow, and the trainer sets w ← (1−momentum)·w + momentum·Σ/T.
   */
  readonly statistic?: { readonly momentum: number };
}

/**
 * An aligned subtree of the summation tree: the rows of its shards, and where the sum of their gradients
 * belongs.
 */
export interface Subtree extends ShardRows {
  /** The gradient block that receives the sum. */
  readonly block: number;
}

/** Gradients that need no other look, because kernels have said how large they are. */
export interface SeenGradients {
  arrays: FloatArray[];
  /** What no magnitude in them exceeds; NaN where one is NaN. */
  most: number;
}

/** Holds what all layers share during one pass over some rows. */
export interface Pass {
  readonly kernels: Kernels;
  /** R, the rows in this pass. */
  rows: number;
  /** The shards that these rows belong to; their bounds count from the pass's first row. */
  shards: ShardRows;
  /** Where the row sums of the parameter gradients go; empty in a pass that is not differentiated. */
  subtrees: readonly Subtree[];
  mode: SumMode;
  /** Takes the gradients that kernels have seen as they stored them. */
  readonly seen?: SeenGradients;
  /** Whether dropout, noise and batch statistics act, as they do in training only. */
  training: boolean;
  /** What the probabilities of dropout are multiplied by (default 1). */
  dropoutFactor?: number;
  /** The key of this step's random draws. */
  readonly key: Uint32Array;
  /** The number of the pass's first row in the batch. */
  firstRow: number;
}

/** Where the gradient of one parameter goes: one array in each gradient block (see gradients.ts). */
export type ParameterGradient = readonly FloatArray[];

/** The arrays that a layer works on; x is the output of the layer before it. */
export interface LayerArrays {
  readonly x: FloatArray;
  readonly y: FloatArray;
  /** ∂Div/∂y, which backward reads. */
  readonly dy: FloatArray;
  /** ∂Div/∂x, which backward writes; null where no layer before this one has parameters. */
  readonly dx: FloatArray | null;
  readonly parameters: readonly FloatArray[];
  /** One for each parameter: sums over rows of ∂Div/∂parameter. */
  readonly gradients: readonly ParameterGradient[];
  /**
   * The arrays in which forward remembers things for backward, beside x and y; `Layer.saved` gives their
   * widths.
   */
  readonly saved: readonly FloatArray[];
  /** The branches of a composite layer, bound. */
  readonly branches: readonly BoundSequence[];
  /** The layer's number in the network, which keeps its random draws apart from those of other layers. */
  readonly id: number;
}

/** Holds layers that follow one another, bound to memory. */
export interface BoundSequence {
  readonly layers: readonly Layer[];
  readonly arrays: readonly LayerArrays[];
  /** The passes in the order in which they are made; what layers do together need not be in all arrays. */
  readonly passes: {
    readonly forward: readonly BoundPass[];
    readonly backward: readonly BoundPass[];
    /** Whether all of them belong to layers whose passes are `repeatable`. */
    readonly recordable: boolean;
  };
  /** [R, inputs] */
  readonly input: FloatArray;
  /** ∂Div/∂input, where it is wanted. */
  readonly inputGradient: FloatArray | null;
  /** [R, outputs] */
  readonly output: FloatArray;
  /** ∂Div/∂output, which the caller writes. */
  readonly outputGradient: FloatArray;
}

/** Passes of a layer and of a neighbour that rectifies. */
export interface RectifiedPasses {
  /** `forward`, of which y is rectified. */
  forward(pass: Pass, arrays: LayerArrays): void;
  /** `backward`, where x has been rectified and dx is the gradient of what it was before. */
  backward(pass: Pass, arrays: LayerArrays): void;
}

/** One pass of a layer, or of two at once, bound to memory. */
export type BoundPass = (pass: Pass) => void;

/**
 * A layer is its two passes, and its properties: code that needs to know something about a layer reads a
 * property and never compares its name.
 */
export interface Layer {
  /** The name in the network language, for people: messages, tables, diagrams. */
  readonly kind: string;
  /** The argument in the network language that it was built from, written out with its defaults. */
  readonly argument?: Readonly<Record<string, unknown>>;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly ParameterSpec[];
  /** Floats per row of each array in `LayerArrays.saved`. */
  readonly saved: readonly number[];
  /**
   * Multiply–adds per row in the forward pass; backward costs as much for dx and as much again for the
   * weights.
   */
  readonly multiplyAdds: number;
  /** The sequences that a composite layer runs on its input. */
  readonly branches: readonly (readonly Layer[])[];
  /**
   * Fewest rows in a shard: more than 1 if the layer computes statistics over a shard, which a pass must then
   * hold whole.
   */
  readonly shardRows: number;
  /** Whether the layer is z = xW + b, the lecture's weighted combination (lecture, section 2). */
  readonly affine?: boolean;
  /** The initialiser that preserves the variance of a signal through the weights before this layer. */
  readonly initializer?: InitializerName;
  /** Set where backward does not pass on the derivative; `Activation.gradient` explains the two values. */
  readonly gradient?: 'none' | 'estimate' | undefined;
  /**
   * The meaning of the outputs where they are probabilities: a `distribution` over classes, whose outputs add
   * up to 1; the `logarithms` of one; or `independent` ones, each the probability of a yes to its own
   * question.
   */
  readonly probabilities?: 'distribution' | 'logarithms' | 'independent' | undefined;
  /**
   * Whether the layer reads category codes from its input: they are indices, so the layer must come first.
   */
  readonly readsCodes?: boolean;
  /** Whether the layer drops units with a probability that a schedule may scale. */
  readonly drops?: boolean;
  /** Whether y = max(x, 0) with slope 0 at 0, so that the slope follows from y alone. */
  readonly rectifies?: boolean;
  /** The layer's two passes with the work of a layer that rectifies, where they can do both at once. */
  readonly rectified?: RectifiedPasses;
  /**
   * Whether both passes call nothing but matrix products and sums over rows, with the same arrays and sizes
   * for every batch of a size, so that the calls can be recorded.
   */
  readonly repeatable?: boolean;
  /** The inputs on which the layer is defined, for the message when any other stops the run. */
  readonly domain?: string;
  forward(pass: Pass, arrays: LayerArrays): void;
  /**
   * Writes dx where it is wanted, and leaves the gradients of the layer's parameters as gradients.ts says.
   */
  backward(pass: Pass, arrays: LayerArrays): void;
}

/** The values that a layer has unless its definition gives others. */
const DEFAULTS = { parameters: [], saved: [], multiplyAdds: 0, branches: [], shardRows: 1 } as const;

/** Completes a layer's definition with the defaults: no parameters, nothing saved, no branches. */
export function defineLayer(
  definition: Omit<Layer, keyof typeof DEFAULTS> & Partial<Pick<Layer, keyof typeof DEFAULTS>>,
): Layer {
  return { ...DEFAULTS, ...definition };
}

/** Returns the fewest rows that a shard must have for all of these layers, those inside composites too. */
export function fewestShardRows(layers: readonly Layer[]): number {
  return Math.max(
    1,
    ...layers.flatMap(({ shardRows, branches }) => [shardRows, ...branches.map(fewestShardRows)]),
  );
}

/** Returns the width of a network's output. */
export function outputWidth(layers: readonly Layer[]): number {
  return layers[layers.length - 1].outputs;
}

/** Whether the last layer gives a probability for each class; a single one is that of the second class. */
export function givesProbabilities(layers: readonly Layer[]): boolean {
  const { probabilities, outputs } = layers[layers.length - 1];
  return probabilities === 'independent' ? outputs === 1 : probabilities !== undefined;
}
