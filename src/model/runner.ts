import type { Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/preparedencoding.js';
import { encodingOf, type ProblemType } from '../data/schema.js';
import { DataError } from '../errors.js';
import { createForwardContext, evaluateRows, type ForwardContext } from '../forward/context.js';
import {
  blockRows,
  EVALUATION_BLOCK,
  type EvaluationSums,
  evaluationBlocks,
  sumBlock,
} from '../forward/evaluation.js';
import { carveForward } from '../forward/workspace.js';
import { Arena, allocateShared, measure } from '../kernels/arena.js';
import type { ChosenKernels } from '../kernels/choose.js';
import type { FloatArray, KernelName } from '../kernels/kernels.js';
import { compileKernels, instantiateKernels, scratchBytes } from '../kernels/load.js';
import { parameterLayout } from '../network/layout.js';
import { type Objective, objective, targetWidthOf } from '../network/network.js';
import { problemTypeOf } from './format.js';
import { memberMean } from './members.js';
import type { ReadModel } from './read.js';

/**
 * A model's network in memory, through which rows go in blocks as they do in an evaluation during training.
 */
export interface Runner {
  /** After `forward`, its workspace holds the output that the divergence takes. */
  readonly context: ForwardContext;
  /**
   * [R, outputs], after `forward`: the output of the whole network, with the activation that training fuses.
   */
  readonly output: FloatArray;
  /**
   * Computes the output for rows `rows[from] … rows[to − 1]` of the subset, at most EVALUATION_BLOCK: for a
   * bag the mean of its members.
   * @param source names the rows in errors: by a text before their number, or row by row of the dataset
   * @param members those that take part, counted from 0; by default all
   * @throws DataError where an output is not finite
   */
  forward(
    subset: Subset,
    from: number,
    to: number,
    source: string | ((row: number) => string),
    members?: readonly number[],
  ): void;
}

/** The parts of a model that it predicts with. */
export type RunnableModel = Pick<ReadModel, 'layers' | 'network' | 'schema' | 'weights' | 'bag'>;

/** Binds a model's network to memory. A model predicts in float32, whatever precision it was trained in. */
export function createRunner(model: RunnableModel, chosen: ChosenKernels): Runner {
  const { layers, network, schema } = model;
  const bag = model.bag ?? [model.weights];
  const trained = objective(layers, network.loss, network.lossParameter);
  const fused = layers[trained.layers.length];
  const outputs = layers[layers.length - 1].outputs;
  const problemType = problemTypeOf(schema);
  const { memory, carved } = allocate(trained, problemType, outputs, chosen.name);
  const { parameters, scratch, workspace, fusedOutput } = carved;
  let loaded = -1;
  const load = (member: number) => {
    if (member !== loaded) parameters.set(bag[member].subarray(0, parameters.length));
    loaded = member;
  };

  const module = compileKernels(chosen.name);
  const kernels = instantiateKernels({ ...chosen, module, memory, scratch });
  const context = createForwardContext({
    kernels,
    workspace,
    objective: trained,
    problemType,
    encoding: prepareEncoding(encodingOf(schema)),
    timer: null,
  });
  const { network: bound } = workspace;
  const output = fused ? fusedOutput : bound.output;
  const fusedArrays = { ...bound.arrays[bound.arrays.length - 1], x: bound.output, y: output };
  const mean = bag.length > 1 ? memberMean(trained, EVALUATION_BLOCK) : null;
  const all = [...bag.keys()];

  return {
    context,
    output,
    forward(subset, from, to, source, members = all) {
      for (const member of members) {
        load(member);
        evaluateRows(context, subset, from, to);
        if (members.length > 1) mean?.add(bound.output, to - from);
      }
      if (members.length > 1) mean?.write(bound.output, to - from);
      fused?.forward(context.pass, fusedArrays);
      if (kernels.allFinite(output, (to - from) * outputs)) return;
      const row =
        subset.rows[from + Math.floor(output.findIndex((value) => !Number.isFinite(value)) / outputs)];
      const place = typeof source === 'string' ? `${source}: row ${row + 1}` : source(row);
      throw new DataError(`${place}: the network's output is not finite; look for a value far out of range`);
    },
  };
}

/** Allocates the parameters and one workspace. */
function allocate(trained: Objective, problemType: ProblemType, outputs: number, kernels: KernelName) {
  const layout = parameterLayout(trained.layers);
  const targetWidth = problemType === 'classification' ? 1 : targetWidthOf(trained);
  const sizes = { rows: EVALUATION_BLOCK, shards: 1, targetWidth };
  const carve = (arena: Arena) => {
    const parameters = arena.floats(layout.length);
    const bound = { layout, weights: parameters, gradients: [] };
    return {
      parameters,
      scratch: arena.reserve(scratchBytes(kernels)),
      workspace: carveForward(arena, { objective: trained, problemType }, sizes, bound),
      fusedOutput: arena.floats(EVALUATION_BLOCK * outputs),
    };
  };
  const memory = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  return { memory, carved: carve(new Arena(memory.buffer)) };
}

/** Returns a function that binds one model after the other; the same one in a row is bound once. */
export function oneRunnerAtATime(chosen: ChosenKernels): (model: RunnableModel) => Runner {
  let last: { readonly model: RunnableModel; readonly runner: Runner } | null = null;
  return (model) => {
    if (last?.model !== model) last = { model, runner: createRunner(model, chosen) };
    return last.runner;
  };
}

/** Says what else happens while a subset is summed. */
interface SumOptions {
  /** Is shown each block's first row and length after its forward pass. */
  readonly observe?: (from: number, rows: number) => void;
  /** Members of a bag that take part, counted from 0; by default all. */
  readonly members?: readonly number[] | undefined;
  /** Sums over the rows before the subset, to which its blocks are added one by one. */
  readonly before?: EvaluationSums;
}

/** Sums a subset block by block. */
export function sumBlocks(
  { context, forward }: Runner,
  subset: Subset,
  source: Parameters<Runner['forward']>[3],
  { observe = () => {}, members, before = { loss: 0, score: 0 } }: SumOptions = {},
): EvaluationSums {
  let { loss, score } = before;
  for (let block = 0; block < evaluationBlocks(subset); block++) {
    const { from, to } = blockRows(subset, block);
    forward(subset, from, to, source, members);
    const sums = sumBlock(context, to - from);
    loss += sums.loss;
    score += sums.score;
    observe(from, to - from);
  }
  return { loss, score };
}
