/** The scalar activations: what documentation, layers and tests need to know of each. */
import type { ActivationKernel } from '../kernels/reference/activations.js';
import type { InitializerName } from './initializers.js';

/** Describes a scalar activation y = f(z). */
export interface Activation {
  readonly formula: string;
  /**
   * f′ in terms of z or y = f(z); at a kink, the subgradient that is taken, which is PyTorch's (lecture,
   * section 4).
   */
  readonly derivative: string;
  /** The name, default and range of its one parameter. */
  readonly parameter?: {
    readonly name: string;
    readonly default: number;
    readonly min: number;
    readonly max: number;
  };
  /**
   * Where f is not differentiable with the parameter at its default; finite differences step over these
   * points.
   */
  readonly kinks: readonly number[];
  /**
   * Set where backpropagation does not pass on f′ as it should be. `none`: f′ is 0 wherever it exists, so
   * nothing is passed on, and training refuses weights before the activation. `estimate`: another function
   * stands in for f′, so finite differences would not agree with it.
   */
  readonly gradient?: 'none' | 'estimate';
  /**
   * The initialiser that preserves the variance of a signal through the weights before the activation (He et
   * al. 2015; Glorot & Bengio 2010; LeCun et al. 1998).
   */
  readonly init: InitializerName;
  /** Set where an output is by itself the probability that the answer to its question is yes. */
  readonly probabilities?: 'independent';
  readonly torch: string;
}

export const ACTIVATIONS = {
  identity: {
    formula: 'z',
    derivative: '1',
    kinks: [],
    init: 'glorotUniform',
    torch: 'Identity',
  },
  sigmoid: {
    formula: '1/(1+e^-z)',
    derivative: 'y(1-y)',
    kinks: [],
    init: 'glorotUniform',
    probabilities: 'independent',
    torch: 'Sigmoid',
  },
  tanh: {
    formula: 'tanh z',
    derivative: '1-y²',
    kinks: [],
    init: 'glorotUniform',
    torch: 'Tanh',
  },
  relu: {
    formula: 'max(z,0)',
    derivative: '1 for z>0, 0 for z<0, atZero at 0',
    parameter: { name: 'atZero', default: 0, min: 0, max: 1 },
    kinks: [0],
    init: 'heNormal',
    torch: 'ReLU',
  },
  leakyRelu: {
    formula: 'z for z>0, slope·z otherwise',
    derivative: '1 for z>0, slope otherwise',
    parameter: { name: 'slope', default: 0.01, min: 0, max: 1 },
    kinks: [0],
    init: 'heNormal',
    torch: 'LeakyReLU',
  },
  relu6: {
    formula: 'min(max(z,0),6)',
    derivative: '1 for 0<z<6, 0 otherwise',
    kinks: [0, 6],
    init: 'heNormal',
    torch: 'ReLU6',
  },
  elu: {
    formula: 'z for z>0, alpha·(e^z-1) otherwise',
    derivative: '1 for z>0, alpha·e^z otherwise',
    parameter: { name: 'alpha', default: 1, min: 0, max: 100 },
    kinks: [], // with any other alpha there is one at 0
    init: 'heNormal',
    torch: 'ELU',
  },
  selu: {
    formula: 'λz for z>0, λα(e^z-1) otherwise, λ=1.0507…, α=1.6732…',
    derivative: 'λ for z>0, λα·e^z otherwise',
    kinks: [0],
    init: 'lecunNormal', // Klambauer et al. 2017
    torch: 'SELU',
  },
  celu: {
    formula: 'z for z>0, alpha·(e^(z/alpha)-1) otherwise',
    derivative: '1 for z>0, e^(z/alpha) otherwise',
    parameter: { name: 'alpha', default: 1, min: 0.001, max: 100 },
    kinks: [],
    init: 'heNormal',
    torch: 'CELU',
  },
  gelu: {
    formula: 'z·Φ(z)',
    derivative: 'Φ(z)+z·φ(z)',
    kinks: [],
    init: 'heNormal',
    torch: 'GELU',
  },
  geluTanh: {
    formula: 'z/2·(1+tanh(√(2/π)(z+0.044715z³)))',
    derivative: '(1+t)/2 + z/2·(1-t²)·√(2/π)(1+0.134145z²), t the tanh',
    kinks: [],
    init: 'heNormal',
    torch: "GELU(approximate='tanh')",
  },
  silu: {
    formula: 'z·σ(z)',
    derivative: 'σ(z)(1+z(1-σ(z)))',
    kinks: [],
    init: 'heNormal',
    torch: 'SiLU',
  },
  mish: {
    formula: 'z·tanh(log(1+e^z))',
    derivative: 't+z·σ(z)(1-t²), t the tanh',
    kinks: [],
    init: 'heNormal',
    torch: 'Mish',
  },
  softplus: {
    formula: 'log(1+e^z)',
    derivative: 'σ(z)',
    kinks: [],
    init: 'heNormal',
    torch: 'Softplus',
  },
  softsign: {
    formula: 'z/(1+|z|)',
    derivative: '1/(1+|z|)²',
    kinks: [],
    init: 'glorotUniform',
    torch: 'Softsign',
  },
  hardSigmoid: {
    formula: 'min(max(z+3,0),6)/6',
    derivative: '1/6 for -3<z<3, 0 otherwise',
    kinks: [-3, 3],
    init: 'glorotUniform',
    torch: 'Hardsigmoid',
  },
  hardTanh: {
    formula: 'min(max(z,-1),1)',
    derivative: '1 for -1<z<1, 0 otherwise',
    kinks: [-1, 1],
    init: 'glorotUniform',
    torch: 'Hardtanh',
  },
  hardSwish: {
    formula: 'z·min(max(z+3,0),6)/6',
    derivative: '0 for z≤-3, z/3+1/2 for -3<z<3, 1 for z≥3',
    kinks: [-3, 3],
    init: 'heNormal',
    torch: 'Hardswish',
  },
  gaussian: {
    formula: 'e^(-z²)',
    derivative: '-2zy',
    kinks: [],
    init: 'glorotUniform',
    torch: 'none',
  },
  sine: {
    formula: 'sin z',
    derivative: 'cos z',
    kinks: [],
    init: 'heUniform', // Sitzmann et al. 2020
    torch: 'sin',
  },
  exp: {
    formula: 'e^z',
    derivative: 'y',
    kinks: [],
    init: 'glorotUniform',
    torch: 'exp',
  },
  threshold: {
    formula: '1 for z>0, 0 otherwise',
    derivative: '0, and at 0 none: backpropagation cannot train what lies before it',
    kinks: [0],
    gradient: 'none',
    init: 'glorotUniform',
    torch: 'heaviside',
  },
  straightThrough: {
    formula: '1 for z>0, 0 otherwise',
    derivative: '1 for |z|≤1, 0 otherwise: an estimate, the true one is 0 (Bengio et al. 2013)',
    kinks: [0],
    gradient: 'estimate',
    init: 'glorotUniform',
    torch: 'none',
  },
  perceptron: {
    formula: '1 for z>0, 0 otherwise',
    derivative: '1: no derivative, but with ½‖y−d‖² the perceptron rule w ← w + η(d−y)x (Rosenblatt 1958)',
    kinks: [0],
    gradient: 'estimate',
    init: 'glorotUniform',
    torch: 'none',
  },
} as const satisfies Record<ActivationKernel, Activation>;

/** Names a scalar activation. */
export type ActivationName = keyof typeof ACTIVATIONS;
export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/** The activations whose backward pass is their derivative. */
export const DIFFERENTIABLE_NAMES = ACTIVATION_NAMES.filter((name) => {
  const { gradient }: Activation = ACTIVATIONS[name];
  return gradient === undefined;
});
