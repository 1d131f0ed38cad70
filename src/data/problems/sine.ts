import { allocate } from '../elements.js';
import { normalNoise, positions, sin } from './draws.js';
import { type BuiltInProblem, pointCount } from './problem.js';

/** One period of the sine under normal noise: the simplest regression that is not linear. */
export const sine: BuiltInProblem = {
  summary: 'sin x for x uniform on [-π, π), a regression',
  size: pointCount(1000),
  noise: 0.1,
  sample({ size, noise, seed }) {
    const inputs = allocate('f64', size);
    const labels = allocate('f64', size);
    const stream = positions(seed);
    const draw = normalNoise(seed, noise);
    for (let row = 0; row < size; row++) {
      inputs[row] = Math.PI * (2 * stream.uniform() - 1);
      labels[row] = sin(inputs[row]) + draw();
    }
    return { inputs, width: 1, labels };
  },
};
