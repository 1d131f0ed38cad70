import { Arena } from '#src/kernels/arena.js';
import type { FloatArray, KernelName, Kernels } from '#src/kernels/kernels.js';
import { compileKernels, instantiateKernels, scratchBytes } from '#src/kernels/load.js';
import { createReferenceKernels } from '#src/kernels/reference/index.js';
import type { DivergenceName } from '#src/network/divergences.js';
import type { UncheckedLayer } from '#src/network/kind.js';
import type { BoundSequence, Pass } from '#src/network/layer.js';
import { type ParameterLayout, parameterLayout } from '#src/network/layout.js';
import {
  backward,
  bind,
  desiredWidth,
  forward,
  type Objective,
  objective,
  unfused,
} from '#src/network/network.js';
import { buildLayers } from '#src/network/spec.js';
import { Stream } from '#src/random.js';

/** Names who computes: a set of kernels, or `float64` for the reference kernels on Float64Array. */
export type Arithmetic = 'float64' | KernelName;

export interface TestNetworkOptions {
  readonly layers: readonly UncheckedLayer[];
  readonly inputs: number;
  readonly loss: DivergenceName;
  readonly rows: number;
  readonly arithmetic?: Arithmetic;
  /** Whether the last activation and the divergence are one step where they can be. Default: true. */
  readonly fused?: boolean;
  /** Whether layers work together where they can. Default: false. */
  readonly together?: boolean;
  /** Replaces the kernels, by ones with a fault for example. */
  readonly kernels?: (kernels: Kernels) => Kernels;
}

/** Describes a network bound to memory, with the loss and the gradient of a whole batch. */
export interface TestNetwork {
  readonly kernels: Kernels;
  readonly objective: Objective;
  readonly layout: ParameterLayout;
  readonly bound: BoundSequence;
  readonly parameters: FloatArray;
  /** Σ over rows of ∂Div/∂parameters, after `differentiate`. */
  readonly gradient: FloatArray;
  /** Div of each row, after `loss` or `differentiate`. */
  readonly losses: FloatArray;
  /** Allocates another array of the parameters' layout, such as an optimiser's slot. */
  block(): FloatArray;
  /** Returns Σ Div over the rows of x and d. */
  loss(x: ArrayLike<number>, d: ArrayLike<number>): number;
  /** Returns Σ Div as well, and fills `gradient`. */
  differentiate(x: ArrayLike<number>, d: ArrayLike<number>): number;
}

export function testNetwork(options: TestNetworkOptions): TestNetwork {
  const { rows, inputs, loss: divergence, arithmetic = 'float64', fused = true } = options;
  const layers = buildLayers(options.layers, inputs);
  const target: Objective = fused ? objective(layers, divergence) : unfused(layers, divergence);
  const layout = parameterLayout(target.layers);
  const { kernels, allocate } = place(arithmetic);
  const used = options.kernels?.(kernels) ?? kernels;
  const block = () => allocate(layout.length);
  const parameters = block();
  const gradient = block();
  const memory = { layout, parameters, gradients: [gradient], allocate };
  const bound = bind(target.layers, rows, { ...memory, fused: options.together ?? false });
  const outputs = bound.output.length / rows;
  const desired = allocate(rows * desiredWidth(target));
  const losses = allocate(rows);
  const whole = { block: 0, bounds: Int32Array.of(0, rows), first: 0, last: 1 };
  const pass: Pass = {
    kernels: used,
    rows,
    shards: whole,
    subtrees: [whole],
    mode: 'start',
    training: true,
    key: new Uint32Array(2),
    firstRow: 0,
  };

  const run = (x: ArrayLike<number>, d: ArrayLike<number>, dy: FloatArray | null): number => {
    bound.input.set(x);
    desired.set(d);
    forward(pass, bound);
    used.divergence(target.divergence, losses, dy, bound.output, desired, rows, outputs, target.parameter);
    return Array.from(losses).reduce((sum, value) => sum + value, 0);
  };
  return {
    kernels: used,
    objective: target,
    layout,
    bound,
    parameters,
    gradient,
    losses,
    block,
    loss: (x, d) => run(x, d, null),
    differentiate(x, d) {
      const sum = run(x, d, bound.outputGradient);
      backward(pass, bound);
      return sum;
    },
  };
}

/** Makes kernels, and an allocator for the memory that they work in. */
function place(arithmetic: Arithmetic): { kernels: Kernels; allocate: (length: number) => FloatArray } {
  if (arithmetic === 'float64') {
    return { kernels: createReferenceKernels(), allocate: (length) => new Float64Array(length) };
  }
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const arena = new Arena(memory.buffer);
  const module = compileKernels(arithmetic);
  const scratch = arena.reserve(scratchBytes(arithmetic));
  const kernels = instantiateKernels({ name: arithmetic, module, memory, scratch });
  return { kernels, allocate: (length) => arena.floats(length) };
}

/** Returns `count` numbers, uniform on [−scale, scale), which are the same for the same seed. */
export function numbers(count: number, seed: number, scale = 1): number[] {
  const stream = new Stream(seed, 99, 0);
  return Array.from({ length: count }, () => scale * (2 * stream.uniform() - 1));
}

/** Returns the parameters of a block in the layout's order, without padding. */
export function withoutPadding(layout: ParameterLayout, block: FloatArray): number[] {
  return layout.views.flatMap(({ offset, length }) => [...block.subarray(offset, offset + length)]);
}

/** Sets the parameters from values in the layout's order. */
export function setParameters({ layout, parameters }: TestNetwork, values: ArrayLike<number>): void {
  let next = 0;
  for (const { offset, length } of layout.views) {
    for (let i = 0; i < length; i++) parameters[offset + i] = values[next++];
  }
}
