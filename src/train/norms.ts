/** The norms of weights and gradients layer by layer, which show whether a layer learns at all. */
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import type { ParameterLayout } from '../network/layout.js';

/** The Euclidean norms of a layer's parameters, biases among them, and of their gradient. */
export interface LayerNorms {
  /** The layer's place in the network's list, as in the names of its parameters: '0', '2', '3.1'. */
  readonly layer: string;
  readonly weights: number;
  /** The norm of the mean gradient of the epoch's last batch, before clipping and weight decay. */
  readonly gradient: number;
}

/** Digits that are kept; a curve needs no more. */
const DIGITS = 6;

/** Returns the norm of each layer's part of a block, each number times `scale`, in the layout's order. */
export function normsByLayer(
  kernels: Pick<Kernels, 'sumOfSquares'>,
  { views }: ParameterLayout,
  block: FloatArray,
  scale = 1,
): Map<string, number> {
  const squares = new Map<string, number>();
  for (const { name, spec, offset, length } of views) {
    if (spec.statistic !== undefined) continue;
    const layer = name.slice(0, name.lastIndexOf('.'));
    const sum = kernels.sumOfSquares(block.subarray(offset, offset + length), length);
    squares.set(layer, (squares.get(layer) ?? 0) + sum);
  }
  return new Map(Array.from(squares, ([layer, sum]) => [layer, scale * Math.sqrt(sum)]));
}

/** Puts the norms of weights and gradients side by side, rounded as they are recorded. */
export function layerNorms(
  kernels: Pick<Kernels, 'sumOfSquares'>,
  layout: ParameterLayout,
  weights: FloatArray,
  gradients: ReadonlyMap<string, number>,
): LayerNorms[] {
  const rounded = (value: number) => Number(value.toPrecision(DIGITS));
  return Array.from(normsByLayer(kernels, layout, weights), ([layer, norm]) => ({
    layer,
    weights: rounded(norm),
    gradient: rounded(gradients.get(layer) ?? 0),
  }));
}
