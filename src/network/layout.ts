/**
 * Where each parameter lies in a flat block: weights, gradients and the optimiser's slots all have this
 * layout.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { InitializerName } from './initializers.js';
import type { Layer, ParameterSpec } from './layer.js';

/** Describes one parameter and its place in the block. */
export interface ParameterView {
  /** The layer's index in its list, as in PyTorch's nn.Sequential, and the parameter's name: '2.weight'. */
  readonly name: string;
  readonly spec: ParameterSpec;
  /** The initialiser that `auto` takes: the one that suits the layer after this parameter's own. */
  readonly autoInitializer: InitializerName;
  readonly offset: number;
  readonly length: number;
}

/** Describes a block that holds all parameters of a network. */
export interface ParameterLayout {
  /** In the layers' order, a composite layer's own parameters before those of its branches. */
  readonly views: readonly ParameterView[];
  /** Floats in the block, padding included. */
  readonly length: number;
  /**
   * Floats at the beginning of the block that the update rule changes; running statistics lie behind them.
   */
  readonly trainable: number;
  /** Numbers that are parameters, so without the padding. */
  readonly count: number;
}

/**
 * Floats in a cache line. Each parameter begins on one; the padding between is 0 and stays 0 under every
 * update rule.
 */
const ALIGNMENT = 16;

/** Lays out the parameters of the layers: those that are learned first, running statistics behind them. */
export function parameterLayout(layers: readonly Layer[]): ParameterLayout {
  const found = parametersOf(layers, '');
  const padded = found.map(({ length }) => Math.ceil(length / ALIGNMENT) * ALIGNMENT);
  const offsets: number[] = [];
  let end = 0;
  /** Places the learned parameters or the statistics behind what is placed already; returns the new end. */
  const place = (statistics: boolean) => {
    for (const [index, { spec }] of found.entries()) {
      if ((spec.statistic !== undefined) !== statistics) continue;
      offsets[index] = end;
      end += padded[index];
    }
    return end;
  };
  const trainable = place(false);
  const length = place(true);
  const views = found.map((view, index) => ({ ...view, offset: offsets[index] }));
  return { views, length, trainable, count: found.reduce((sum, view) => sum + view.length, 0) };
}

function parametersOf(layers: readonly Layer[], prefix: string): Omit<ParameterView, 'offset'>[] {
  return layers.flatMap((layer, index) => {
    const path = `${prefix}${index}.`;
    const autoInitializer = layers[index + 1]?.initializer ?? 'glorotUniform';
    const own = layer.parameters.map((spec) => {
      const length = spec.shape.reduce((product, dimension) => product * dimension, 1);
      return { name: `${path}${spec.name}`, spec, autoInitializer, length };
    });
    const { branches } = layer;
    const inner = branches.flatMap((branch, b) =>
      parametersOf(branch, branches.length === 1 ? path : `${path}${b}.`),
    );
    return [...own, ...inner];
  });
}

/** Returns the parameters as views of a flat block of this layout, in the layout's order. */
export function parameterViews(layout: ParameterLayout, block: FloatArray): FloatArray[] {
  return layout.views.map(({ offset, length }) => block.subarray(offset, offset + length));
}
