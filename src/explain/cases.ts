/** Lists every layer kind × activation × divergence, from the records themselves: new entries are covered. */
import {
  ACTIVATION_NAMES,
  ACTIVATIONS,
  type ActivationName,
  DIFFERENTIABLE_NAMES,
} from '../network/activations.js';
import {
  DIVERGENCE_NAMES,
  DIVERGENCES,
  type Divergence,
  type DivergenceName,
} from '../network/divergences.js';
import { EXAMPLE_INPUTS, type UncheckedLayer } from '../network/kind.js';
import { LAYER_KINDS } from '../network/kinds.js';
import { type Layer, outputWidth } from '../network/layer.js';
import { type Objective, objective, unfused } from '../network/network.js';
import { buildLayers } from '../network/spec.js';
import { Stream } from '../random.js';
import { type Arithmetic, createInstance, EXPLAIN_PURPOSE, type Instance } from './instance.js';

/** A case is one network to check: a layer kind between an activation and a divergence. */
export interface Case {
  readonly layer: string;
  readonly activation: ActivationName;
  readonly divergence: DivergenceName;
  readonly objective: Objective;
  /** The value of all biases; with a first row of inputs that is 0, the units of that row lie on the kink. */
  readonly kink?: number;
}

/** Exchanges a layer for another; this is how a wrong derivative gets in. */
export type Alter = (layer: Layer) => Layer;

const OUTPUTS = 3;
/** Parameters for divergences whose own default would not show what the parameter does. */
const PARAMETERS: Partial<Record<DivergenceName, number>> = { crossEntropy: 0.1, huber: 0.3, quantile: 0.3 };
/** Two shards of three rows. */
const ROWS = 6;

/** The layer kinds that are not activations, which are the second dimension of the cases. */
export const CHECKED_KINDS = Object.keys(LAYER_KINDS).filter(
  (name) => !(ACTIVATION_NAMES as readonly string[]).includes(name),
);

/** Lists every combination. */
export function allCases(alter?: Alter): Case[] {
  return CHECKED_KINDS.flatMap((layer) =>
    DIFFERENTIABLE_NAMES.flatMap((activation) =>
      DIVERGENCE_NAMES.map((divergence) => caseOf(layer, activation, divergence, alter)),
    ),
  );
}

/**
 * Builds one combination. Neighbouring cases take turns in the examples of their layer, and in whether the
 * divergence is fused with the activation before it, so that each variant is combined with many others.
 */
export function caseOf(
  layer: string,
  activation: ActivationName,
  divergence: DivergenceName,
  alter?: Alter,
): Case {
  const turn = ACTIVATION_NAMES.indexOf(activation) + DIVERGENCE_NAMES.indexOf(divergence);
  const { examples } = LAYER_KINDS[layer];
  const { fused }: Divergence = DIVERGENCES[divergence];
  const specs = [...specsAround(layer, examples[turn % examples.length], activation), { dense: OUTPUTS }];
  const built = buildLayers(fused ? [...specs, fused.activation] : specs, EXAMPLE_INPUTS);
  const layers = alter ? built.map(alter) : built;
  const fuses = Math.floor(turn / examples.length) % 2 === 0;
  const build = fuses ? objective : unfused;
  return { layer, activation, divergence, objective: build(layers, divergence, PARAMETERS[divergence]) };
}

/** Lists every activation on each of its kinks, and every kinked layer with inputs that are 0 and equal. */
export function kinkCases(): Case[] {
  const kinkCase = (
    layer: string,
    activation: ActivationName,
    kink: number,
    specs: UncheckedLayer[],
  ): Case => {
    const layers = buildLayers([{ dense: EXAMPLE_INPUTS }, ...specs, { dense: OUTPUTS }], EXAMPLE_INPUTS);
    return {
      layer,
      activation,
      divergence: 'squaredError',
      objective: objective(layers, 'squaredError'),
      kink,
    };
  };
  const activations = DIFFERENTIABLE_NAMES.flatMap((name) =>
    ACTIVATIONS[name].kinks.map((kink) => kinkCase('dense', name, kink, [name])),
  );
  const layers = CHECKED_KINDS.filter((name) => LAYER_KINDS[name].kinked).map((name) =>
    kinkCase(name, 'identity', 0, [{ [name]: LAYER_KINDS[name].examples[0] }]),
  );
  return [...activations, ...layers];
}

/**
 * Puts the layer between learned ones, so that the gradient passes through it. A layer with a domain gets
 * positive inputs, from a sigmoid.
 */
function specsAround(name: string, example: unknown, activation: ActivationName): UncheckedLayer[] {
  const layer = { [name]: example };
  const [built] = buildLayers([layer], EXAMPLE_INPUTS);
  if (built.readsCodes) return [layer, { dense: 4 }, activation];
  return [{ dense: EXAMPLE_INPUTS }, activation, ...(built.domain ? ['sigmoid'] : []), layer];
}

/** Makes the case's network with reproducible weights and rows, all of them float32 values. */
export function instanceOf(
  { objective: target, activation, divergence, kink }: Case,
  arithmetic?: Arithmetic,
): Instance {
  const training = { objective: target, rows: ROWS, training: true };
  const instance = createInstance(arithmetic ? { ...training, arithmetic } : training);
  const stream = new Stream(5, EXPLAIN_PURPOSE.cases, 0);
  const draw = (scale: number) => Math.fround(scale * (2 * stream.uniform() - 1));
  // Products of larger exponentials would saturate the layers after them.
  const size = activation === 'exp' ? 0.3 : 0.9;
  for (const { spec, offset, length } of instance.layout.views) {
    const constant = 'constant' in spec.init ? spec.init.constant : 0;
    const onKink = spec.name === 'bias' ? kink : undefined;
    for (let i = offset; i < offset + length; i++) {
      instance.parameters[i] = onKink ?? Math.fround(constant + (spec.statistic ? 0 : draw(size)));
    }
  }
  const { input } = instance.network;
  for (let i = 0; i < input.length; i++) input[i] = draw(1.5);
  // The last two inputs are category codes.
  for (let row = 0; row < ROWS; row++) input.set([row % 3, row % 2], (row + 1) * EXAMPLE_INPUTS - 2);
  if (kink !== undefined) input.fill(0, 0, EXAMPLE_INPUTS);
  const { desired } = instance;
  const classes = target.targets === 'class';
  const { domain }: Divergence = DIVERGENCES[divergence];
  for (let i = 0; i < desired.length; i++) {
    const value = Math.fround(stream.uniform());
    const allowed = domain && !domain.holds(value) ? i % 2 : value;
    desired[i] = classes ? i % outputWidth(target.layers) : allowed;
  }
  return instance;
}
