import { ACTIVATION_CODES } from '../kernels/codes.js';

/** A scalar activation y = f(z): what the documentation, the tests and the kernels need to know of it. */
export interface Activation {
  readonly code: number;
  readonly formula: string;
  /** f′, in z or in y = f(z); at a kink, the subgradient taken */
  readonly derivative: string;
  /** the name and default of its one parameter */
  readonly parameter?: {
    readonly name: string;
    readonly default: number;
    readonly min: number;
    readonly max: number;
  };
  /** where f is not differentiable: finite differences step over these */
  readonly kinks: readonly number[];
  /** the variance-preserving initialiser of the weights before it (He et al. 2015; Glorot & Bengio 2010) */
  readonly init: 'heNormal' | 'glorotUniform';
  readonly torch: string;
}

export const ACTIVATIONS = {
  identity: {
    code: ACTIVATION_CODES.identity,
    formula: 'z',
    derivative: '1',
    kinks: [],
    init: 'glorotUniform',
    torch: 'Identity',
  },
  sigmoid: {
    code: ACTIVATION_CODES.sigmoid,
    formula: '1/(1+e^-z)',
    derivative: 'y(1-y)',
    kinks: [],
    init: 'glorotUniform',
    torch: 'Sigmoid',
  },
  tanh: {
    code: ACTIVATION_CODES.tanh,
    formula: 'tanh z',
    derivative: '1-y²',
    kinks: [],
    init: 'glorotUniform',
    torch: 'Tanh',
  },
  relu: {
    code: ACTIVATION_CODES.relu,
    formula: 'max(z,0)',
    derivative: '1 for z>0, 0 for z<0, atZero at 0',
    parameter: { name: 'atZero', default: 0, min: 0, max: 1 },
    kinks: [0],
    init: 'heNormal',
    torch: 'ReLU',
  },
  leakyRelu: {
    code: ACTIVATION_CODES.leakyRelu,
    formula: 'z for z>0, slope·z otherwise',
    derivative: '1 for z>0, slope otherwise',
    parameter: { name: 'slope', default: 0.01, min: 0, max: 1 },
    kinks: [0],
    init: 'heNormal',
    torch: 'LeakyReLU',
  },
  gelu: {
    code: ACTIVATION_CODES.gelu,
    formula: 'z·Φ(z)',
    derivative: 'Φ(z)+z·φ(z)',
    kinks: [],
    init: 'heNormal',
    torch: 'GELU',
  },
  geluTanh: {
    code: ACTIVATION_CODES.geluTanh,
    formula: 'z/2·(1+tanh(√(2/π)(z+0.044715z³)))',
    derivative: '(1+t)/2 + z/2·(1-t²)·√(2/π)(1+0.134145z²), t the tanh',
    kinks: [],
    init: 'heNormal',
    torch: "GELU(approximate='tanh')",
  },
  silu: {
    code: ACTIVATION_CODES.silu,
    formula: 'z·σ(z)',
    derivative: 'σ(z)(1+z(1-σ(z)))',
    kinks: [],
    init: 'heNormal',
    torch: 'SiLU',
  },
} as const satisfies Record<string, Activation>;

export type ActivationName = keyof typeof ACTIVATIONS;
export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as ActivationName[];
