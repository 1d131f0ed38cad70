/** Where each parameter lies in the flat block that weights, gradients and optimiser slots share. */
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer, ParameterSpec } from './layer.js';

export interface ParameterView {
  /** the layer's index in the list, as in PyTorch's nn.Sequential, and the parameter's name: '2.weight' */
  readonly name: string;
  readonly layer: number;
  readonly spec: ParameterSpec;
  readonly offset: number;
  readonly length: number;
}

export interface ParameterLayout {
  readonly views: readonly ParameterView[];
  /** floats in the block, padding included */
  readonly length: number;
  /** parameters proper, without the padding */
  readonly count: number;
}

/** Each parameter begins on a cache line; the padding between is zero and stays zero under every update rule. */
const ALIGNMENT = 16;

export function parameterLayout(layers: readonly Layer[]): ParameterLayout {
  let offset = 0;
  let count = 0;
  const views = layers.flatMap((layer, index) =>
    layer.parameters.map((spec) => {
      const length = spec.shape.reduce((product, dimension) => product * dimension, 1);
      const view = { name: `${index}.${spec.name}`, layer: index, spec, offset, length };
      offset += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
      count += length;
      return view;
    }),
  );
  return { views, length: offset, count };
}

/** The parameters of one layer as views of a flat block of this layout. */
export function layerViews(layout: ParameterLayout, layer: number, block: FloatArray): FloatArray[] {
  return layout.views
    .filter((view) => view.layer === layer)
    .map((view) => block.subarray(view.offset, view.offset + view.length));
}
