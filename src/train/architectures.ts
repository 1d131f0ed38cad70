/** How the keys hidden, activation and dropout become layers: plainly, or as RealMLP's. */
import type { ActivationName } from '../network/activations.js';
import type { LayerSpec } from '../network/spec.js';

/** Makes the layers of a network of hidden layers. */
interface Architecture {
  /** Layers between the embeddings and the first hidden layer. */
  readonly front: readonly LayerSpec[];
  dense(units: number): LayerSpec;
  activate(activation: ActivationName): LayerSpec;
  output(units: number): LayerSpec;
}

/** Biases learn at a tenth of the rate. */
const NTK = { ntk: true, biasRate: 0.1 } as const;

/**
 * RealMLP's layers (Holzmüller, Grinsztajn & Steinwart 2024, "Better by default"), with the numbers of
 * RealMLP_TD_* and RealMLP_TD_S_* in pytabkit's models/sklearn/default_params.py
 * (github.com/dholzmueller/pytabkit).
 */
const REALMLP: Architecture = {
  front: [{ scale: { rate: 6 } }],
  dense: (units) => ({ dense: { units, ...NTK } }),
  activate: (activation) => ({ parametric: { activation, rate: 0.1 } }),
  output: (units) => ({ dense: { units, ...NTK, zero: false } }),
};

const ARCHITECTURES = {
  plain: {
    front: [],
    dense: (units) => ({ dense: units }),
    activate: (activation) => activation,
    output: (units) => ({ dense: units }),
  },
  realmlp: REALMLP,
  'realmlp-s': {
    ...REALMLP,
    activate: (activation) => activation,
    output: (units) => ({ dense: { units, ...NTK, zero: true } }),
  },
} as const satisfies Record<string, Architecture>;

type ArchitectureName = keyof typeof ARCHITECTURES;
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as ArchitectureName[];

/** Returns the architecture of a name. */
export const architectureOf = (name: ArchitectureName): Architecture => ARCHITECTURES[name];
