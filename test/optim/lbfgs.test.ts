/** L-BFGS where PyTorch's first steps say nothing: to the end, with decay, and past values that are not finite. */
import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '#src/kernels/reference/index.js';
import { type LinePoint, strongWolfe } from '#src/optim/linesearch.js';
import { hyperParameters, RULES } from '#src/optim/rules.js';

type Loss = (w: Float64Array | Float32Array, gradient: Float64Array | Float32Array) => number;

/** The weights after `steps` steps, with how often the loss was evaluated. */
async function minimize(loss: Loss, weights: Float64Array | Float32Array, steps: number, weightDecay = 0) {
  const hyper = hyperParameters('lbfgs', { weightDecay });
  const zeros = () => weights.slice().fill(0);
  const gradient = zeros();
  const slots = RULES.lbfgs.slots(hyper).map(zeros);
  let evaluations = 0;
  const evaluate = () => {
    evaluations++;
    return loss(weights, gradient);
  };
  for (let step = 1; step <= steps; step++) {
    const value = evaluate();
    const scale = { step, lr: 1, gradientScale: 1 };
    await RULES.lbfgs.step(createReferenceKernels(), { weights, gradient, slots }, hyper, scale, {
      value,
      evaluate,
    });
  }
  return { weights, evaluations };
}

const rosenbrock: Loss = (w, gradient) => {
  let sum = 0;
  gradient.fill(0);
  for (let i = 0; i + 1 < w.length; i++) {
    const [a, b] = [1 - w[i], w[i + 1] - w[i] * w[i]];
    sum += a * a + 100 * b * b;
    gradient[i] += -2 * a - 400 * w[i] * b;
    gradient[i + 1] += 200 * b;
  }
  return sum;
};

/** As near as PyTorch's tolerance of the slope, 1e-9, lets it come. */
describe('L-BFGS', () => {
  it.each([2, 5, 10])("finds the end of Rosenbrock's valley in %i dimensions", async (n) => {
    const start = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
    const { weights, evaluations } = await minimize(rosenbrock, start, 100);
    for (const value of weights) expect(value).toBeCloseTo(1, 4);
    expect(evaluations).toBeLessThan(350);
  });

  it('in float32 comes as near as float32 can, and stays there', async () => {
    const { weights } = await minimize(rosenbrock, Float32Array.of(-1.2, 1), 80);
    for (const value of weights) expect(value).toBeCloseTo(1, 3);
  });

  it('with decay finds the minimum of loss + ½λ‖w‖²', async () => {
    const curvatures = [1, 10, 100];
    const loss: Loss = (w, gradient) =>
      curvatures.reduce((sum, a, i) => {
        gradient[i] = a * (w[i] - 1);
        return sum + (a * (w[i] - 1) ** 2) / 2;
      }, 0);
    const { weights } = await minimize(loss, new Float64Array(3), 30, 0.5);
    curvatures.forEach((a, i) => {
      expect(weights[i]).toBeCloseTo(a / (a + 0.5), 4);
    });
  });

  it('steps back from where the loss is not finite', async () => {
    // −ln w + w has its minimum at 1 and is NaN for w < 0, where the first step leads
    const loss: Loss = (w, gradient) => {
      gradient[0] = 1 - 1 / w[0];
      return w[0] - Math.log(w[0]);
    };
    const { weights } = await minimize(loss, Float64Array.of(30), 25);
    expect(weights[0]).toBeCloseTo(1, 4);
  });

  it('stays at a minimum', async () => {
    const { weights, evaluations } = await minimize(rosenbrock, Float64Array.of(1, 1), 5);
    expect([...weights, evaluations]).toEqual([1, 1, 5]);
  });
});

describe('the line search', () => {
  const functions: [string, (t: number) => number, (t: number) => number][] = [
    ['a parabola', (t) => (t - 3) ** 2, (t) => 2 * (t - 3)],
    ['a steep parabola', (t) => 50 * (t - 0.02) ** 2, (t) => 100 * (t - 0.02)],
    ['a quartic', (t) => t ** 4 - 2 * t ** 2 - t, (t) => 4 * t ** 3 - 4 * t - 1],
    ['a wave on a slope', (t) => 0.1 * t - Math.sin(t), (t) => 0.1 - Math.cos(t)],
    ['a logarithm', (t) => t - 9 * Math.log1p(t), (t) => 1 - 9 / (1 + t)],
  ];
  it.each(functions.flatMap(([name, f, df]) => [1e-3, 0.1, 1, 20].map((first) => ({ name, f, df, first }))))(
    'ends where both conditions hold: $name, from $first',
    async ({ f, df, first }) => {
      const along = async (t: number): Promise<LinePoint> => ({ t, value: f(t), slope: df(t) });
      const t = await strongWolfe(along, await along(0), first, 1);
      expect(t).toBeGreaterThan(0);
      expect(f(t)).toBeLessThanOrEqual(f(0) + 1e-4 * t * df(0));
      expect(Math.abs(df(t))).toBeLessThanOrEqual(0.9 * Math.abs(df(0)));
    },
  );

  it('gives up after 26 evaluations at most, where the loss has no lower bound', async () => {
    let evaluations = 0;
    const along = async (t: number) => {
      evaluations++;
      return { t, value: -t, slope: -1 };
    };
    await strongWolfe(along, { t: 0, value: 0, slope: -1 }, 1, 1);
    expect(evaluations).toBeLessThanOrEqual(26);
  });
});
