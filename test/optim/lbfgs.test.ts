/**
 * L-BFGS where PyTorch's first steps say nothing: to the end, with decay, and past values that are not
 * finite.
 */
import { readFileSync } from 'node:fs';
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
  type Line = (t: number) => readonly [value: number, slope: number];
  const yanai = (b1: number, b2: number): Line => {
    const [g1, g2] = [b1, b2].map((b) => Math.sqrt(1 + b * b) - b);
    return (t) => {
      const [r1, r2] = [Math.hypot(1 - t, b2), Math.hypot(t, b1)];
      return [g1 * r1 + g2 * r2, (g1 * (t - 1)) / r1 + (g2 * t) / r2];
    };
  };
  /** The test functions of Moré and Thuente 1994, and waves. */
  const lines: Record<string, Line> = {
    'a quotient': (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
    'a quintic': (t) => [
      (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
      5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
    ],
    'two corners alike': yanai(0.001, 0.001),
    'a sharp second corner': yanai(0.01, 0.001),
    'a sharp first corner': yanai(0.001, 0.01),
    'a wave on a slope': (t) => [0.1 * t - Math.sin(t), 0.1 - Math.cos(t)],
    'a rugged valley': (t) => [
      0.05 * (t - 5) ** 2 + 0.3 * Math.cos(9 * t),
      0.1 * (t - 5) - 2.7 * Math.sin(9 * t),
    ],
  };
  const fixture: { lines: Record<string, { first: number; t: number; evaluations: number }[]> } = JSON.parse(
    readFileSync(new URL('../fixtures/pytorch/optim.json', import.meta.url), 'utf8'),
  );
  it.each(Object.entries(fixture.lines).flatMap(([name, ends]) => ends.map((end) => ({ name, ...end }))))(
    'ends where PyTorch does, after as many evaluations: $name, from $first',
    async ({ name, first, t: expected, evaluations: expectedEvaluations }) => {
      let evaluations = 0;
      const point = (t: number): LinePoint => {
        const [value, slope] = lines[name](t);
        return { t, value, slope };
      };
      const along = async (t: number) => {
        evaluations++;
        return point(t);
      };
      const t = await strongWolfe(along, point(0), first, 1);
      expect(t / expected).toBeCloseTo(1, 7);
      expect(evaluations).toBe(expectedEvaluations);
      if (evaluations > 25) return; // PyTorch's has given up
      expect(point(t).value).toBeLessThanOrEqual(point(0).value + 1e-4 * t * point(0).slope);
      expect(Math.abs(point(t).slope)).toBeLessThanOrEqual(0.9 * Math.abs(point(0).slope));
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
