/**
 * Limited-memory BFGS (Liu & Nocedal 1989) with a strong Wolfe line search: each step is one iteration over
 * all rows.
 */
import type { FloatArray } from '../kernels/kernels.js';
import { weightDecay, whole } from './hyper.js';
import { type LinePoint, strongWolfe } from './linesearch.js';
import { rule } from './rule.js';

/** Holds one earlier step: the literature's s, y and ρ. */
interface Pair {
  /** How the weights changed. */
  readonly change: FloatArray;
  /** How the gradient changed with them. */
  readonly turn: FloatArray;
  /** 1/(change·turn) */
  readonly rho: number;
}

/** Below these bounds, which are PyTorch's, the gradient, the slope or a pair's curvature counts as zero. */
const TOLERANCE = { gradient: 1e-7, slope: 1e-9, curvature: 1e-10 };

export const lbfgs = rule({
  formula: 'w ← w + t·d, d = −H·g with H from the last historySize changes; t by the strong Wolfe conditions',
  torch: "LBFGS(max_iter=1, line_search_fn='strong_wolfe')",
  lr: 1,
  hyper: {
    historySize: {
      schema: whole(1).max(100),
      default: 10,
      help: 'number of earlier steps that are remembered',
    },
    weightDecay,
  },
  fullBatch: true,
  wholeBlock: true,
  lineSearch: true,
  slots: ({ historySize }) => [
    'before',
    ...Array.from({ length: historySize }, (_, i) => `change ${i}`),
    ...Array.from({ length: historySize }, (_, i) => `turn ${i}`),
  ],
  async step(_, { weights, gradient, slots }, { historySize, weightDecay }, scale, loss) {
    const { step, lr, gradientScale } = scale;
    const [before, ...rest] = slots; // the gradient of the previous step, then the pairs
    // Step t has place t−1 of a ring buffer, so t alone says where every pair is.
    const changes = rest.slice(0, historySize);
    const turns = rest.slice(historySize);
    const place = (t: number) => (t - 1) % historySize;

    const start = weights.slice();
    const value = (mean: number) => mean + (weightDecay * dot(weights, weights)) / 2;
    /** Turns the sum over rows in `gradient` into the gradient of the mean loss with its penalty. */
    const toMean = () => {
      for (let i = 0; i < gradient.length; i++) {
        gradient[i] = gradient[i] * gradientScale + weightDecay * weights[i];
      }
    };
    // The previous step's pair is completed now that its second gradient is known.
    toMean();
    if (step > 1) {
      const turn = turns[place(step - 1)];
      for (let i = 0; i < turn.length; i++) turn[i] = gradient[i] - before[i];
    }
    before.set(gradient);

    // The direction comes from the pairs, the newest first.
    const earlier = Array.from({ length: Math.min(historySize, step - 1) }, (_, k) => place(step - 1 - k));
    const known = earlier.flatMap((index) => usablePair(changes[index], turns[index]));
    const direction = newtonDirection(gradient, known);
    const slope = dot(gradient, direction);
    const change = changes[place(step)].fill(0);
    if (largest(gradient) <= TOLERANCE.gradient || !(slope <= -TOLERANCE.slope)) return;

    // The line search finds how far to go.
    const moveTo = (t: number) => {
      for (let i = 0; i < weights.length; i++) weights[i] = start[i] + t * direction[i];
    };
    const along = async (t: number): Promise<LinePoint> => {
      moveTo(t);
      const found = value(await loss.evaluate());
      toMean();
      const slope = dot(gradient, direction);
      if (Number.isFinite(found + slope)) return { t, value: found, slope };
      return { t, value: Number.POSITIVE_INFINITY, slope: Number.NaN };
    };
    const first = step === 1 ? Math.min(1, 1 / sumOfMagnitudes(gradient)) * lr : lr;
    const origin = { t: 0, value: value(loss.value), slope };
    const t = await strongWolfe(along, origin, first, largest(direction));
    moveTo(t);
    for (let i = 0; i < change.length; i++) change[i] = t * direction[i];
  },
});

/** Returns the pair of an earlier step, or nothing where its curvature is too small to divide by. */
function usablePair(change: FloatArray, turn: FloatArray): Pair[] {
  const curvature = dot(change, turn);
  return curvature > TOLERANCE.curvature ? [{ change, turn, rho: 1 / curvature }] : [];
}

/** Computes −H·g by the two-loop recursion; `known` holds the earlier steps, the newest first. */
function newtonDirection(gradient: FloatArray, known: readonly Pair[]): Float64Array {
  const d = Float64Array.from(gradient, (g) => -g);
  const alphas = known.map(({ change, turn, rho }) => {
    const alpha = rho * dot(change, d);
    addTo(d, -alpha, turn);
    return alpha;
  });
  if (known.length > 0) {
    const [{ turn, rho }] = known;
    const scale = 1 / rho / dot(turn, turn);
    for (let i = 0; i < d.length; i++) d[i] *= scale;
  }
  for (let k = known.length - 1; k >= 0; k--) {
    const { change, turn, rho } = known[k];
    addTo(d, alphas[k] - rho * dot(turn, d), change);
  }
  return d;
}

function dot(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addTo(d: Float64Array, factor: number, x: FloatArray): void {
  for (let i = 0; i < d.length; i++) d[i] += factor * x[i];
}

function largest(a: FloatArray): number {
  let found = 0;
  for (let i = 0; i < a.length; i++) found = Math.max(found, Math.abs(a[i]));
  return found;
}

function sumOfMagnitudes(a: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]);
  return sum;
}
