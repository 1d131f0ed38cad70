import type { Layer } from './layer.js';
import { parameterLayout } from './layout.js';

/** A layer in numbers: what `inspect` and `--dry-run` print. */
export interface LayerRow {
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: number;
  /** floating-point operations a row in the forward pass; a training step takes about three times as many */
  readonly flops: number;
  /** bytes of its parameters */
  readonly bytes: number;
}

export function layerTable(layers: readonly Layer[]): LayerRow[] {
  return layers.map((layer) => {
    const { kind, inputs, outputs, multiplyAdds } = layer;
    const { count } = parameterLayout([layer]); // those of its branches too
    return { kind, inputs, outputs, parameters: count, flops: 2 * multiplyAdds, bytes: 4 * count };
  });
}
