/**
 * What a worker does: gradients and evaluations of contiguous runs, as pure functions of shared memory and a task of
 * a few numbers. The in-process twin runs the same code in the coordinator's thread.
 */
import type { Encoding, Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/gather.js';
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
);

const SUBSETS: readonly SubsetName[] = ['train', 'val', 'test'];

/** A task as numbers: [workspace, first, last, 0, start, rows, step] a gradient, [workspace, first, last, 1 + subset] an evaluation. */
export function encodeTask(task: TrainingTask, cells: Float64Array): void {
  cells[0] = task.workspace;
  cells[1] = task.first;
  cells[2] = task.last;
  if (task.kind === 'evaluate') {
    cells[3] = 1 + SUBSETS.indexOf(task.subset);
    return;
  }
  cells[3] = 0;
  cells[4] = task.start;
  cells[5] = task.rows;
  cells[6] = task.step;
}

export function decodeTask([workspace, first, last, kind, start, rows, step]: Float64Array): TrainingTask {
  if (kind === 0) return { kind: 'gradient', workspace, first, last, start, rows, step };
  return { kind: 'evaluate', workspace, first, last, subset: SUBSETS[kind - 1] };
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
    };
  };
  return (index) => {
    contexts[index] ??= create(index);
    return contexts[index];
  };
}

/** Computes tasks: gradients and sums of evaluations stay in shared memory. */
export function taskHandler(
  contextOf: (workspace: number) => Context,
  subsets: WorkerSetup['subsets'],
): (task: TrainingTask) => void {
  return (task) => {
    const context = contextOf(task.workspace);
    if (task.kind === 'gradient') computeGradient(context, subsets.train!, task);
    else evaluateBlocks(context, subsets[task.subset]!, task);
  };
}
