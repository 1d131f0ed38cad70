/** Every layer kind × activation × divergence, from the lists themselves: a new entry is covered by being there. */
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
import { EXAMPLE_INPUTS, type LayerSpec } from '../network/kind.js';
import { LAYER_KINDS } from '../network/kinds.js';
import type { Layer } from '../network/layer.js';
import { type Objective, objective, unfused } from '../network/network.js';
import { buildLayers } from '../network/spec.js';
import { Stream } from '../random.js';
import { type Arithmetic, createInstance, type Instance, outputsOf } from './instance.js';

export interface Case {
  readonly layer: string;
  readonly activation: ActivationName;
  readonly divergence: DivergenceName;
  readonly objective: Objective;
  /** all biases are this, and the first row is 0: its units lie on the kink */
  readonly kink?: number;
}

/** A layer exchanged for another: how a wrong derivative comes in. */
export type Alter = (layer: Layer) => Layer;

const OUTPUTS = 3;
/** Where a divergence's own default would not show what its parameter does. */
const PARAMETERS: Partial<Record<DivergenceName, number>> = { crossEntropy: 0.1, huber: 0.3, quantile: 0.3 };
/** Two shards of three. */
const ROWS = 6;

/** The kinds that stand between activations; activations themselves are the second dimension. */
export const CHECKED_KINDS = Object.keys(LAYER_KINDS).filter(
  (name) => !(ACTIVATION_NAMES as readonly string[]).includes(name),
);

export function allCases(alter?: Alter): Case[] {
  return CHECKED_KINDS.flatMap((layer) =>
    DIFFERENTIABLE_NAMES.flatMap((activation) =>
      DIVERGENCE_NAMES.map((divergence) => caseOf(layer, activation, divergence, alter)),
    ),
  );
}

/**
 * Neighbouring cases take turns in the examples of their layer and in whether the divergence is fused with the activation
 * before it, so that each is seen with many others.
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
  const specs = [...between(layer, examples[turn % examples.length], activation), { dense: OUTPUTS }];
  const built = buildLayers(fused ? [...specs, fused.activation] : specs, EXAMPLE_INPUTS);
  const layers = alter ? built.map(alter) : built;
  const inTurn = Math.floor(turn / examples.length) % 2 === 0;
  const target = inTurn ? objective : unfused;
  return { layer, activation, divergence, objective: target(layers, divergence, PARAMETERS[divergence]) };
}

/** Every activation at each of its kinks, and every layer that has one where its inputs are 0 and equal. */
export function kinkCases(): Case[] {
  const of = (layer: string, activation: ActivationName, kink: number, specs: LayerSpec[]): Case => {
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
    ACTIVATIONS[name].kinks.map((kink) => of('dense', name, kink, [name])),
  );
  const layers = CHECKED_KINDS.filter((name) => LAYER_KINDS[name].kinked).map((name) =>
    of(name, 'identity', 0, [{ [name]: LAYER_KINDS[name].examples[0] }]),
  );
  return [...activations, ...layers];
}

/** The layer among learned ones, so that its derivative is passed through; above 0 where it is defined only there. */
function between(name: string, example: unknown, activation: ActivationName): LayerSpec[] {
  const layer = { [name]: example };
  const [built] = buildLayers([layer], EXAMPLE_INPUTS);
  if (built.readsCodes) return [layer, { dense: 4 }, activation];
  return [{ dense: EXAMPLE_INPUTS }, activation, ...(built.domain ? ['sigmoid'] : []), layer];
}

/** The case's network with reproducible weights and rows, all of them float32 values. */
export function instanceOf(
  { objective: target, activation, divergence, kink }: Case,
  arithmetic?: Arithmetic,
): Instance {
  const training = { objective: target, rows: ROWS, training: true };
  const instance = createInstance(arithmetic ? { ...training, arithmetic } : training);
  const stream = new Stream(5, 90, 0);
  const draw = (scale: number) => Math.fround(scale * (2 * stream.uniform() - 1));
  const size = activation === 'exp' ? 0.3 : 0.9; // more, and products of exponentials saturate what follows
  for (const { spec, offset, length } of instance.layout.views) {
    const constant = 'constant' in spec.init ? spec.init.constant : 0;
    const onKink = spec.name === 'bias' ? kink : undefined;
    for (let i = offset; i < offset + length; i++) {
      instance.parameters[i] = onKink ?? Math.fround(constant + (spec.statistic ? 0 : draw(size)));
    }
  }
  const { input } = instance.network;
  for (let i = 0; i < input.length; i++) input[i] = draw(1.5);
  for (let row = 0; row < ROWS; row++) input.set([row % 3, row % 2], (row + 1) * EXAMPLE_INPUTS - 2); // codes too
  if (kink !== undefined) input.fill(0, 0, EXAMPLE_INPUTS);
  const { desired } = instance;
  const classes = target.targets === 'class';
  const { domain }: Divergence = DIVERGENCES[divergence];
  for (let i = 0; i < desired.length; i++) {
    const value = Math.fround(stream.uniform());
    const allowed = domain && !domain.holds(value) ? i % 2 : value;
    desired[i] = classes ? i % outputsOf(target.layers) : allowed;
  }
  return instance;
}
