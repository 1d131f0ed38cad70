/**
 * The network language: a list such as [{ dense: 128 }, 'relu', { dense: 10 }, 'softmax'], in a config or in code.
 * Widths are inferred from the input's. A layer kind is one entry of LAYER_KINDS.
 */
import { closest } from '../closest.js';
import { UsageError } from '../errors.js';
import { ACTIVATION_NAMES, ACTIVATIONS, type Activation, type ActivationName } from './activations.js';
import type { Layer } from './layer.js';
import { activation } from './layers/activation.js';
import { dense } from './layers/dense.js';
import { softmax } from './layers/softmax.js';

/** A layer's name, alone or with its argument: 'relu', { dense: 128 }, { leakyRelu: { slope: 0.1 } }. */
export type LayerSpec = string | { readonly [kind: string]: unknown };

/** Builds a layer on an input of this width; `where` names the layer in error messages. */
type LayerKind = (argument: unknown, inputs: number, where: string) => Layer;

export const LAYER_KINDS: Readonly<Record<string, LayerKind>> = {
  dense: buildDense,
  softmax: (argument, inputs, where) => {
    if (argument !== undefined && argument !== null) refuseArgument(argument, where);
    return softmax(inputs);
  },
  ...Object.fromEntries(ACTIVATION_NAMES.map((name) => [name, buildActivation(name)])),
};

/** Builds the layers of a network on an input of the given width. Throws UsageError naming the layer. */
export function buildLayers(specs: readonly LayerSpec[], inputs: number): Layer[] {
  let width = inputs;
  return specs.map((spec, index) => {
    const [kind, argument] = kindAndArgument(spec, index);
    const build = Object.hasOwn(LAYER_KINDS, kind) ? LAYER_KINDS[kind] : undefined;
    if (!build) {
      const known = Object.keys(LAYER_KINDS);
      throw new UsageError(
        `layers[${index}]: unknown layer '${kind}'${closest(kind, known)}; known: ${known.join(', ')}`,
      );
    }
    const layer = build(argument, width, `layers[${index}] (${kind})`);
    width = layer.outputs;
    return layer;
  });
}

function kindAndArgument(spec: LayerSpec, index: number): [string, unknown] {
  if (typeof spec === 'string') return [spec, undefined];
  const entries = Object.entries(spec);
  if (entries.length !== 1) {
    throw new UsageError(
      `layers[${index}]: expected one kind such as {dense: 128}, found ${JSON.stringify(spec)}`,
    );
  }
  return entries[0];
}

function buildDense(argument: unknown, inputs: number, where: string): Layer {
  const {
    units,
    bias = true,
    ...others
  } = (typeof argument === 'number' ? { units: argument } : (argument ?? {})) as {
    units?: unknown;
    bias?: unknown;
  };
  refuseKeys(others, ['units', 'bias'], where);
  if (typeof units !== 'number' || !Number.isInteger(units) || units < 1) {
    throw new UsageError(
      `${where}: units must be a whole number of at least 1, found ${JSON.stringify(units)}`,
    );
  }
  if (typeof bias !== 'boolean') {
    throw new UsageError(`${where}: bias must be true or false, found ${JSON.stringify(bias)}`);
  }
  return dense(inputs, units, bias);
}

function buildActivation(name: ActivationName): LayerKind {
  const { parameter }: Activation = ACTIVATIONS[name];
  return (argument, inputs, where) => {
    if (argument === undefined || argument === null) return activation(name, inputs);
    if (!parameter) return refuseArgument(argument, where);
    const { [parameter.name]: value, ...others } = (
      typeof argument === 'number' ? { [parameter.name]: argument } : argument
    ) as Record<string, unknown>;
    refuseKeys(others, [parameter.name], where);
    if (typeof value !== 'number' || !(value >= parameter.min && value <= parameter.max)) {
      const range = `between ${parameter.min} and ${parameter.max}`;
      throw new UsageError(
        `${where}: ${parameter.name} must be a number ${range}, found ${JSON.stringify(value)}`,
      );
    }
    return activation(name, inputs, value);
  };
}

function refuseArgument(argument: unknown, where: string): never {
  throw new UsageError(`${where}: takes no argument, found ${JSON.stringify(argument)}`);
}

function refuseKeys(others: object, known: readonly string[], where: string): void {
  const [key] = Object.keys(others);
  if (key !== undefined) {
    throw new UsageError(`${where}: unknown key '${key}'${closest(key, known)}; known: ${known.join(', ')}`);
  }
}
