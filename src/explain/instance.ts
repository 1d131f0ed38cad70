/** Builds a network with some rows in its own memory, for Σ Div and its gradient at any weights and input. */
import { type FloatArray, type Kernels, oneShard } from '../kernels/kernels.js';
import { createReferenceKernels } from '../kernels/reference/index.js';
import { type BoundSequence, outputWidth, type Pass, type Subtree } from '../network/layer.js';
import { type ParameterLayout, parameterLayout } from '../network/layout.js';
import { backward, bind, desiredWidth, forward, type Objective } from '../network/network.js';

/** Says which kernels compute, and where their arrays lie. */
export interface Arithmetic {
  readonly kernels: Kernels;
  readonly allocate: (length: number) => FloatArray;
}

/** Plain loops in float64: the arithmetic that every check trusts. */
export const FLOAT64: Arithmetic = {
  kernels: createReferenceKernels(),
  allocate: (length) => new Float64Array(length),
};

/** Says which network to build, and on how many rows. */
export interface InstanceOptions {
  readonly objective: Pick<Objective, 'layers' | 'divergence' | 'parameter' | 'targets' | 'levels'>;
  readonly rows: number;
  /** Whether dropout, noise and batch statistics act, as in training; the rows then form two shards. */
  readonly training?: boolean;
  readonly arithmetic?: Arithmetic;
}

/** An instance is a network bound to some rows; its arrays may be changed between calls. */
export interface Instance {
  readonly layout: ParameterLayout;
  readonly network: BoundSequence;
  readonly pass: Pass;
  readonly parameters: FloatArray;
  /**
   * Desired outputs: class indices [R, 1], or values [R, outputs]; with levels beside them [R, 2·outputs].
   */
  readonly desired: FloatArray;
  /** Returns Σ Div for what the input array and the parameters hold. */
  loss(): number;
  /** Returns Σ Div for what the input array of layer `from` holds: the layers before it are not computed. */
  lossFrom(from: number): number;
  /** Returns Σ over rows of ∂Div/∂parameters, and leaves ∂Div/∂x of every layer in the network's arrays. */
  gradient(): FloatArray;
}

/** Builds a network with its arrays, all of them 0. */
export function createInstance(options: InstanceOptions): Instance {
  const { objective, rows, training = false, arithmetic = FLOAT64 } = options;
  const { kernels, allocate } = arithmetic;
  const { layers, parameter } = objective;
  const layout = parameterLayout(layers);
  const parameters = allocate(layout.length);
  const subtrees = training && rows > 1 ? halves(rows) : [whole(rows)];
  const gradients = subtrees.map(() => allocate(layout.length));
  const network = bind(layers, rows, { layout, parameters, gradients, allocate, inputGradient: true });
  const outputs = outputWidth(layers);
  const desired = allocate(rows * desiredWidth(objective));
  const losses = allocate(rows);
  const pass: Pass = {
    kernels,
    rows,
    shards: oneShard(rows),
    subtrees,
    mode: 'start',
    training,
    key: Uint32Array.of(7, 11),
    firstRow: 0,
  };

  const divergence = (dy: FloatArray | null) => {
    kernels.divergence(objective.divergence, losses, dy, network.output, desired, rows, outputs, parameter);
    let sum = 0;
    for (const loss of losses) sum += loss;
    return sum;
  };
  const lossFrom = (from: number) => {
    for (let k = from; k < layers.length; k++) layers[k].forward(pass, network.arrays[k]);
    return divergence(null);
  };
  return {
    layout,
    network,
    pass,
    parameters,
    desired,
    loss: () => lossFrom(0),
    lossFrom,
    gradient() {
      forward(pass, network);
      divergence(network.outputGradient);
      backward(pass, network);
      const [sum, ...others] = gradients;
      for (const other of others) kernels.add(sum, other, sum.length);
      return sum;
    },
  };
}

const whole = (rows: number): Subtree => ({ block: 0, bounds: Int32Array.of(0, rows), first: 0, last: 1 });

/** Makes two shards, each with its own gradient block, so that the sum over shards is checked as well. */
function halves(rows: number): Subtree[] {
  const bounds = Int32Array.of(0, Math.ceil(rows / 2), rows);
  return [0, 1].map((shard) => ({ block: shard, bounds, first: shard, last: shard + 1 }));
}

/** Lists the parameters that have a gradient. Running statistics have none. */
export function differentiable({
  views,
}: ParameterLayout): { name: string; offset: number; length: number }[] {
  return views.filter(({ spec }) => spec.statistic === undefined);
}

/** Purposes of the random streams in this folder, none of which is a training's. */
export const EXPLAIN_PURPOSE = { cases: 90, sample: 91, direction: 92, nudge: 93, rounding: 94 } as const;
