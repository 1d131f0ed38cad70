/** Backpropagation against finite differences in float64 (lecture, sections 1 and 7). */
import { describe, expect, it } from 'vitest';
import type { Kernels } from '#src/kernels/kernels.js';
import { SCALAR_ACTIVATIONS, type ScalarActivation } from '#src/kernels/reference/activations.js';
import {
  ACTIVATIONS,
  type Activation,
  type ActivationName,
  DIFFERENTIABLE_NAMES,
} from '#src/network/activations.js';
import {
  DIVERGENCE_NAMES,
  DIVERGENCES,
  type Divergence,
  type DivergenceName,
} from '#src/network/divergences.js';
import { desiredWidth } from '#src/network/network.js';
import type { LayerSpec } from '#src/network/spec.js';
import { type Check, gradcheck, STEP, TOLERANCE } from '../support/gradcheck.js';
import { numbers, setParameters, type TestNetwork, testNetwork, withoutPadding } from '../support/network.js';

const ROWS = 6;
const INPUTS = 3;
const OUTPUTS = 3;

/** The activation without which a divergence's argument is no probability, or no rate. */
function lastOf(name: DivergenceName): LayerSpec[] {
  const { fused }: Divergence = DIVERGENCES[name];
  return fused ? [fused.activation] : [];
}

interface Case {
  readonly layers: readonly LayerSpec[];
  readonly loss: DivergenceName;
  readonly fused?: boolean;
  readonly kernels?: (kernels: Kernels) => Kernels;
  readonly x?: readonly number[];
  /** in the layout's order; default: reproducible noise */
  readonly weights?: (count: number) => readonly number[];
}

function instance({ layers, loss, fused = true, kernels, x, weights }: Case) {
  const network = testNetwork({
    layers,
    inputs: INPUTS,
    loss,
    rows: ROWS,
    fused,
    ...(kernels && { kernels }),
  });
  setParameters(network, (weights ?? ((count) => numbers(count, 11, 0.9)))(network.layout.count));
  const outputs = network.bound.output.length / ROWS;
  const { domain }: Divergence = DIVERGENCES[loss];
  const desired =
    DIVERGENCES[loss].targets === 'class'
      ? Array.from({ length: ROWS }, (_, row) => row % outputs)
      : numbers(ROWS * desiredWidth(network.objective), 13, 0.5).map(
          (value, i) => (domain?.holds(0.5) === false ? i % 2 : value + 0.5), // within (0, 1)
        );
  return { network, x: x ?? numbers(ROWS * INPUTS, 12, 1.5), desired };
}

/** The check of a case, which learns on the rows that `instance` makes. */
function checkCase(one: Case): Check {
  const { network, x, desired } = instance(one);
  network.differentiate(x, desired);
  const { layout, parameters } = network;
  return gradcheck({
    layout,
    parameters,
    gradient: network.gradient.slice(),
    loss: () => network.loss(x, desired),
    sides: () => sidesOfKinks(network),
  });
}

/** On which side of its activation's kinks every z lies. */
function sidesOfKinks({ bound }: TestNetwork): string {
  return bound.layers
    .flatMap(({ kind }, k) => {
      const activation: Activation | undefined = ACTIVATIONS[kind as ActivationName];
      return (activation?.kinks ?? []).map((kink) =>
        Array.from(bound.arrays[k].x, (z) => Math.sign(z - kink)).join(),
      );
    })
    .join();
}

const network = (activation: LayerSpec, loss: DivergenceName): LayerSpec[] => [
  { dense: 4 },
  activation,
  { dense: OUTPUTS },
  ...lastOf(loss),
];
const combinations = DIFFERENTIABLE_NAMES.flatMap((activation) =>
  DIVERGENCE_NAMES.flatMap((loss) => [true, false].map((fused) => ({ activation, loss, fused }))),
);

describe('the gradient equals the difference quotient', () => {
  it.each(combinations)('$activation x $loss, fused: $fused', ({ activation, loss, fused }) => {
    const { error, kinks, checked } = checkCase({ layers: network(activation, loss), loss, fused });
    expect(error).toBeLessThanOrEqual(TOLERANCE);
    expect({ kinks, checked }).toEqual({ kinks: 0, checked: 4 * INPUTS + 4 + OUTPUTS * 4 + OUTPUTS });
  });

  it.each(DIFFERENTIABLE_NAMES)('%s as the last layer, at its other parameter too', (name) => {
    const { parameter }: Activation = ACTIVATIONS[name];
    const layer = (parameter ? { [name]: { [parameter.name]: 0.3 } } : name) as LayerSpec;
    const { error } = checkCase({ layers: [{ dense: OUTPUTS }, layer], loss: 'squaredError' });
    expect(error).toBeLessThanOrEqual(TOLERANCE);
  });

  const shapes: [string, Case][] = [
    ['one layer', { layers: [{ dense: 2 }], loss: 'squaredError' }],
    ['one unit', { layers: [{ dense: 1 }, 'tanh', { dense: 1 }], loss: 'squaredError' }],
    [
      'depth 6',
      {
        layers: [5, 4, 5, 6, 4, OUTPUTS].flatMap((units) => [{ dense: units }, 'tanh']),
        loss: 'squaredError',
      },
    ],
    [
      'no bias',
      {
        layers: [
          { dense: { units: 4, bias: false } },
          'gelu',
          { dense: { units: 3, bias: false } },
          'softmax',
        ],
        loss: 'crossEntropy',
      },
    ],
    [
      'softmax in the middle',
      {
        layers: [{ dense: 4 }, 'softmax', { dense: 4 }, 'silu', { dense: 3 }, 'softmax'],
        loss: 'crossEntropy',
      },
    ],
    [
      'softmax under squared error',
      { layers: [{ dense: 4 }, 'tanh', { dense: 3 }, 'softmax'], loss: 'squaredError' },
    ],
    [
      'an activation before all parameters',
      { layers: ['tanh', { dense: 4 }, 'sigmoid', { dense: 2 }], loss: 'squaredError' },
    ],
    [
      'two activations in a row',
      { layers: [{ dense: 4 }, 'tanh', 'gelu', { dense: 2 }, 'sigmoid'], loss: 'binaryCrossEntropy' },
    ],
  ];
  it.each(shapes)('%s', (_, test) => {
    const { error, kinks } = checkCase(test);
    expect(error).toBeLessThanOrEqual(TOLERANCE);
    expect(kinks).toBe(0);
  });
});

describe('kinks', () => {
  // the first row is zero and there are no biases, so that its z lies on the kink of every hidden unit
  const x = numbers(ROWS * INPUTS, 12, 1.5).map((value, i) => (i < INPUTS ? 0 : value));
  const unbiased = (count: number) =>
    numbers(count, 11, 0.9).map((value, i) => (i >= 12 && i < 16 ? 0 : value));

  /** Whether f″ jumps by more than 1 at 0, as softsign's does: there the quotient errs by the step. */
  const bendsAtZero = (activation: ActivationName) => {
    const { forward, derivative }: ScalarActivation = SCALAR_ACTIVATIONS[activation];
    const slope = (z: number) => derivative(z, forward(z, 1), 1);
    const h = 1e-3;
    return Math.abs(slope(h) - 2 * slope(0) + slope(-h)) > 1.5 * h;
  };

  it.each(DIFFERENTIABLE_NAMES)('%s: stepped over and counted', (activation) => {
    const { kinks, error } = checkCase({
      layers: network(activation, 'squaredError'),
      loss: 'squaredError',
      x,
      weights: unbiased,
    });
    const { kinks: at }: Activation = ACTIVATIONS[activation];
    const has = at.includes(0);
    expect(kinks).toBe(has ? 4 : 0); // the biases of the four hidden units
    expect(error).toBeLessThanOrEqual(bendsAtZero(activation) ? STEP : TOLERANCE);
  });
});

describe('the check fails for a gradient that is wrong', () => {
  const altered = (change: (kernels: Kernels) => Partial<Kernels>) => (kernels: Kernels) => ({
    ...kernels,
    ...change(kernels),
  });

  it.each(DIFFERENTIABLE_NAMES)('%s with a derivative that is 1e-5 too large', (activation) => {
    const kernels = altered((k) => ({
      activateBackward(name, dz, ...rest) {
        k.activateBackward(name, dz, ...rest);
        for (let i = 0; i < dz.length; i++) dz[i] *= 1 + 1e-5;
      },
    }));
    const { error } = checkCase({
      layers: network(activation, 'squaredError'),
      loss: 'squaredError',
      kernels,
    });
    expect(error).toBeGreaterThan(10 * TOLERANCE);
  });

  it.each(DIFFERENTIABLE_NAMES.filter((name) => name !== 'identity'))(
    '%s with the derivative of another',
    (activation) => {
      const kernels = altered((k) => ({
        activateBackward: (_, ...rest) => k.activateBackward('identity', ...rest),
      }));
      const { error } = checkCase({
        layers: network(activation, 'crossEntropy'),
        loss: 'crossEntropy',
        kernels,
      });
      expect(error).toBeGreaterThan(0.01);
    },
  );

  const faults: [string, (kernels: Kernels) => Partial<Kernels>][] = [
    ['a bias left out', () => ({ columnSums: () => {} })],
    [
      'a row left out of the weights',
      (k) => ({
        affineWeightGradient: (dw, x, dz, { first, last }, ...rest) =>
          k.affineWeightGradient(dw, x, dz, { bounds: Int32Array.of(0, ROWS - 1), first, last }, ...rest),
      }),
    ],
    [
      'the weights taken untransposed',
      (k) => ({
        affineInputGradient: (dx, dz, w, R, K, N) =>
          k.affineInputGradient(dx, dz, w.slice().reverse(), R, K, N),
      }),
    ],
    [
      'softmax with its diagonal alone',
      (k) => ({
        softmaxBackward: (dz, dy, y, R, N) => k.activateBackward('sigmoid', dz, dy, y, y, R * N, 0),
      }),
    ],
    [
      'a divergence of another sign',
      (k) => ({
        divergence(name, losses, dy, ...rest) {
          k.divergence(name, losses, dy, ...rest);
          if (dy) for (let i = 0; i < dy.length; i++) dy[i] = -dy[i];
        },
      }),
    ],
  ];
  it.each(faults)('%s', (_, change) => {
    const { error } = checkCase({
      layers: network('tanh', 'crossEntropy'),
      loss: 'crossEntropy',
      fused: false,
      kernels: altered(change),
    });
    expect(error).toBeGreaterThan(0.01);
  });
});

describe('the fused step equals the two it stands for', () => {
  const fusable = DIVERGENCE_NAMES.filter((name) => 'fused' in DIVERGENCES[name]);

  it('there are fused divergences', () => {
    expect(fusable.toSorted()).toEqual([
      'binaryCrossEntropy',
      'crossEntropy',
      'focal',
      'kl',
      'nll',
      'poisson',
    ]);
  });

  it.each(fusable.flatMap((loss) => DIFFERENTIABLE_NAMES.map((activation) => ({ loss, activation }))))(
    '$loss x $activation: loss and gradient to 1e-12',
    ({ loss, activation }) => {
      const results = [true, false].map((fused) => {
        const { network: n, x, desired } = instance({ layers: network(activation, loss), loss, fused });
        return [n.differentiate(x, desired), ...withoutPadding(n.layout, n.gradient)];
      });
      const differences = results[0].map((value, i) => Math.abs(value - results[1][i]));
      expect(Math.max(...differences)).toBeLessThan(1e-12);
    },
  );
});
