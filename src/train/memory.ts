/**
 * All training state as views of one shared memory. Every thread carves the same arrays in the same order; only the
 * coordinator writes parameters, slots and the order of rows, and a task writes only the slots of its own shards and
 * the workspace that its message names.
 */

import type { Precision, RoundedPlaces } from '../kernels/bfloat16.js';
import type { KernelName } from '../kernels/kernels.js';
import { roundedBytes, scratchBytes } from '../kernels/load.js';
import type { BoundSequence, Layer } from '../network/layer.js';
import { type ParameterLayout, parameterLayout } from '../network/layout.js';
import { bind } from '../network/network.js';
import type { Arena } from '../parallel/arena.js';
import { longestShard, type ShardCut, shardCount } from '../parallel/shards.js';
import { LANE_LENGTH } from './profile.js';

/** The sizes from which the memory follows. */
export interface MemoryPlan extends ShardCut {
  readonly batch: number;
  /** tasks that may run at the same time, at least 1 */
  readonly workspaces: number;
  /** tasks that a batch may be cut into at the least: the fewer, the more rows a task has */
  readonly fewestTasks: number;
  /** values of the desired output a row */
  readonly targetWidth: number;
  /** names of the arrays that the update rule keeps */
  readonly slots: readonly string[];
  readonly trainRows: number;
  /** rows of the largest subset that is evaluated */
  readonly evaluationRows: number;
  readonly kernels: KernelName;
  readonly precision: Precision;
  readonly profiled: boolean;
  /** whether workers update the parameters in slices */
  readonly sliced: boolean;
}

/** What one task works in. Which thread runs the task does not matter. */
export interface Workspace {
  /** byte offset of the kernels' scratch area */
  readonly scratch: number;
  /** where its operands are kept rounded; null: in float32 they are not */
  readonly rounded: RoundedPlaces | null;
  readonly network: BoundSequence;
  /** [R, targetWidth] as gathered */
  readonly targets: Float32Array;
  /** [R, outputs]: class indices spread to one value for each output; for regression, what a fused activation makes of the output */
  readonly spread: Float32Array;
  readonly rowLosses: Float32Array;
  /** what each row counts in a gradient */
  readonly rowWeights: Float64Array;
  /** first row of each shard within the pass */
  readonly bounds: Int32Array;
  /** [1] when no sum of the gradients that the task left can leave the range of float32, else [0] */
  readonly bounded: Int32Array;
  /** what the task's time was spent on; empty unless profiled */
  readonly lane: Float64Array;
  /** [the update that a slice was last begun of] */
  readonly updates: Float64Array;
}

export interface TrainingMemory {
  readonly layout: ParameterLayout;
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
  /** one block for each shard; a folded subtree's sum is in the block of its first shard */
  readonly gradients: readonly Float32Array[];
  /** Σ w·Div and Σ w over each shard's rows, w being what a row counts: 1 unless there are weights */
  readonly shardLosses: Float64Array;
  readonly shardWeights: Float64Array;
  /** correct rows, or Σ squared error in the target's own unit, over each shard's rows */
  readonly shardScores: Float64Array;
  /** [Σ Div, score] of each block of an evaluation */
  readonly blockSums: Float64Array;
  /** the epoch's order: positions in the training rows */
  readonly order: Uint32Array;
  readonly workspaces: readonly Workspace[];
}

/** A pass covers at most this many rows: the activations of more would fall out of the cache. */
const PASS_ROWS = 1024;
/** Rows that are evaluated in one pass, whatever the workers and the batch. */
export const EVALUATION_BLOCK = 256;

export function passRows({ batch, fewestTasks, ...cut }: MemoryPlan): number {
  const longest = longestShard(batch, cut);
  const most = cut.shardRows > 1 ? Math.max(PASS_ROWS, longest) : PASS_ROWS;
  const training = Math.min(most, Math.ceil(shardCount(batch, cut) / fewestTasks) * longest);
  return Math.max(EVALUATION_BLOCK, training);
}

export function carveTraining(arena: Arena, layers: readonly Layer[], plan: MemoryPlan): TrainingMemory {
  const layout = parameterLayout(layers);
  const block = () => arena.floats(layout.length);
  const weights = block();
  const slots = plan.slots.map(block);
  const gradients = Array.from({ length: shardCount(plan.batch, plan) }, block);
  const rows = passRows(plan);
  const outputs = layers[layers.length - 1].outputs;
  const rounded = roundedCarver(arena, layers, plan, weights, rows);
  return {
    layout,
    weights,
    slots,
    gradients,
    shardLosses: arena.doubles(plan.shards),
    shardWeights: arena.doubles(plan.shards),
    shardScores: arena.doubles(plan.shards),
    blockSums: arena.doubles(2 * Math.ceil(plan.evaluationRows / EVALUATION_BLOCK)),
    order: arena.uint32s(plan.trainRows),
    workspaces: Array.from({ length: plan.workspaces }, () => ({
      scratch: arena.reserve(scratchBytes(plan.kernels)),
      rounded: rounded(),
      network: bind(layers, rows, {
        layout,
        parameters: weights,
        gradients,
        allocate: (length) => arena.floats(length),
      }),
      targets: arena.floats(rows * plan.targetWidth),
      spread: arena.floats(rows * outputs),
      rowLosses: arena.floats(rows),
      rowWeights: arena.doubles(rows),
      bounds: arena.int32s(plan.shards + 1),
      bounded: arena.int32s(1),
      lane: arena.doubles(plan.profiled ? LANE_LENGTH : 0),
      updates: arena.doubles(1),
    })),
  };
}

/** Carves the weights' rounded copy at once, and two operands of a pass for each workspace that asks. */
function roundedCarver(
  arena: Arena,
  layers: readonly Layer[],
  { kernels, precision }: MemoryPlan,
  weights: Float32Array,
  rows: number,
): () => RoundedPlaces | null {
  if (precision === 'f32') return () => null;
  const bytes = roundedBytes(kernels);
  const parameters = parameterLayout(layers).length;
  const roundedWeights = arena.reserve(bytes * parameters);
  const widest = Math.max(...layers.flatMap(widths));
  const operand = () => arena.reserve(bytes * rows * widest);
  return () => ({
    weights: weights.byteOffset,
    parameters,
    roundedWeights,
    left: operand(),
    right: operand(),
  });
}

function widths({ inputs, outputs, branches }: Layer): number[] {
  return [inputs, outputs, ...branches.flat().flatMap(widths)];
}
