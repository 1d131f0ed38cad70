import { erfc } from './erf.js';

/** A scalar function and its derivative; p is its one parameter, where it has one. */
export interface ScalarActivation {
  forward(z: number, p: number): number;
  /** Returns f′(z), given y = f(z) as well. */
  derivative(z: number, y: number, p: number): number;
}

/**
 * Returns 1/(1 + e^−z), computed from e^−|z| so that nothing overflows and both tails keep their relative
 * accuracy.
 */
export function sigmoid(z: number): number {
  const e = Math.exp(-Math.abs(z));
  return z < 0 ? e / (1 + e) : 1 / (1 + e);
}

const GELU_CUBE = 0.044715;
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** ½(1 + tanh(√(2/π)(z + 0.044715 z³))), computed as the sigmoid to which it is equal. */
const tanhGate = (z: number) => sigmoid(2 * SQRT_2_OVER_PI * (z + GELU_CUBE * z * z * z));
const normalCdf = (z: number) => 0.5 * erfc(-z * Math.SQRT1_2);
const normalPdf = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
/** Returns log(1 + e^z), in a form in which the exponential never overflows. */
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const clamp = (z: number, low: number, high: number) => Math.min(Math.max(z, low), high);
/** 1 if the condition holds, else 0; but NaN where z is NaN. */
const indicator = (z: number, holds: boolean) => (Number.isNaN(z) ? z : holds ? 1 : 0);

/**
 * With these two, a mean of 0 and a variance of 1 reproduce themselves from layer to layer (Klambauer et al.
 * 2017).
 */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** Left of −800, z·gate(z) is 0 in float64; the bound avoids −∞·0. */
const leftTail = (z: number) => Math.max(z, -800);
/** Beyond ±800 every gate below is flat in float64; the bounds avoid ∞·0. */
const bothTails = (z: number) => clamp(z, -800, 800);

/** The scalar activations that every implementation of the kernels has. */
export const SCALAR_ACTIVATIONS = {
  identity: { forward: (z) => z, derivative: () => 1 },
  sigmoid: { forward: sigmoid, derivative: (_, y) => y * (1 - y) },
  tanh: { forward: Math.tanh, derivative: (_, y) => 1 - y * y },
  /** max(z, 0); p is the derivative at 0. */
  relu: {
    forward: (z) => Math.max(z, 0),
    derivative: (z, _, p) => (z > 0 ? 1 : z < 0 ? 0 : z === 0 ? p : z),
  },
  /** p is the slope left of 0, and at 0. */
  leakyRelu: {
    forward: (z, p) => (z > 0 ? z : p * z),
    derivative: (z, _, p) => (z > 0 ? 1 : z <= 0 ? p : z),
  },
  /** z·Φ(z) */
  gelu: {
    forward: (z) => leftTail(z) * normalCdf(z),
    derivative: (z) => normalCdf(z) + bothTails(z) * normalPdf(z),
  },
  geluTanh: {
    forward: (z) => leftTail(z) * tanhGate(z),
    derivative(z) {
      const c = bothTails(z);
      const gate = tanhGate(c);
      return gate + c * gate * (1 - gate) * 2 * SQRT_2_OVER_PI * (1 + 3 * GELU_CUBE * c * c);
    },
  },
  /** z·σ(z) */
  silu: {
    forward: (z) => leftTail(z) * sigmoid(z),
    derivative(z) {
      const gate = sigmoid(z);
      return gate * (1 + bothTails(z) * (1 - gate));
    },
  },
  softplus: { forward: softplus, derivative: sigmoid },
  softsign: {
    forward(z) {
      const c = clamp(z, -1e300, 1e300); // ∞/∞
      return c / (1 + Math.abs(c));
    },
    derivative: (z) => 1 / (1 + Math.abs(z)) ** 2,
  },
  hardSigmoid: {
    forward: (z) => clamp(z + 3, 0, 6) / 6,
    derivative: (z) => indicator(z, z > -3 && z < 3) / 6,
  },
  hardTanh: {
    forward: (z) => clamp(z, -1, 1),
    derivative: (z) => indicator(z, z > -1 && z < 1),
  },
  relu6: {
    forward: (z) => clamp(z, 0, 6),
    derivative: (z) => indicator(z, z > 0 && z < 6),
  },
  /** p is α. */
  elu: {
    forward: (z, p) => (z > 0 ? z : p * Math.expm1(z)),
    derivative: (z, _, p) => (z > 0 ? 1 : p * Math.exp(z)),
  },
  selu: {
    forward: (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * Math.expm1(z)),
    derivative: (z) => SELU_SCALE * (z > 0 ? 1 : SELU_ALPHA * Math.exp(z)),
  },
  /** p is α. */
  celu: {
    forward: (z, p) => (z > 0 ? z : p * Math.expm1(z / p)),
    derivative: (z, _, p) => (z > 0 ? 1 : Math.exp(z / p)),
  },
  hardSwish: {
    forward: (z) => leftTail(z) * (clamp(z + 3, 0, 6) / 6),
    derivative: (z) => (z >= 3 ? 1 : z <= -3 ? 0 : z / 3 + 0.5),
  },
  mish: {
    forward: (z) => leftTail(z) * Math.tanh(softplus(z)),
    derivative(z) {
      const gate = Math.tanh(softplus(z));
      return gate + bothTails(z) * sigmoid(z) * (1 - gate * gate);
    },
  },
  gaussian: {
    forward: (z) => Math.exp(-z * z),
    derivative: (z, y) => -2 * bothTails(z) * y,
  },
  sine: { forward: Math.sin, derivative: Math.cos },
  exp: { forward: Math.exp, derivative: (_, y) => y },
  threshold: {
    forward: (z) => indicator(z, z > 0),
    derivative: (z) => indicator(z, false),
  },
  /** The threshold, with 1 for |z| ≤ 1 in place of its derivative. */
  straightThrough: {
    forward: (z) => indicator(z, z > 0),
    derivative: (z) => indicator(z, z >= -1 && z <= 1),
  },
  /** The threshold, with 1 in place of its derivative. */
  perceptron: {
    forward: (z) => indicator(z, z > 0),
    derivative: (z) => indicator(z, true),
  },
} as const satisfies Record<string, ScalarActivation>;

/** Names a scalar activation. */
export type ActivationKernel = keyof typeof SCALAR_ACTIVATIONS;
