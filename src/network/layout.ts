/** Where each parameter lies in the flat block that weights, gradients and optimiser slots share. */
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer, ParameterSpec } from './layer.js';

export interface ParameterView {
  /** indices of the layer in its list, as in PyTorch's nn.Sequential, and the parameter's name: '2.weight' */
  readonly name: string;
  readonly spec: ParameterSpec;
  /** the kind of the layer after this one, which says how its weights should begin */
  readonly following: string | null;
  readonly offset: number;
  readonly length: number;
}

export interface ParameterLayout {
  /** in the layers' order, a composite layer's own parameters before its branches' */
  readonly views: readonly ParameterView[];
  /** floats in the block, padding included */
  readonly length: number;
  /** floats at the beginning of the block that the update rule changes; running statistics lie behind them */
  readonly trainable: number;
  /** parameters proper, without the padding */
  readonly count: number;
}

/** Each parameter begins on a cache line; the padding between is zero and stays zero under every update rule. */
const ALIGNMENT = 16;

export function parameterLayout(layers: readonly Layer[]): ParameterLayout {
  const found = parametersOf(layers, '');
  const padded = found.map(({ length }) => Math.ceil(length / ALIGNMENT) * ALIGNMENT);
  const offsets: number[] = [];
  let end = 0;
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
    const following = layers[index + 1]?.kind ?? null;
    const own = layer.parameters.map((spec) => {
      const length = spec.shape.reduce((product, dimension) => product * dimension, 1);
      return { name: `${path}${spec.name}`, spec, following, length };
    });
    const branches = layer.branches ?? [];
    const inner = branches.flatMap((branch, b) =>
      parametersOf(branch, branches.length === 1 ? path : `${path}${b}.`),
    );
    return [...own, ...inner];
  });
}

/** The parameters as views of a flat block of this layout, in the layout's order. */
export function parameterViews(layout: ParameterLayout, block: FloatArray): FloatArray[] {
  return layout.views.map(({ offset, length }) => block.subarray(offset, offset + length));
}
