import { createHash } from 'node:crypto';
import type { FloatArray } from '../kernels/kernels.js';
import type { ParameterLayout } from '../network/layout.js';

/** SHA-256 over the bytes of every parameter in the layout's order, without the padding between them: a run's proof. */
export function weightsSha256(layout: ParameterLayout, weights: FloatArray): string {
  const hash = createHash('sha256');
  for (const { offset, length } of layout.views) {
    const { buffer, byteOffset, byteLength } = weights.subarray(offset, offset + length);
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
