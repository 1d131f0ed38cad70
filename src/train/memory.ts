/**
 * All training state as views of one shared memory. Every thread carves the same arrays in the same order.
 * Only the coordinator writes the order of rows and, between tasks, the parameters and slots; a task writes
 * only the blocks and sums of its own shards, its own slice of the parameters, and the workspace that its
 * message names.
 */

import type { ProblemType } from '../data/schema.js';
import { EVALUATION_BLOCK } from '../forward/evaluation.js';
import { TIMER_LENGTH } from '../forward/timer.js';
import { carveForward, type ForwardWorkspace } from '../forward/workspace.js';
import type { Arena } from '../kernels/arena.js';
import type { Precision, RoundedPlaces } from '../kernels/bfloat16.js';
import type { KernelName, Kernels } from '../kernels/kernels.js';
import { roundedBytes, scratchBytes } from '../kernels/load.js';
import { STEPS } from '../kernels/steps.js';
import type { Layer } from '../network/layer.js';
import { type ParameterLayout, parameterLayout } from '../network/layout.js';
import type { Objective } from '../network/network.js';
import { groupKinds, type ParameterGroup, parameterGroups } from '../optim/groups.js';
import { type Addition, longestShard, type Sharding, shardCount } from '../parallel/shards.js';
import { BATCH_CELLS, UPDATE_CELLS } from './stepcells.js';

/** The sizes from which the memory follows. */
export interface MemorySizes extends Sharding {
  readonly batch: number;
  /** Tasks that may run at the same time, at least 1. */
  readonly workspaces: number;
  /** The fewest tasks that a batch is cut into: the fewer there are, the more rows a task has. */
  readonly fewestTasks: number;
  /** Values of a row's target: 1 for a class. */
  readonly targetWidth: number;
  /** Names of the optimiser's arrays, each as large as the parameters. */
  readonly slots: readonly string[];
  readonly trainRows: number;
  /** Rows of the epoch's order: the training rows, or those that are read ahead if they are on disk. */
  readonly orderRows: number;
  /** Rows of the largest subset that is evaluated. */
  readonly evaluationRows: number;
  /** Rows whose predictions are kept for a metric, and the width of the output: 0 where none needs them. */
  readonly keptRows: number;
  readonly outputWidth: number;
  readonly kernels: KernelName;
  readonly precision: Precision;
  /** Whether tasks time their phases. */
  readonly profiled: boolean;
  /** Whether the workers update the parameters, a slice each. */
  readonly sliced: boolean;
  /** Whether shards may be computed twice, which takes a second set of gradient blocks. */
  readonly audited: boolean;
  /** Whether weight decay acts on biases too. */
  readonly decayBiases: boolean;
}

/** The arrays that one task works in, whichever thread runs it. */
export interface Workspace extends ForwardWorkspace {
  /** Byte offset of the kernels' scratch area. */
  readonly scratch: number;
  /** Where the kernels keep operands rounded to bfloat16; null in float32. */
  readonly rounded: RoundedPlaces | null;
  /** [1]: the batch's first row in the epoch's order, from which recorded passes gather. */
  readonly origin: Uint32Array;
  /** [R]: what each row counts in the gradient, where rows count differently. */
  readonly rowWeights: Float64Array;
  /** [1] when neither sums of such gradients nor updates by them can leave the range of float32, else [0]. */
  readonly bounded: Int32Array;
  /** [1] when a second computation has left other bits than the first, else [0]. */
  readonly differs: Int32Array;
  /** The times of the task's phases; empty unless profiled. */
  readonly times: Float64Array;
  /** [number of the update of which a slice was last begun, and of that of which one was last finished]. */
  readonly updates: Float64Array;
}

export interface TrainingMemory {
  readonly layout: ParameterLayout;
  /** The parameters that the rule changes, by what they are updated with. */
  readonly groups: readonly ParameterGroup[];
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
  /**
   * One block for each shard; the sum of a subtree is in the block of its first shard. Where shards are
   * audited there is a second set, in which the second computation leaves what it finds.
   */
  readonly gradients: readonly Float32Array[];
  /** The number of the first block of the second set, which the sums of shards have in the same places. */
  readonly secondBlocks: number;
  /** Σ w·Div over the rows of each shard, where w is what a row counts: 1 unless there are weights. */
  readonly shardLosses: Float64Array;
  /** Σ w over the rows of each shard. */
  readonly shardWeights: Float64Array;
  /** Rows whose class is right, or Σ squared error in the target's own unit, over the rows of each shard. */
  readonly shardScores: Float64Array;
  /** The batch and the update of a step (stepcells.ts). */
  readonly batch: Float64Array;
  readonly update: Float64Array;
  /** The scalars of the step that workers make in slices, for each kind of group MOST_SCALARS. */
  readonly stepScalars: Float64Array;
  /** [Σ Div, score] of each block of an evaluation. */
  readonly blockSums: Float64Array;
  /** [keptRows, outputWidth]: the output of the whole network for the validation rows. */
  readonly outputs: Float32Array;
  /** [keptRows]: the class that is predicted for each of them; unused for numbers. */
  readonly predicted: Uint32Array;
  /** The training rows in the epoch's order; the rows of the ring of batches if they are on disk. */
  readonly order: Uint32Array<SharedArrayBuffer>;
  readonly workspaces: readonly Workspace[];
}

/** The most scalars that a step takes. */
export const MOST_SCALARS = Math.max(...Object.values(STEPS).map(({ length }) => length));

/** Rows of a training pass, at most, since the activations of more rows would fall out of the cache. */
const PASS_ROWS = 1024;

/**
 * Returns how many rows a pass has at most. A shard over which a layer computes statistics is never split,
 * however long it is.
 */
export function passRows({ batch, fewestTasks, ...sharding }: MemorySizes): number {
  const longest = longestShard(batch, sharding);
  const most = sharding.shardRows > 1 ? Math.max(PASS_ROWS, longest) : PASS_ROWS;
  const training = Math.min(most, Math.ceil(shardCount(batch, sharding) / fewestTasks) * longest);
  return Math.max(EVALUATION_BLOCK, training);
}

/** Takes all arrays of a training from the arena. */
export function carveTraining(
  arena: Arena,
  objective: Objective,
  problemType: ProblemType,
  sizes: MemorySizes,
): TrainingMemory {
  const layout = parameterLayout(objective.layers);
  const block = () => arena.floats(layout.length);
  const weights = block();
  const slots = sizes.slots.map(block);
  const secondBlocks = shardCount(sizes.batch, sizes);
  const sets = sizes.audited ? 2 : 1;
  const gradients = Array.from({ length: sets * secondBlocks }, block);
  const rows = passRows(sizes);
  const roundedPlaces = carveRounded(arena, objective.layers, sizes, weights, rows);
  const { shards, targetWidth, decayBiases } = sizes;
  const learned = layout.views.filter(({ spec }) => !spec.statistic);
  const groups = parameterGroups(learned, layout.trainable, decayBiases);
  return {
    layout,
    groups,
    weights,
    slots,
    gradients,
    secondBlocks,
    shardLosses: arena.doubles(sets * shards),
    shardWeights: arena.doubles(sets * shards),
    shardScores: arena.doubles(sets * shards),
    batch: arena.doubles(BATCH_CELLS),
    update: arena.doubles(UPDATE_CELLS),
    stepScalars: arena.doubles(sizes.sliced ? groupKinds(groups).length * MOST_SCALARS : 0),
    blockSums: arena.doubles(2 * Math.ceil(sizes.evaluationRows / EVALUATION_BLOCK)),
    outputs: arena.floats(sizes.keptRows * sizes.outputWidth),
    predicted: arena.uint32s(sizes.keptRows),
    order: arena.uint32s(sizes.orderRows) as Uint32Array<SharedArrayBuffer>,
    workspaces: Array.from({ length: sizes.workspaces }, () => ({
      scratch: arena.reserve(scratchBytes(sizes.kernels)),
      rounded: roundedPlaces(),
      ...carveForward(
        arena,
        { objective, problemType },
        { rows, shards, targetWidth },
        { layout, weights, gradients },
      ),
      origin: arena.uint32s(1),
      rowWeights: arena.doubles(rows),
      bounded: arena.int32s(1),
      differs: arena.int32s(1),
      times: arena.doubles(sizes.profiled ? TIMER_LENGTH : 0),
      updates: arena.doubles(2),
    })),
  };
}

/** Makes additions of whole gradient blocks, in their order. */
export function addBlocks(
  kernels: Kernels,
  { gradients, layout }: Pick<TrainingMemory, 'gradients' | 'layout'>,
  additions: readonly Addition[],
): void {
  for (const { into, from } of additions) kernels.add(gradients[into], gradients[from], layout.length);
}

/**
 * Takes the rounded copy of the weights, which all workspaces share, from the arena at once; the function
 * returned takes two operands of a pass for each workspace that asks.
 */
function carveRounded(
  arena: Arena,
  layers: readonly Layer[],
  { kernels, precision }: MemorySizes,
  weights: Float32Array,
  rows: number,
): () => RoundedPlaces | null {
  if (precision === 'f32') return () => null;
  const bytes = roundedBytes(kernels);
  const parameters = parameterLayout(layers).length;
  const roundedWeights = arena.reserve(bytes * parameters);
  const widest = Math.max(...layers.flatMap(widthsOf));
  const operand = () => arena.reserve(bytes * rows * widest);
  return () => ({
    weights: weights.byteOffset,
    parameters,
    roundedWeights,
    left: operand(),
    right: operand(),
  });
}

function widthsOf({ inputs, outputs, branches }: Layer): number[] {
  return [inputs, outputs, ...branches.flat().flatMap(widthsOf)];
}
