/**
 * What a worker does: gradients and evaluations of contiguous runs, as pure functions of shared memory and a task of
 * a few numbers. The in-process twin runs the same code in the coordinator's thread.
 */
import type { Encoding, Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/gather.js';
import { STEPS, type StepName } from '../kernels/codes.js';
import { oneShard } from '../kernels/kernels.js';
import { instantiateKernels, type KernelSetup } from '../kernels/load.js';
import { objective } from '../network/network.js';
import { buildLayers } from '../network/spec.js';
import { Arena } from '../parallel/arena.js';
import type { Run } from '../parallel/shards.js';
import type { Context } from './context.js';
import { evaluateBlocks } from './evaluation.js';
import { computeGradient, type ShardRun } from './gradient.js';
import { carveTraining, type MemoryPlan, passRows } from './memory.js';
import { Lane } from './profile.js';
import { type UpdateSlice, updateSlice } from './sliced.js';
import type { NetworkSpec, Task } from './specification.js';

export type SubsetName = 'train' | 'val' | 'test';

/** Crosses to every worker once. */
export interface WorkerSetup {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Pick<KernelSetup, 'name' | 'module' | 'library'>;
  readonly network: NetworkSpec;
  readonly plan: MemoryPlan;
  readonly task: Task;
  readonly classWeights: readonly number[] | null;
  readonly seed: number;
  readonly encoding: Encoding;
  readonly subsets: Readonly<Record<SubsetName, Subset | null>>;
}

/** A task names the workspace that it may write to; tasks that run at the same time name different ones. */
export type TrainingTask = { readonly workspace: number } & (
  | ({ readonly kind: 'gradient' } & ShardRun)
  | ({ readonly kind: 'evaluate'; readonly subset: SubsetName } & Run)
  | ({ readonly kind: 'update' } & UpdateSlice)
);

const KINDS: readonly TrainingTask['kind'][] = ['gradient', 'evaluate', 'update'];
const SUBSETS: readonly SubsetName[] = ['train', 'val', 'test'];
const STEP_NAMES = Object.keys(STEPS) as StepName[];

/** A task as numbers: [kind, workspace, first, last, and what belongs to the kind]. */
export function encodeTask(task: TrainingTask, cells: Float64Array): void {
  const own = ownNumbers(task);
  cells[0] = KINDS.indexOf(task.kind);
  cells[1] = task.workspace;
  cells[2] = task.first;
  cells[3] = task.last;
  for (let i = 0; i < own.length; i++) cells[4 + i] = own[i];
}

function ownNumbers(task: TrainingTask): readonly number[] {
  if (task.kind === 'gradient') return [task.start, task.rows, task.step];
  if (task.kind === 'evaluate') return [SUBSETS.indexOf(task.subset)];
  const { id, shards, runs, step } = task;
  const { name, slots, scalars } = step;
  return [id, shards, runs, STEP_NAMES.indexOf(name), slots.length, ...slots.map(Number), ...scalars];
}

export function decodeTask(cells: Float64Array): TrainingTask {
  const [kind, workspace, first, last, ...own] = cells;
  const run = { workspace, first, last };
  if (KINDS[kind] === 'gradient')
    return { kind: 'gradient', ...run, start: own[0], rows: own[1], step: own[2] };
  if (KINDS[kind] === 'evaluate') return { kind: 'evaluate', ...run, subset: SUBSETS[own[0]] };
  const [id, shards, runs, step, slots, ...numbers] = own;
  const name = STEP_NAMES[step];
  const kept = numbers.slice(0, slots).map(Boolean);
  const scalars = numbers.slice(slots, slots + STEPS[name].length);
  return { kind: 'update', ...run, id, shards, runs, step: { name, slots: kept, scalars } };
}

/** The contexts of workspaces, each made when it is first asked for. */
export function createContexts(setup: WorkerSetup): (workspace: number) => Context {
  const { network, plan } = setup;
  const target = objective(buildLayers(network.layers, network.inputs), network.loss, network.lossParameter);
  const memory = carveTraining(new Arena(setup.memory.buffer), target.layers, plan);
  const encoding = prepareEncoding(setup.encoding);
  const contexts: Context[] = [];

  const create = (index: number): Context => {
    const workspace = memory.workspaces[index];
    const kernels = instantiateKernels({
      ...setup.kernels,
      memory: setup.memory,
      scratch: workspace.scratch,
      rounded: workspace.rounded,
    });
    return {
      memory,
      workspace,
      kernels,
      lane: plan.profiled ? new Lane(workspace.lane) : null,
      objective: target,
      task: setup.task,
      classWeights: setup.classWeights,
      encoding,
      seed: setup.seed,
      shards: plan.shards,
      maxRows: passRows(plan),
      pass: {
        kernels,
        rows: 0,
        shards: oneShard(0),
        subtrees: [],
        mode: 'start',
        training: false,
        key: new Uint32Array(2),
        firstRow: 0,
      },
      plans: new Map(),
      chunks: [],
      sums: new Map(),
    };
  };
  return (index) => {
    contexts[index] ??= create(index);
    return contexts[index];
  };
}

/** Computes tasks: all that comes out stays in shared memory. */
export function taskHandler(
  contextOf: (workspace: number) => Context,
  subsets: WorkerSetup['subsets'],
): (task: TrainingTask) => void {
  return (task) => {
    const context = contextOf(task.workspace);
    if (task.kind === 'gradient') computeGradient(context, subsets.train!, task);
    else if (task.kind === 'evaluate') evaluateBlocks(context, subsets[task.subset]!, task);
    else updateSlice(context, task);
  };
}
