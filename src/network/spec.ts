/**
 * The network language: a list such as [{ dense: 128 }, 'relu', { residual: [{ dense: 128 }, 'tanh'] }, {
 * dense: 10 }, 'softmax'], in a configuration or in code. Widths are inferred from the width of the input,
 * and checked.
 */
import { didYouMean } from '../didyoumean.js';
import { UsageError } from '../errors.js';
import { describeIssue } from '../issues.js';
import type { DivergenceName } from './divergences.js';
import type { Build, LayerKind, UncheckedLayer } from './kind.js';
import { LAYER_KINDS } from './kinds.js';
import type { Layer } from './layer.js';
import type { LayerSpec } from './layerspec.js';

export type { LayerSpec } from './layerspec.js';

/**
 * A network as plain data, from which any thread and any later reader of the model builds the same layers.
 */
export interface NetworkSpec {
  /** Width of the input. */
  readonly inputs: number;
  readonly layers: readonly LayerSpec[];
  readonly loss: DivergenceName;
  /**
   * The parameter of the divergence, or its list of levels, where it has such; by default its own default.
   */
  readonly lossParameter?: number | readonly number[] | undefined;
}

/** Builds the layers of a network on an input of the given width. Throws UsageError naming the layer. */
export function buildLayers(specs: readonly UncheckedLayer[], inputs: number, where = 'layers'): Layer[] {
  if (!Array.isArray(specs) || specs.length === 0) {
    throw new UsageError(
      `${where}: expected a list of layers such as [{dense: 128}, relu], found ${JSON.stringify(specs)}`,
    );
  }
  let width = inputs;
  return specs.map((spec, index) => {
    const layer = buildLayer(spec, width, `${where}[${index}]`);
    width = layer.outputs;
    return layer;
  });
}

function buildLayer(spec: UncheckedLayer, inputs: number, where: string): Layer {
  const [name, argument] = nameAndArgument(spec, where);
  const kind: LayerKind | undefined = Object.hasOwn(LAYER_KINDS, name) ? LAYER_KINDS[name] : undefined;
  if (!kind) {
    const known = Object.keys(LAYER_KINDS);
    throw new UsageError(
      `${where}: unknown layer '${name}'${didYouMean(name, known)}; known: ${known.join(', ')}`,
    );
  }
  const place = `${where} (${name})`;
  const fail: Build['fail'] = (message) => {
    throw new UsageError(`${place}: ${message}`);
  };
  const known = Object.keys(kind.argument.shape);
  const given = longForm(kind, argument);
  if (known.length === 0 && given !== NOTHING) {
    return fail(`takes no argument, found ${JSON.stringify(given)}`);
  }
  const parsed = kind.argument.safeParse(given);
  if (!parsed.success) {
    // zod reports a missing key first, but a misspelt one explains why it is missing
    const { issues } = parsed.error;
    return fail(
      describeIssue(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0], given, known),
    );
  }
  const layer = kind.build(parsed.data as never, {
    inputs,
    fail,
    layers: (specs, width = inputs, part = '') => buildLayers(specs, width, `${place}${part}`),
  });
  return { ...layer, argument: parsed.data };
}

function nameAndArgument(spec: UncheckedLayer, where: string): [string, unknown] {
  if (typeof spec === 'string') return [spec, undefined];
  const entries = Object.entries(spec ?? {});
  if (entries.length === 1) return entries[0];
  throw new UsageError(`${where}: expected one kind such as {dense: 128}, found ${JSON.stringify(spec)}`);
}

const NOTHING = {};

/**
 * Writes an argument out: {dense: 128} stands for {dense: {units: 128}}, and an argument that is left out for
 * {}.
 */
function longForm({ shorthand }: LayerKind, argument: unknown): unknown {
  if (argument === undefined || argument === null) return NOTHING;
  const short = typeof argument !== 'object' || Array.isArray(argument);
  return short && shorthand !== undefined ? { [shorthand]: argument } : argument;
}
