/**
 * Estimates how far rounding has moved each derivative that backpropagation computes in float64: it repeats
 * the passes with results that are changed at random by as much as rounding may (Monte Carlo arithmetic,
 * Parker 1997), and looks how the derivatives scatter.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer } from '../network/layer.js';
import { Stream } from '../random.js';
import { createInstance, EXPLAIN_PURPOSE, FLOAT64, type Instance, type InstanceOptions } from './instance.js';

/** How far rounding may have moved each derivative. */
interface Roundings {
  /** In the block of all parameters. */
  readonly parameters: Float64Array;
  /** In x and in the outputs of each layer. */
  readonly vectors: readonly Float64Array[];
}

/** Half a unit in the last place near 1 of a float64, and of a float32. */
const FLOAT64_ULP = 2 ** -53;
export const FLOAT32_ULP = 2 ** -24;
const REPETITIONS = 8;
/** How many times the root mean square change an error may be. */
const SAFETY = 8;

/**
 * Estimates the roundings of an instance that was made with these options, if it were computed to this `ulp`.
 */
export function roundingsOf(
  original: Instance,
  options: InstanceOptions,
  ulp: number = FLOAT64_ULP,
): Roundings {
  const stream = new Stream(1, EXPLAIN_PURPOSE.rounding, 0);
  const draw = () => 2 * stream.uniform() - 1;
  const instance = createInstance({
    ...options,
    objective: {
      ...options.objective,
      layers: options.objective.layers.map((layer) => shaken(layer, ulp, draw)),
    },
    arithmetic: { ...FLOAT64, kernels: { ...FLOAT64.kernels, divergence: shakenDivergence(ulp, draw) } },
  });
  instance.parameters.set(original.parameters);
  instance.desired.set(original.desired);
  const exact = derivativesOf(original);
  const sums = exact.map((array) => new Float64Array(array.length));
  for (let i = 0; i < REPETITIONS; i++) {
    instance.network.input.set(original.network.input);
    if (!instance.network.layers[0].readsCodes) shake(instance.network.input, ulp, draw);
    for (const [a, array] of derivativesOf(instance).entries()) {
      for (let j = 0; j < array.length; j++) sums[a][j] += (array[j] - exact[a][j]) ** 2;
    }
  }
  const [parameters, ...vectors] = sums.map((sum) =>
    sum.map((squares) => SAFETY * Math.sqrt(squares / REPETITIONS)),
  );
  return { parameters, vectors };
}

/** Returns the largest rounding as a share of the largest derivative. */
export function scatter(roundings: Float64Array, gradient: FloatArray): number {
  const largest = (values: Iterable<number>) => {
    let size = 0;
    for (const value of values) size = Math.max(size, Math.abs(value));
    return size;
  };
  return largest(roundings) / (largest(gradient) || 1);
}

/** Returns copies of ∂Div by the parameters, by x and by the outputs of each layer. */
function derivativesOf({ gradient, network }: Instance): Float64Array[] {
  const parameters = gradient();
  const arrays = [parameters, network.inputGradient!, ...network.arrays.map(({ dy }) => dy)];
  return arrays.map((array) => Float64Array.from(array));
}

/**
 * Returns the layer with results that are changed by as much as rounding may change them: a sum of N terms
 * has N roundings, and grows by the root of as many.
 */
function shaken(layer: Layer, ulp: number, draw: () => number): Layer {
  const amount = ulp * (2 + Math.sqrt(Math.max(layer.inputs, layer.outputs)));
  // A logarithm of a probability near 1 is the difference of two larger numbers, and may come out as 0.
  const least = layer.probabilities === 'logarithms' ? 1 : 0;
  return {
    ...layer,
    branches: layer.branches.map((branch) => branch.map((inner) => shaken(inner, ulp, draw))),
    forward(pass, arrays) {
      layer.forward(pass, arrays);
      shake(arrays.y, amount, draw, least);
    },
    backward(pass, arrays) {
      layer.backward(pass, arrays);
      if (arrays.dx) shake(arrays.dx, amount, draw);
      for (const gradient of arrays.gradients.flat()) shake(gradient, amount, draw);
    },
  };
}

function shake(array: FloatArray, amount: number, draw: () => number, least = 0): void {
  for (let i = 0; i < array.length; i++) {
    if (array[i] !== 0 || least > 0) array[i] += amount * (Math.abs(array[i]) + least) * draw();
  }
}

/**
 * Changes ∂Div/∂y by as much as rounding may. A fused divergence subtracts the target from the output, so
 * that the error of the difference is relative to the target.
 */
function shakenDivergence(ulp: number, draw: () => number): typeof FLOAT64.kernels.divergence {
  return (name, losses, dy, y, d, R, N, p) => {
    FLOAT64.kernels.divergence(name, losses, dy, y, d, R, N, p);
    if (dy === null) return;
    const classes = d.length === R;
    for (let i = 0; i < R * N; i++) {
      const [row, unit] = [Math.floor(i / N), i % N];
      const target = classes && N > 1 ? Number(d[row] === unit) : Math.abs(d[i] ?? 0);
      dy[i] += 4 * ulp * (Math.abs(dy[i]) + target) * draw();
    }
  };
}
