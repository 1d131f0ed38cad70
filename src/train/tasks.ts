/**
 * The tasks of a worker: gradients, evaluations and updates, each a few numbers that name what to compute in
 * shared memory. The in-process executor runs the same code in the coordinator's thread.
 */

import type { Encoding, Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/preparedencoding.js';
import type { ProblemType } from '../data/schema.js';
import { createForwardContext } from '../forward/context.js';
import { PhaseTimer } from '../forward/timer.js';
import { Arena } from '../kernels/arena.js';
import { instantiateKernels, type KernelSetup } from '../kernels/load.js';
import { STEPS, type StepName } from '../kernels/steps.js';
import type { WasmMemory } from '../kernels/wasm/types.js';
import { type Objective, objective } from '../network/network.js';
import { buildLayers, type NetworkSpec } from '../network/spec.js';
import type { IndexRange } from '../parallel/shards.js';
import { evaluateBlocks } from './evaluation.js';
import { computeGradient, type GradientContext, type GradientTask, LEAVES } from './gradient.js';
import { carveTraining, type MemorySizes, passRows, type TrainingMemory } from './memory.js';
import { type UpdateContext, type UpdateTask, updateSlice } from './slices.js';
import type { Weighting } from './weighting.js';

export type SubsetName = 'train' | 'val' | 'test';

/** All that a worker needs to know of a training; it is sent to every worker once. */
export interface WorkerSetup {
  readonly memory: WasmMemory;
  readonly kernels: Pick<KernelSetup, 'name' | 'module' | 'library'>;
  readonly network: NetworkSpec;
  readonly sizes: MemorySizes;
  readonly problemType: ProblemType;
  readonly weighting: Weighting;
  readonly seed: number;
  readonly encoding: Encoding;
  readonly subsets: Readonly<Record<'train', Subset> & Record<SubsetName, Subset | null>>;
}

/** A task names the workspace that it works in; tasks that run at the same time name different ones. */
export type TrainingTask = { readonly workspace: number } & (
  | ({ readonly kind: 'gradient' } & GradientTask)
  | ({ readonly kind: 'evaluate'; readonly subset: SubsetName } & IndexRange)
  | ({ readonly kind: 'update' } & UpdateTask)
);

/**
 * Runs tasks with so many workers, each task in a workspace of its own; returns the places that computed them
 * (executor.ts).
 */
export type RunTasks = (
  tasks: readonly TrainingTask[],
  workers: number,
  places?: readonly number[],
) => Promise<readonly number[]>;

const KINDS: readonly TrainingTask['kind'][] = ['gradient', 'evaluate', 'update'];
const SUBSETS: readonly SubsetName[] = ['train', 'val', 'test'];
const STEP_NAMES = Object.keys(STEPS) as StepName[];

/** The first four cells hold kind, workspace, first and last; what belongs to the kind follows. */
const OWN = 4;
/**
 * An update's slots follow update, shards, gradient tasks, the share of the average, the step's name and the
 * number of slots.
 */
const SLOTS = OWN + 6;

/** Writes a task to the cells of a channel. */
export function encodeTask(task: TrainingTask, cells: Float64Array): void {
  write(cells, 0, [KINDS.indexOf(task.kind), task.workspace, task.first, task.last]);
  if (task.kind === 'gradient') {
    const { start, rows, step, dropoutFactor, lossParameter, leaves } = task;
    write(cells, OWN, [start, rows, step, dropoutFactor, lossParameter, LEAVES.indexOf(leaves)]);
  } else if (task.kind === 'evaluate') {
    cells[OWN] = SUBSETS.indexOf(task.subset);
  } else {
    const { update, shards, gradientTasks, step } = task;
    const { name, kept, share } = step;
    write(cells, OWN, [update, shards, gradientTasks, share, STEP_NAMES.indexOf(name), kept.length]);
    for (let slot = 0; slot < kept.length; slot++) cells[SLOTS + slot] = Number(kept[slot]);
  }
}

/** Writes numbers, faster than `set` does. */
function write(cells: Float64Array, from: number, numbers: readonly number[]): void {
  for (let i = 0; i < numbers.length; i++) cells[from + i] = numbers[i];
}

/** Reads a task from the cells of a channel. */
export function decodeTask(cells: Float64Array): TrainingTask {
  const kind = KINDS[cells[0]];
  const common = { workspace: cells[1], first: cells[2], last: cells[3] };
  const own = (index: number) => cells[OWN + index];
  if (kind === 'gradient') {
    const scheduled = { dropoutFactor: own(3), lossParameter: own(4) };
    const leaves = LEAVES[own(5)];
    return { kind, ...common, start: own(0), rows: own(1), step: own(2), leaves, ...scheduled };
  }
  if (kind === 'evaluate') return { kind, ...common, subset: SUBSETS[own(0)] };
  const kept = Array.from({ length: own(5) }, (_, slot) => cells[SLOTS + slot] !== 0);
  const step = { name: STEP_NAMES[own(4)], kept, share: own(3) };
  return { kind, ...common, update: own(0), shards: own(1), gradientTasks: own(2), step };
}

/** The network and the arrays of a training, as one thread sees them. */
interface BoundTraining {
  readonly objective: Objective;
  readonly memory: TrainingMemory;
}

/**
 * Builds in a worker what the coordinator has built already: the same layers, and views of the same memory.
 */
export function bindTraining({ memory, network, problemType, sizes }: WorkerSetup): BoundTraining {
  const layers = buildLayers(network.layers, network.inputs);
  const trained = objective(layers, network.loss, network.lossParameter);
  return { objective: trained, memory: carveTraining(new Arena(memory.buffer), trained, problemType, sizes) };
}

/** The contexts of the tasks in one workspace. */
export interface TaskContext {
  readonly gradient: GradientContext;
  readonly update: UpdateContext;
}

/** Returns the contexts by workspace, each created when it is first asked for. */
export function createContexts(
  setup: WorkerSetup,
  { objective, memory }: BoundTraining,
): (workspace: number) => TaskContext {
  const { sizes, subsets, problemType, weighting, seed } = setup;
  const encoding = prepareEncoding(setup.encoding);
  const contexts: TaskContext[] = [];

  const create = (index: number): TaskContext => {
    const workspace = memory.workspaces[index];
    const { scratch, rounded, times } = workspace;
    const kernels = instantiateKernels({ ...setup.kernels, memory: setup.memory, scratch, rounded });
    const timer = sizes.profiled ? new PhaseTimer(times) : null;
    return {
      gradient: {
        ...createForwardContext({ kernels, workspace, objective, problemType, encoding, timer }),
        workspace,
        memory,
        trainingRows: { ...subsets.train, rows: memory.order },
        weighting,
        seed,
        sharding: sizes,
        maxRows: passRows(sizes),
        prepared: new Map(),
      },
      update: { memory, workspace, kernels, timer, chunks: [], additions: new Map() },
    };
  };
  return (index) => {
    contexts[index] ??= create(index);
    return contexts[index];
  };
}

/**
 * Returns the function that computes a task; its results stay in shared memory. It calls `progress` now and
 * then.
 */
export function taskHandler(
  contextOf: (workspace: number) => TaskContext,
  subsets: WorkerSetup['subsets'],
): (task: TrainingTask, progress?: () => void) => void {
  return (task, progress = () => {}) => {
    const { gradient, update } = contextOf(task.workspace);
    if (task.kind === 'gradient') computeGradient(gradient, task, progress);
    else if (task.kind === 'update') updateSlice(update, task, progress);
    else {
      const { memory } = gradient;
      const kept = task.subset === 'val' && memory.outputs.length > 0;
      evaluateBlocks(gradient, subsets[task.subset]!, task, memory, { kept, progress });
    }
  };
}
