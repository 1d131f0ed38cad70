import type { ProblemType } from '../data/schema.js';
import type { Arena } from '../kernels/arena.js';
import { type BoundSequence, outputWidth } from '../network/layer.js';
import type { ParameterLayout } from '../network/layout.js';
import { bind, desiredWidth, type Objective } from '../network/network.js';

/** The memory of passes over at most R rows, one pass after the other. */
export interface ForwardWorkspace {
  readonly network: BoundSequence;
  /** [R, targetWidth], as gathered from the dataset. */
  readonly targets: Float32Array;
  /**
   * [R, desired]: class indices as 0 and 1 where the divergence compares values, and targets beside levels
   * where it compares quantiles; else empty.
   */
  readonly expanded: Float32Array;
  /**
   * [R, outputs]: what the activation fused with the divergence makes of the output, for regression; else
   * empty.
   */
  readonly predictions: Float32Array;
  /** [R]: the divergence of each row. */
  readonly rowLosses: Float32Array;
  /** The first row of each shard, counted from the pass's first row; one more entry than there are shards. */
  readonly bounds: Int32Array;
}

interface ForwardSizes {
  /** Rows of a pass, at most. */
  readonly rows: number;
  /** Shards of a pass, at most. */
  readonly shards: number;
  /** Values of a row's target: 1 for a class. */
  readonly targetWidth: number;
}

/** The parameters that a workspace's network is bound to. */
interface BoundParameters {
  readonly layout: ParameterLayout;
  readonly weights: Float32Array;
  /** One block for each shard; none where nothing is differentiated. */
  readonly gradients: readonly Float32Array[];
}

/** Takes a workspace's arrays from the arena. */
export function carveForward(
  arena: Arena,
  { objective, problemType }: { readonly objective: Objective; readonly problemType: ProblemType },
  { rows, shards, targetWidth }: ForwardSizes,
  { layout, weights, gradients }: BoundParameters,
): ForwardWorkspace {
  const { layers } = objective;
  const outputs = outputWidth(layers);
  const allocate = (length: number) => arena.floats(length);
  return {
    network: bind(layers, rows, {
      ...{ layout, parameters: weights, gradients, allocate },
      fused: true,
    }),
    targets: allocate(rows * targetWidth),
    expanded: allocate(
      objective.levels.length > 0 || comparesOneHot(objective, problemType)
        ? rows * desiredWidth(objective)
        : 0,
    ),
    predictions: allocate(objective.fused && problemType === 'regression' ? rows * outputs : 0),
    rowLosses: allocate(rows),
    bounds: arena.int32s(shards + 1),
  };
}

/**
 * Whether classes are compared as one value for each output. With a single output the index is that value.
 */
export function comparesOneHot({ targets, layers }: Objective, problemType: ProblemType): boolean {
  return problemType === 'classification' && targets === 'values' && outputWidth(layers) > 1;
}
