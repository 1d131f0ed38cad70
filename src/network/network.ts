/** A network: its layers bound to memory, and the objective that training differentiates. */
import type { FloatArray } from '../kernels/kernels.js';
import type { DivergenceKernel } from '../kernels/reference/divergences.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from './divergences.js';
import { type BoundSequence, type Layer, outputWidth } from './layer.js';
import { type ParameterLayout, parameterViews } from './layout.js';
import { bindSequence } from './sequence.js';
import type { NetworkSpec } from './spec.js';

export { apart, backward, forward } from './sequence.js';

/** Holds the memory that a network works on. */
interface NetworkMemory {
  readonly layout: ParameterLayout;
  readonly parameters: FloatArray;
  /** The gradient blocks, each of the parameters' layout; none for a network that only runs forward. */
  readonly gradients: readonly FloatArray[];
  /** Hands out one array; a caller that only measures may hand out arrays of length 0. */
  readonly allocate: (length: number) => FloatArray;
  /** Whether ∂Div/∂input is wanted as well: training has no use for it, `explain` has. */
  readonly inputGradient?: boolean;
  /** Whether layers may work together, so that only the output and the gradients are sure to be written. */
  readonly fused?: boolean;
}

/** Binds layers to memory for passes of at most `maxRows` rows. */
export function bind(layers: readonly Layer[], maxRows: number, memory: NetworkMemory): BoundSequence {
  const { layout, parameters, gradients, allocate, inputGradient = false, fused = false } = memory;
  const inputs = maxRows * layers[0].inputs;
  const input = allocate(inputs);
  return bindSequence(layers, input, inputGradient ? allocate(inputs) : null, {
    maxRows,
    allocate,
    fused,
    differentiated: gradients.length > 0,
    parameters: parameterViews(layout, parameters).values(),
    gradients: gradients.map((block) => parameterViews(layout, block).values()),
    ids: counter(),
  });
}

function* counter(): Generator<number, never> {
  for (let i = 0; ; i++) yield i;
}

/**
 * Describes the function that training differentiates: the layers and the divergence of their output, fused
 * with the last layer if it can be.
 */
export interface Objective {
  /** All but the last layer, if the divergence stands for that too. */
  readonly layers: readonly Layer[];
  /** The last layer, if the divergence stands for it too. */
  readonly fused: Layer | null;
  /** The divergence as kernels know it: fused ones have names of their own. */
  readonly divergence: DivergenceKernel;
  /** The divergence's parameter: δ, γ, …, or the number of levels. */
  readonly parameter: number;
  /** The levels of which each target has a quantile among the outputs; empty where it has one output. */
  readonly levels: readonly number[];
  readonly targets: Divergence['targets'];
  /** A single output means class 1 above this value. */
  readonly threshold: number;
}

/**
 * Returns the objective of a network, with the last layer fused into the divergence where they belong
 * together.
 * @param parameter the divergence's parameter; left out: its default
 */
export function objective(
  layers: readonly Layer[],
  name: DivergenceName,
  parameter?: NetworkSpec['lossParameter'],
): Objective {
  const separate = unfused(layers, name, parameter);
  const { fused }: Divergence = DIVERGENCES[name];
  const last = layers[layers.length - 1];
  if (!fused || layers.length === 1 || last.kind !== fused.activation) return separate;
  return { ...separate, layers: layers.slice(0, -1), fused: last, divergence: fused.kernel, threshold: 0 };
}

/** Returns the objective of a network with the last layer and the divergence computed one after the other. */
export function unfused(
  layers: readonly Layer[],
  name: DivergenceName,
  parameter?: NetworkSpec['lossParameter'],
): Objective {
  const { targets, single = 0.5, parameter: declared, levels: usual = [] }: Divergence = DIVERGENCES[name];
  const levels = typeof parameter === 'object' ? parameter : usual;
  const number = typeof parameter === 'object' ? undefined : parameter;
  return {
    layers,
    fused: null,
    divergence: name,
    parameter: levels.length || (number ?? declared?.default ?? 0),
    levels,
    targets,
    threshold: single,
  };
}

/** Returns how many numbers a divergence compares a row's outputs with; levels stand beside targets. */
export function desiredWidth({
  layers,
  targets,
  levels,
}: Pick<Objective, 'layers' | 'targets' | 'levels'>): number {
  if (targets === 'class') return 1;
  return (levels.length > 0 ? 2 : 1) * outputWidth(layers);
}

/** Returns how many values the outputs predict: all quantiles of a target count as one. */
export function targetWidthOf({ layers, levels }: Pick<Objective, 'layers' | 'levels'>): number {
  return outputWidth(layers) / Math.max(1, levels.length);
}
