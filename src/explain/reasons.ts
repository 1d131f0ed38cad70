/** Says which subgradient is taken at a kink, and why (lecture, section 4). */
import { ACTIVATIONS, type Activation, type ActivationName } from '../network/activations.js';
import type { DivergenceName } from '../network/divergences.js';
import type { Layer } from '../network/layer.js';
import { neighbours } from '../network/layers/max.js';
import { FLOAT64 } from './instance.js';
import { DIVERGENCE_KINKS, kinksOf } from './kinks.js';

/** Says what is special about the derivative of y_j = f(z_j) at this z, where the slope `taken` was used. */
export function activationNotes(layer: Layer, name: string, z: number, taken: number): string[] {
  const activation: Activation | undefined = ACTIVATIONS[layer.kind as ActivationName];
  const notes: string[] = [];
  if (layer.gradient === 'none') {
    notes.push(
      `${layer.kind} has the derivative 0 wherever it has one, so nothing passes back: backpropagation cannot train what lies before it.`,
    );
  }
  if (layer.gradient === 'estimate' && activation) {
    notes.push(
      `${layer.kind} passes back an estimate, not its derivative: ${activation.derivative}. No difference quotient can confirm it.`,
    );
  }
  if (layer.gradient === undefined && kinksOf(layer).includes(z)) {
    const [low, high] = slopesBeside(layer, z).map((slope) => Number(slope.toPrecision(4)));
    const why =
      layer.kind === 'relu'
        ? 'PyTorch takes 0, which is the default, and the lecture 1, as {relu: {atZero: 1}} does'
        : 'as PyTorch does';
    notes.push(
      `${name} = ${z} is a kink of ${layer.kind}, where any slope from ${low} to ${high} is a subgradient: ${taken} is taken (${why}).`,
    );
  }
  return notes;
}

/** Returns the slopes on the two sides of a kink, the smaller first. */
function slopesBeside({ kind, argument = {} }: Layer, z: number): number[] {
  const learned = kind === 'parametric' ? argument.activation : kind;
  const name = (learned === 'prelu' || learned === 'rrelu' ? 'leakyRelu' : learned) as ActivationName;
  const { parameter }: Activation = ACTIVATIONS[name];
  const p = Number((parameter && argument[parameter.name]) ?? parameter?.default ?? 0);
  const slopeAt = (at: number) => {
    const [x, y, dx] = [Float64Array.of(at), new Float64Array(1), new Float64Array(1)];
    FLOAT64.kernels.activate(name, y, x, 1, p);
    FLOAT64.kernels.activateBackward(name, dx, Float64Array.of(1), x, y, 1, p);
    return dx[0];
  };
  return [slopeAt(z - 1e-9), slopeAt(z + 1e-9)].sort((a, b) => a - b);
}

/** Says which of a group's inputs is the largest, and what happens in a tie. */
export function maximumNotes(
  layer: Layer,
  j: number,
  names: readonly string[],
  x: readonly number[],
): string[] {
  if (layer.kind !== 'groupMax') return [];
  const { inputs, outputs, argument = {} } = layer;
  const groups = (argument.groups as number[][] | undefined) ?? neighbours(inputs, inputs / outputs);
  const group = groups[j];
  const largest = Math.max(...group.map((i) => x[i]));
  const winners = group.filter((i) => x[i] === largest);
  const [first] = winners;
  const others = group.filter((i) => i !== first).map((i) => names[i]);
  if (winners.length === 1) {
    return others.length === 0
      ? []
      : [
          `${names[first]} is the largest of its group, so its derivative is 1, and 0 for ${others.join(', ')}.`,
        ];
  }
  return [
    `${winners.map((i) => names[i]).join(' and ')} tie: a kink, where any shares that add up to 1 are a subgradient. The first of the group, ${names[first]}, takes 1.`,
  ];
}

/** Says where a divergence bends. */
export function divergenceNotes(loss: DivergenceName, y: number, d: number): string[] {
  const kinkAt = DIVERGENCE_KINKS[loss];
  return kinkAt && kinkAt(d) === y ? [`y = ${y} is a kink of ${loss}: a subgradient is taken.`] : [];
}
