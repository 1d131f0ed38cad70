/** Compares one network's gradient with differences: every parameter, or a sample where there are many. */
import type { FloatArray } from '../kernels/kernels.js';
import { Stream } from '../random.js';
import { rootMeanSquare } from '../statistics.js';
import { compare, nudged, taylorSlope } from './differences.js';
import { differentiable, EXPLAIN_PURPOSE, type Instance } from './instance.js';

/** Says how well the derivatives by one parameter array agree with differences. */
export interface ParameterCheck {
  /** The parameter's name in the layout, such as '0.weight'. */
  readonly name: string;
  /** Number of derivatives that were compared, of `count` in all. */
  readonly checked: number;
  readonly count: number;
  /** Number of these with a kink so near that a shorter step was taken. */
  readonly kinks: number;
  /** Number of these that are too small to check: rounding leaves float64 no digits to judge by. */
  readonly small: number;
  /** The largest relative error, and the index that has it. */
  readonly error: number;
  readonly index: number;
}

/** Says how well a whole gradient agrees with differences. */
export interface GradientCheck {
  readonly parameters: readonly ParameterCheck[];
  /** Slope of the Taylor test along a random direction; null where Div is linear along it. */
  readonly slope: number | null;
  /** Root mean square of the gradient. */
  readonly size: number;
}

/**
 * Compares at most `mostOfEach` derivatives of each parameter array. An error is relative to the derivative,
 * or to the gradient's root mean square where that is larger.
 */
export function checkGradient(instance: Instance, mostOfEach = Number.POSITIVE_INFINITY): GradientCheck {
  const { layout, parameters } = instance;
  const gradient = instance.gradient().slice();
  const trainable = differentiable(layout);
  const size = rootMeanSquare(
    trainable.flatMap(({ offset, length }) => [...gradient.subarray(offset, offset + length)]),
  );
  const checks = trainable.map(({ name, offset, length }, counter): ParameterCheck => {
    const indices = sample(gradient.subarray(offset, offset + length), mostOfEach, counter);
    let [kinks, error, index] = [0, 0, 0];
    for (const i of indices) {
      const found = compare(nudged(parameters, offset + i, instance.loss), gradient[offset + i], size || 1);
      if (found.kink) kinks++;
      if (!(found.error <= error)) [error, index] = [found.error, i];
    }
    return { name, checked: indices.length, count: length, kinks, small: 0, error, index };
  });
  return {
    parameters: checks,
    slope: slopeAlongSomeDirection((attempt) => slopeAlong(instance, gradient, attempt)),
    size,
  };
}

/** Returns all indices, or at most `most`: half of these have the largest gradients, half lie anywhere. */
export function sample(gradient: FloatArray, most: number, counter: number): number[] {
  const all = Array.from(gradient, (_, i) => i);
  if (all.length <= most) return all;
  const half = Math.ceil(most / 2);
  const stream = new Stream(1, EXPLAIN_PURPOSE.sample, counter);
  const anywhere = Array.from({ length: half }, (_, part) =>
    Math.floor(((part + stream.uniform()) * all.length) / half),
  );
  const largest = all.sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a])).slice(0, most - half);
  return [...new Set([...largest, ...anywhere])];
}

/** Tries up to three directions: one along which the second derivative happens to vanish tells nothing. */
export function slopeAlongSomeDirection(slopeAlong: (attempt: number) => number | null): number | null {
  let nearest: number | null = null;
  for (const attempt of [0, 1, 2]) {
    const found = slopeAlong(attempt);
    if (found !== null && (nearest === null || Math.abs(found - 2) < Math.abs(nearest - 2))) nearest = found;
    if (nearest !== null && Math.abs(nearest - 2) < 0.01) break;
  }
  return nearest;
}

function slopeAlong(instance: Instance, gradient: ArrayLike<number>, attempt: number): number | null {
  const { layout, parameters } = instance;
  const original = parameters.slice();
  const direction = new Float64Array(original.length);
  const stream = new Stream(1, EXPLAIN_PURPOSE.direction, attempt);
  for (const { offset, length } of differentiable(layout)) {
    for (let i = offset; i < offset + length; i++) direction[i] = 2 * stream.uniform() - 1;
  }
  const norm = Math.sqrt(direction.reduce((sum, v) => sum + v * v, 0));
  const derivative = direction.reduce((sum, v, i) => sum + (v / norm) * gradient[i], 0);
  const along = (step: number) => {
    for (let i = 0; i < original.length; i++) parameters[i] = original[i] + (step * direction[i]) / norm;
    const loss = instance.loss();
    parameters.set(original);
    return loss;
  };
  return taylorSlope(along, derivative);
}
