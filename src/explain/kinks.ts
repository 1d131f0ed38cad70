/**
 * Counts the kinks that a small change meets: points at which Div bends, where prediction by derivatives
 * fails.
 */
import { ACTIVATIONS, type Activation, type ActivationName } from '../network/activations.js';
import type { DivergenceName } from '../network/divergences.js';
import type { Layer } from '../network/layer.js';
import { GATES, type GateName } from '../network/layers/gate.js';
import { neighbours } from '../network/layers/max.js';
import type { DoubleDouble } from './precise/doubledouble.js';
import type { Computed, Values } from './precise/task.js';

/** Where a divergence bends, as a function of the target d. */
export const DIVERGENCE_KINKS: Partial<Record<DivergenceName, (d: number) => number>> = {
  absoluteError: (d) => d,
  quantile: (d) => d,
  quantiles: (d) => d,
  hinge: (d) => (d > 0 ? 1 : -1),
};

/** Counts the kinks of layers between what they computed before a change and after it, both ends included. */
export function kinksMet(
  layers: readonly Layer[],
  before: readonly Computed[],
  after: readonly Computed[],
): number {
  const counts = layers.map((layer, k) => {
    const inner = layer.branches.map((branch, b) =>
      kinksMet(branch, before[k].branches[b], after[k].branches[b]),
    );
    return inner.reduce((sum, count) => sum + count, ownKinks(layer, before[k].x, after[k].x));
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Counts the kinks of a divergence between two outputs. */
export function divergenceKinks(
  loss: DivergenceName,
  d: ArrayLike<number>,
  before: Values,
  after: Values,
): number {
  const kinkAt = DIVERGENCE_KINKS[loss];
  return kinkAt ? before.filter((y, j) => meets(y, after[j], kinkAt(d[j]))).length : 0;
}

function ownKinks(layer: Layer, before: Values, after: Values): number {
  if (layer.kind === 'groupMax') return changedMaxima(layer, before, after);
  const points = kinksOf(layer);
  // a gate bends in the second half of its inputs alone
  const first = Object.hasOwn(GATES, layer.kind) ? layer.outputs : 0;
  return before.reduce(
    (sum, x, i) => sum + (i < first ? 0 : points.filter((point) => meets(x, after[i], point)).length),
    0,
  );
}

/** Lists the inputs at which a layer has a kink. */
export function kinksOf({ kind, argument = {} }: Layer): readonly number[] {
  if (kind === 'prelu' || kind === 'rrelu') return [0];
  if (kind === 'elu') return argument.alpha === 1 ? [] : [0];
  const name = kind === 'parametric' ? argument.activation : (GATES[kind as GateName] ?? kind);
  const activation: Activation | undefined = ACTIVATIONS[name as ActivationName];
  return activation?.kinks ?? [];
}

/** Says whether a number that has changed was at this point, or passed it. */
function meets(before: DoubleDouble, after: DoubleDouble, point: number): boolean {
  if (before === after) return false;
  const [a, b] = [before.minus(point).high, after.minus(point).high];
  return a !== b && a * b <= 0;
}

/** Counts the groups whose largest input is another one after the change, or was not the only one before. */
function changedMaxima({ inputs, outputs, argument = {} }: Layer, before: Values, after: Values): number {
  const groups = (argument.groups as number[][] | undefined) ?? neighbours(inputs, inputs / outputs);
  const largest = (x: Values, group: readonly number[]) =>
    group.reduce((a, b) => (x[b].exceeds(x[a]) ? b : a));
  return groups.filter((group) => {
    const first = largest(before, group);
    const tied = group.some(
      (i) => i !== first && !before[first].exceeds(before[i]) && after[i] !== before[i],
    );
    return tied || largest(after, group) !== first;
  }).length;
}
