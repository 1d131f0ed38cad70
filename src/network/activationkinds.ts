/** The kinds of layer that are activations: of a number, with learned or drawn slopes, and gates. */
import { z } from 'zod';
import {
  ACTIVATION_NAMES,
  ACTIVATIONS,
  type Activation,
  type ActivationName,
  DIFFERENTIABLE_NAMES,
} from './activations.js';
import { kind, type LayerKind, rate, type TypedKind } from './kind.js';
import { activation } from './layers/activation.js';
import { GATES, type GateName, gate } from './layers/gate.js';
import { parametric } from './layers/parametric.js';
import { prelu } from './layers/prelu.js';
import { rrelu } from './layers/rrelu.js';

export const ACTIVATION_KINDS = {
  ...activationKinds(),
  threshold: kind(
    { gradient: z.enum(['none', 'straightThrough', 'perceptron']).default('none') },
    {
      formula: ACTIVATIONS.threshold.formula,
      torch: ACTIVATIONS.threshold.torch,
      shorthand: 'gradient',
      build: ({ gradient }, { inputs }) => activation(gradient === 'none' ? 'threshold' : gradient, inputs),
    },
  ),
  prelu: kind(
    { perUnit: z.boolean().default(false) },
    {
      formula: 'z for z>0, a·z otherwise, a learned',
      torch: 'PReLU',
      examples: [{}, { perUnit: true }],
      kinked: true,
      build: ({ perUnit }, { inputs }) => prelu(inputs, perUnit),
    },
  ),
  parametric: kind(
    { activation: z.enum(DIFFERENTIABLE_NAMES), rate: rate.default(0.1) },
    {
      formula: 'x + a·(f(x) − x), a learned, 1 at first',
      torch: 'none',
      examples: [{ activation: 'selu' }, { activation: 'mish', rate: 1 }],
      kinked: true,
      shorthand: 'activation',
      build: ({ activation: name, rate }, { inputs }) => parametric(name, inputs, rate),
    },
  ),
  rrelu: kind(
    { lower: z.number().default(1 / 8), upper: z.number().default(1 / 3) },
    {
      formula: 'z for z≥0, a·z otherwise, a uniform in [lower, upper)',
      torch: 'RReLU',
      kinked: true,
      build({ lower, upper }, { inputs, fail }) {
        if (lower > upper) fail(`lower must be at most upper, found ${lower} and ${upper}`);
        return rrelu(inputs, lower, upper);
      },
    },
  ),
} as const;

export const GATE_KINDS = gateKinds();

/** The spellings of an activation's argument: its one parameter by name or as a bare number. */
type ActivationSpelling<Entry> = Entry extends {
  readonly parameter: { readonly name: infer Key extends string };
}
  ? number | { readonly [Name in Key]?: number | undefined }
  : null;

type ActivationKinds = {
  readonly [Name in ActivationName]: TypedKind<ActivationSpelling<(typeof ACTIVATIONS)[Name]>>;
};

function activationKinds(): ActivationKinds {
  return Object.fromEntries(ACTIVATION_NAMES.map((name) => [name, activationKind(name)])) as ActivationKinds;
}

function gateKinds(): Readonly<Record<GateName, TypedKind<null>>> {
  const names = Object.keys(GATES) as GateName[];
  return Object.fromEntries(names.map((name) => [name, gateKind(name)])) as Record<GateName, TypedKind<null>>;
}

function activationKind(name: ActivationName): LayerKind {
  const { formula, torch, parameter }: Activation = ACTIVATIONS[name];
  if (!parameter) return kind({}, { formula, torch, build: (_, { inputs }) => activation(name, inputs) });
  const { name: key, min, max } = parameter;
  return kind(
    { [key]: z.number().min(min).max(max).default(parameter.default) },
    {
      formula,
      torch,
      shorthand: key,
      build: (argument, { inputs }) => activation(name, inputs, argument[key] as number),
    },
  );
}

function gateKind(name: GateName): TypedKind<null> {
  return kind(
    {},
    {
      formula: `a·${GATES[name]}(b), x = (a, b)`,
      torch: name === 'glu' ? 'GLU' : 'none',
      build(_, { inputs, fail }) {
        if (inputs % 2 !== 0) fail(`splits its input in two halves, but the input has ${inputs} values`);
        return gate(name, inputs);
      },
    },
  );
}
