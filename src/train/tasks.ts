/**
 * What a worker does: gradients and evaluations of contiguous runs, as pure functions of shared memory and a message of
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
import { type Diagnosis, diagnose } from './diagnosis.js';
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
  | ({ readonly kind: 'gradient' | 'diagnose' } & ShardRun)
  | ({ readonly kind: 'evaluate'; readonly subset: SubsetName } & Run)
);

/** Gradients stay in shared memory and return nothing; an evaluation returns [Σ Div, score] of each of its blocks. */
export type TaskResult = Float64Array | Diagnosis | null;

export function createTaskHandler(setup: WorkerSetup): (task: TrainingTask) => TaskResult {
  const { network, plan, subsets } = setup;
  const target = objective(buildLayers(network.layers, network.inputs), network.loss, network.lossParameter);
  const memory = carveTraining(new Arena(setup.memory.buffer), target.layers, plan);
  const encoding = prepareEncoding(setup.encoding);
  const contexts: Context[] = [];

  const contextOf = (index: number): Context => {
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

  return (task) => {
    contexts[task.workspace] ??= contextOf(task.workspace);
    const context = contexts[task.workspace];
    switch (task.kind) {
      case 'gradient':
        computeGradient(context, subsets.train!, task);
        return null;
      case 'evaluate':
        return evaluateBlocks(context, subsets[task.subset]!, task);
      case 'diagnose':
        return diagnose(context, subsets.train!, task);
    }
  };
}
