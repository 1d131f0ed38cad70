import { ACTIVATION_CODES } from '../codes.js';
import type { Kernels } from '../kernels.js';
import { erfc } from './erf.js';

interface ScalarActivation {
  forward(z: number, p: number): number;
  /** f′(z); y = f(z). */
  derivative(z: number, y: number, p: number): number;
}

/** e^(−|z|) on either side, so that nothing overflows and both tails keep their relative accuracy. */
export function sigmoid(z: number): number {
  const e = Math.exp(-Math.abs(z));
  return z < 0 ? e / (1 + e) : 1 / (1 + e);
}

const GELU_CUBE = 0.044715;
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** ½(1 + tanh(√(2/π)(z + 0.044715 z³))), written as the sigmoid that it is. */
const tanhGate = (z: number) => sigmoid(2 * SQRT_2_OVER_PI * (z + GELU_CUBE * z * z * z));
const normalCdf = (z: number) => 0.5 * erfc(-z * Math.SQRT1_2);
const normalPdf = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** Left of here z·gate(z) is zero in float64; keeps −∞·0 away. */
const leftTail = (z: number) => Math.max(z, -800);
/** Beyond ±800 every gate below is flat in float64; keeps ∞·0 away. */
const bothTails = (z: number) => Math.min(leftTail(z), 800);

export const SCALAR_ACTIVATIONS: Readonly<Record<keyof typeof ACTIVATION_CODES, ScalarActivation>> = {
  identity: { forward: (z) => z, derivative: () => 1 },
  sigmoid: { forward: sigmoid, derivative: (_, y) => y * (1 - y) },
  tanh: { forward: Math.tanh, derivative: (_, y) => 1 - y * y },
  /** p: the derivative at 0. */
  relu: {
    forward: (z) => Math.max(z, 0),
    derivative: (z, _, p) => (z > 0 ? 1 : z < 0 ? 0 : z === 0 ? p : z),
  },
  /** p: the slope left of 0, and at 0. */
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
};

const BY_CODE: readonly ScalarActivation[] = Object.keys(ACTIVATION_CODES)
  .map((name) => name as keyof typeof ACTIVATION_CODES)
  .sort((a, b) => ACTIVATION_CODES[a] - ACTIVATION_CODES[b])
  .map((name) => SCALAR_ACTIVATIONS[name]);

export const activations: Pick<Kernels, 'activate' | 'activateBackward'> = {
  activate(code, y, z, count, p) {
    const f = BY_CODE[code];
    for (let i = 0; i < count; i++) y[i] = f.forward(z[i], p);
  },
  activateBackward(code, dz, dy, z, y, count, p) {
    const f = BY_CODE[code];
    for (let i = 0; i < count; i++) dz[i] = dy[i] * f.derivative(z[i], y[i], p);
  },
};
