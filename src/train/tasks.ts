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
interface InWorkspace {
  readonly workspace: number;
}
export type WorkerGradientTask = InWorkspace & { readonly kind: 'gradient' } & GradientTask;
export type WorkerUpdateTask = InWorkspace & { readonly kind: 'update' } & UpdateTask;
type EvaluationTask = InWorkspace & { readonly kind: 'evaluate'; readonly subset: SubsetName } & IndexRange;
export type TrainingTask = WorkerGradientTask | WorkerUpdateTask | EvaluationTask;

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

/** Writes a task to the cells of a channel: kind, workspace, first, last, then what belongs to the kind. */
export function encodeTask(task: TrainingTask, cells: Float64Array): void {
  cells[0] = KINDS.indexOf(task.kind);
  cells[1] = task.workspace;
  cells[2] = task.first;
  cells[3] = task.last;
  if (task.kind === 'gradient') {
    cells[4] = LEAVES.indexOf(task.leaves);
  } else if (task.kind === 'evaluate') {
    cells[4] = SUBSETS.indexOf(task.subset);
  } else {
    cells[4] = task.shards;
    cells[5] = task.gradientTasks;
  }
}

/** Reads a task from the cells of a channel. */
export function decodeTask(cells: Float64Array): TrainingTask {
  const kind = KINDS[cells[0]];
  const workspace = cells[1];
  const first = cells[2];
  const last = cells[3];
  if (kind === 'gradient') return { kind, workspace, first, last, leaves: LEAVES[cells[4]] };
  if (kind === 'evaluate') return { kind, workspace, first, last, subset: SUBSETS[cells[4]] };
  return { kind, workspace, first, last, shards: cells[4], gradientTasks: cells[5] };
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
      update: { memory, workspace, kernels, timer, slices: new Map() },
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
