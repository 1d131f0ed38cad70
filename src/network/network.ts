/**
 * A network bound to memory: the forward and the backward pass of the lecture (sections 2 and 3) over a sequence
 * of layers, and the divergence at its end.
 */
import type { FloatArray } from '../kernels/kernels.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from './divergences.js';
import type { Layer, LayerArrays, Pass } from './layer.js';
import { layerViews, type ParameterLayout } from './layout.js';

/** Carves one array; a measuring carve may hand out arrays of length 0. */
export type Allocate = (length: number) => FloatArray;

export interface BoundNetwork {
  readonly layers: readonly Layer[];
  readonly arrays: readonly LayerArrays[];
  /** [R, inputs]: the batch, y^(0) */
  readonly input: FloatArray;
  /** [R, outputs]: Y = y^(N) */
  readonly output: FloatArray;
  /** [R, outputs]: ∂Div/∂Y */
  readonly outputGradient: FloatArray;
}

/** What a network works on: its layout, the parameters, and one gradient block for each slot (none: forward only). */
export interface NetworkMemory {
  readonly layout: ParameterLayout;
  readonly parameters: FloatArray;
  readonly gradients: readonly FloatArray[];
  readonly allocate: Allocate;
}

/** Binds layers to memory for passes of at most `maxRows` rows. */
export function bind(layers: readonly Layer[], maxRows: number, memory: NetworkMemory): BoundNetwork {
  const { layout, parameters, gradients, allocate } = memory;
  const differentiated = gradients.length > 0;
  const firstWithParameters = layers.findIndex((layer) => layer.parameters.length > 0);
  const input = allocate(maxRows * layers[0].inputs);
  let x = input;
  let dx: FloatArray | null = null;
  const arrays = layers.map((layer, index): LayerArrays => {
    const y = allocate(maxRows * layer.outputs);
    const dy = differentiated ? allocate(maxRows * layer.outputs) : y.subarray(0, 0);
    const bound = {
      x,
      y,
      dy,
      dx: index > firstWithParameters ? dx : null,
      parameters: layerViews(layout, index, parameters),
      gradients: gradients.map((block) => layerViews(layout, index, block)),
      saved: layer.saved.map((width) => allocate(maxRows * width)),
    };
    x = y;
    dx = dy;
    return bound;
  });
  const last = arrays[arrays.length - 1];
  return { layers, arrays, input, output: last.y, outputGradient: last.dy };
}

/** For k = 1 … N: y^(k) = f_k(y^(k−1)). */
export function forward(pass: Pass, { layers, arrays }: BoundNetwork): void {
  for (let k = 0; k < layers.length; k++) layers[k].forward(pass, arrays[k]);
}

/** For k = N … 1: from ∂Div/∂y^(k) the gradients of layer k's parameters and ∂Div/∂y^(k−1). */
export function backward(pass: Pass, { layers, arrays }: BoundNetwork): void {
  for (let k = layers.length - 1; k >= 0; k--) layers[k].backward(pass, arrays[k]);
}

/** What is differentiated in training: the layers and the divergence's code, fused with the last layer if it can be. */
export interface Objective {
  readonly layers: readonly Layer[];
  readonly code: number;
  readonly targets: Divergence['targets'];
  /** with a single output: the value from which on it means class 1 */
  readonly threshold: number;
}

export function objective(layers: readonly Layer[], name: DivergenceName): Objective {
  const { code, targets, fused }: Divergence = DIVERGENCES[name];
  if (fused && layers.length > 1 && layers.at(-1)?.kind === fused.activation) {
    return { layers: layers.slice(0, -1), code: fused.code, targets, threshold: 0 };
  }
  return { layers, code, targets, threshold: 0.5 };
}
