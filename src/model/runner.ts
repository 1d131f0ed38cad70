/**
 * A model's network in memory: rows in blocks through the forward pass, by the code that evaluates during
 * training.
 */
import type { Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/gather.js';
import { encodingOf } from '../data/schema.js';
import { DataError } from '../errors.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { type FloatArray, oneShard } from '../kernels/kernels.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { objective } from '../network/network.js';
import { Arena, allocateShared, measure } from '../parallel/arena.js';
import { type Context, evaluateRows } from '../train/context.js';
import { carveTraining, EVALUATION_BLOCK, type MemoryPlan } from '../train/memory.js';
import { UNWEIGHTED } from '../train/weighting.js';
import { taskOf } from './format.js';
import type { ReadModel } from './read.js';

export interface Runner {
  /** holds, after `forward`, the objective's output: what the divergence takes */
  readonly context: Context;
  /**
   * [R, outputs], after `forward`: the whole network's output, with the activation that is fused in training
   */
  readonly output: FloatArray;
  /**
   * Rows `rows[from] … rows[to−1]` of the subset, at most EVALUATION_BLOCK; `source` names them in errors.
   */
  forward(subset: Subset, from: number, to: number, source: string): void;
}

export function createRunner(
  { layers, network, schema, weights }: ReadModel,
  { name, library }: ChosenKernels,
): Runner {
  const target = objective(layers, network.loss, network.lossParameter);
  const fused = layers[target.layers.length];
  const outputs = layers[layers.length - 1].outputs;
  const plan: MemoryPlan = {
    batch: EVALUATION_BLOCK,
    shards: 1,
    workspaces: 1,
    fewestTasks: 1,
    targetWidth: schema.target.kind === 'classes' ? 1 : outputs,
    slots: [],
    trainRows: 0,
    evaluationRows: 0,
    shardRows: 1,
    kernels: name,
    profiled: false,
    sliced: false,
    precision: 'f32', // a model predicts in float32, however it was trained
  };
  const carve = (arena: Arena) => ({
    memory: carveTraining(arena, target.layers, plan),
    fusedOutput: arena.floats(EVALUATION_BLOCK * outputs),
  });
  const shared = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { memory, fusedOutput } = carve(new Arena(shared.buffer));
  memory.weights.set(weights.subarray(0, memory.layout.length));

  const [workspace] = memory.workspaces;
  const { scratch, network: bound } = workspace;
  const module = compileKernels(name);
  const kernels = instantiateKernels({ name, module, library, memory: shared, scratch });
  const context: Context = {
    memory,
    workspace,
    kernels,
    lane: null,
    objective: target,
    task: taskOf(schema),
    weighting: UNWEIGHTED,
    encoding: prepareEncoding(encodingOf(schema)),
    seed: 0,
    cut: plan,
    maxRows: EVALUATION_BLOCK,
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
  const output = fused ? fusedOutput : bound.output;
  const last = { ...bound.arrays[bound.arrays.length - 1], x: bound.output, y: output };

  return {
    context,
    output,
    forward(subset, from, to, source) {
      evaluateRows(context, subset, from, to);
      fused?.forward(context.pass, last);
      if (kernels.allFinite(output, (to - from) * outputs)) return;
      const row = output.findIndex((value) => !Number.isFinite(value)) / outputs;
      throw new DataError(
        `${source}: row ${subset.rows[from + Math.floor(row)] + 1}: the network's output is not finite; look for a value far out of range`,
      );
    },
  };
}
