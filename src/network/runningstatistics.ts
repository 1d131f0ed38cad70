import type { FloatArray } from '../kernels/kernels.js';
import type { ParameterLayout } from './layout.js';

/**
 * Updates running statistics, such as batch normalisation's mean: w ← (1−momentum)·w + momentum·Σ/T. The sum
 * over the batch's rows lies where other parameters have their gradient, and `scale` is 1/T.
 */
export function updateRunningStatistics(
  layout: ParameterLayout,
  block: FloatArray,
  sums: FloatArray,
  scale: number,
): void {
  for (const { spec, offset, length } of layout.views) {
    if (!spec.statistic) continue;
    const { momentum } = spec.statistic;
    for (let i = offset; i < offset + length; i++) {
      block[i] = (1 - momentum) * block[i] + momentum * sums[i] * scale;
    }
  }
}
