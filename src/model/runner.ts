import type { Subset } from '../data/dataset.js';
import { prepareEncoding } from '../data/gather.js';
import { encodingOf } from '../data/schema.js';
import { DataError } from '../errors.js';
import { createForwardContext, evaluateRows, type ForwardContext } from '../forward/context.js';
import { EVALUATION_BLOCK } from '../forward/evaluation.js';
import { carveForward } from '../forward/workspace.js';
import type { ChosenKernels } from '../kernels/choose.js';
import type { FloatArray } from '../kernels/kernels.js';
import { compileKernels, instantiateKernels, scratchBytes } from '../kernels/load.js';
import { parameterLayout } from '../network/layout.js';
import { objective } from '../network/network.js';
import { Arena, allocateShared, measure } from '../parallel/arena.js';
import { problemTypeOf } from './format.js';
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
   * Computes the output for rows `rows[from] … rows[to − 1]` of the subset, at most EVALUATION_BLOCK.
   * @param source names the rows in errors
   * @throws DataError where an output is not finite
   */
  forward(subset: Subset, from: number, to: number, source: string): void;
}

/** Binds a model's network to memory. A model predicts in float32, whatever precision it was trained in. */
export function createRunner(model: ReadModel, { name, library }: ChosenKernels): Runner {
  const { layers, network, schema, weights } = model;
  const trained = objective(layers, network.loss, network.lossParameter);
  const fused = layers[trained.layers.length];
  const outputs = layers[layers.length - 1].outputs;
  const problemType = problemTypeOf(schema);
  const layout = parameterLayout(trained.layers);
  const sizes = {
    rows: EVALUATION_BLOCK,
    shards: 1,
    targetWidth: problemType === 'classification' ? 1 : outputs,
  };
  const carve = (arena: Arena) => {
    const parameters = arena.floats(layout.length);
    return {
      parameters,
      scratch: arena.reserve(scratchBytes(name)),
      workspace: carveForward(arena, { objective: trained, problemType }, sizes, {
        layout,
        weights: parameters,
        gradients: [],
      }),
      fusedOutput: arena.floats(EVALUATION_BLOCK * outputs),
    };
  };
  const memory = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { parameters, scratch, workspace, fusedOutput } = carve(new Arena(memory.buffer));
  parameters.set(weights.subarray(0, layout.length));

  const kernels = instantiateKernels({ name, module: compileKernels(name), library, memory, scratch });
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

  return {
    context,
    output,
    forward(subset, from, to, source) {
      evaluateRows(context, subset, from, to);
      fused?.forward(context.pass, fusedArrays);
      if (kernels.allFinite(output, (to - from) * outputs)) return;
      const row = Math.floor(output.findIndex((value) => !Number.isFinite(value)) / outputs);
      throw new DataError(
        `${source}: row ${subset.rows[from + row] + 1}: the network's output is not finite; look for a value far out of range`,
      );
    },
  };
}
