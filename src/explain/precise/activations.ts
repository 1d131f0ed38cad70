/** The scalar activations with 31 digits, written as their definitions. */
import type { ActivationKernel } from '../../kernels/reference/activations.js';
import { type DoubleDouble, preciseOf, ZERO } from './doubledouble.js';

type PreciseFunction = (z: DoubleDouble, p: number) => DoubleDouble;

const isPositive = (z: DoubleDouble) => z.high > 0;
const sigmoid = (z: DoubleDouble) => preciseOf(1).over(z.negated().exp().plus(1));
const tanh = (z: DoubleDouble) => preciseOf(1).minus(preciseOf(2).over(z.times(2).exp().plus(1)));
/** Returns log(1 + e^z), in a form in which the exponential never overflows. */
const softplus = (z: DoubleDouble) => z.magnitude().negated().exp().plus(1).ln().plus(z.atLeast(0));
const clamp = (z: DoubleDouble, low: number, high: number) => z.atLeast(low).atMost(high);
const expm1 = (z: DoubleDouble) => z.exp().minus(1);
const step: PreciseFunction = (z) => (Number.isNaN(z.high) ? z : isPositive(z) ? preciseOf(1) : ZERO);

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

export const PRECISE_ACTIVATIONS: Readonly<Record<ActivationKernel, PreciseFunction>> = {
  identity: (z) => z,
  sigmoid,
  tanh,
  relu: (z) => z.atLeast(0),
  leakyRelu: (z, p) => (isPositive(z) ? z : z.times(p)),
  gelu: (z) => z.times(0.5).times(z.times(preciseOf(0.5).sqrt()).erf().plus(1)),
  geluTanh(z) {
    const cube = z.times(z).times(z).times(0.044715);
    return z.times(sigmoid(z.plus(cube).times(2 * SQRT_2_OVER_PI)));
  },
  silu: (z) => z.times(sigmoid(z)),
  softplus,
  softsign: (z) => z.over(z.magnitude().plus(1)),
  hardSigmoid: (z) => clamp(z.plus(3), 0, 6).over(6),
  hardTanh: (z) => clamp(z, -1, 1),
  relu6: (z) => clamp(z, 0, 6),
  elu: (z, p) => (isPositive(z) ? z : expm1(z).times(p)),
  selu: (z) => (isPositive(z) ? z : expm1(z).times(SELU_ALPHA)).times(SELU_SCALE),
  celu: (z, p) => (isPositive(z) ? z : expm1(z.over(p)).times(p)),
  hardSwish: (z) => z.times(clamp(z.plus(3), 0, 6)).over(6),
  mish: (z) => z.times(tanh(softplus(z))),
  gaussian: (z) => z.times(z).negated().exp(),
  sine: (z) => z.sin(),
  exp: (z) => z.exp(),
  threshold: step,
  straightThrough: step,
  perceptron: step,
};
