/**
 * What a worker does: gradients and evaluations of contiguous runs, as pure functions of shared memory and a task of
 * a few numbers. The in-process twin runs the same code in the coordinator's thread.
 */
import type { Encoding, Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/gather.js';
import type { ProblemType } from '../data/schema.js';
import { oneShard } from '../kernels/kernels.js';
import { instantiateKernels, type KernelSetup } from '../kernels/load.js';
import { STEPS, type StepName } from '../kernels/steps.js';
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
import type { NetworkSpec } from './specification.js';
import type { Weighting } from './weighting.js';

export type SubsetName = 'train' | 'val' | 'test';

/** Crosses to every worker once. */
export interface WorkerSetup {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Pick<KernelSetup, 'name' | 'module' | 'library'>;
  readonly network: NetworkSpec;
  readonly plan: MemoryPlan;
  readonly task: ProblemType;
  readonly weighting: Weighting;
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
  cells[0] = KINDS.indexOf(task.kind);
  cells[1] = task.workspace;
  cells[2] = task.first;
  cells[3] = task.last;
  if (task.kind === 'gradient') {
    cells[4] = task.start;
    cells[5] = task.rows;
    cells[6] = task.step;
  } else if (task.kind === 'evaluate') {
    cells[4] = SUBSETS.indexOf(task.subset);
  } else {
    const { id, shards, runs, step } = task;
    const { name, slots, scalars } = step;
    cells[4] = id;
    cells[5] = shards;
    cells[6] = runs;
    cells[7] = STEP_NAMES.indexOf(name);
    cells[8] = slots.length;
    for (let i = 0; i < slots.length; i++) cells[9 + i] = Number(slots[i]);
    cells.set(scalars, 9 + slots.length);
  }
}

export function decodeTask(cells: Float64Array): TrainingTask {
  const kind = KINDS[cells[0]];
  const run = { workspace: cells[1], first: cells[2], last: cells[3] };
  if (kind === 'gradient') return { kind, ...run, start: cells[4], rows: cells[5], step: cells[6] };
  if (kind === 'evaluate') return { kind, ...run, subset: SUBSETS[cells[4]] };
  const name = STEP_NAMES[cells[7]];
  const numbers = 9 + cells[8];
  const slots = Array.from(cells.subarray(9, numbers), Boolean);
  const scalars = Array.from(cells.subarray(numbers, numbers + STEPS[name].length));
  return { kind, ...run, id: cells[4], shards: cells[5], runs: cells[6], step: { name, slots, scalars } };
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
      weighting: setup.weighting,
      encoding,
      seed: setup.seed,
      cut: plan,
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
