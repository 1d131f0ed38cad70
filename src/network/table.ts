import type { Layer } from './layer.js';
import { parameterLayout } from './layout.js';

/** Describes a layer in numbers, as `inspect` and `--dry-run` print it. */
export interface LayerRow {
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: number;
  /**
   * Floating-point operations per row in the forward pass; a training step takes about three times as many.
   */
  readonly flops: number;
  /** Bytes of its parameters. */
  readonly bytes: number;
}

/** Returns one row for each layer of a list. */
export function layerTable(layers: readonly Layer[]): LayerRow[] {
  return layers.map((layer) => {
    const { kind, inputs, outputs, multiplyAdds } = layer;
    const { count } = parameterLayout([layer]); // its branches' parameters count too
    return { kind, inputs, outputs, parameters: count, flops: 2 * multiplyAdds, bytes: 4 * count };
  });
}
