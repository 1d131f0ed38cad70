/**
 * Groups of parameters that a rule updates with the same learning rate and weight decay. A network whose
 * parameters are all alike is one group, so its update is one step over the whole block.
 */
import type { ParameterBlock, UpdateArrays } from './rule.js';

/** Parameters `first … last − 1` of the block, which are updated alike. */
export interface ParameterGroup {
  readonly first: number;
  readonly last: number;
  /** How many times the learning rate of the others they have. */
  readonly rateFactor: number;
  /** Whether weight decay acts on them. */
  readonly decays: boolean;
  /** Groups of the same kind are updated with the same numbers. */
  readonly kind: number;
}

/**
 * Returns the longest groups of neighbours that are updated alike, in the block's order and without gaps.
 * @param views the learned parameters, in the order in which they lie in the block
 * @param length floats of the block that the rule changes, padding included
 * @param decayBiases whether weight decay acts on all parameters
 */
export function parameterGroups(
  views: readonly ParameterBlock[],
  length: number,
  decayBiases: boolean,
): ParameterGroup[] {
  const kinds: string[] = [];
  const groups: ParameterGroup[] = [];
  for (const [index, { offset, spec }] of views.entries()) {
    const { rateFactor = 1 } = spec;
    const decays = decayBiases || spec.decay !== false;
    const name = `${rateFactor} ${decays}`;
    if (!kinds.includes(name)) kinds.push(name);
    const kind = kinds.indexOf(name);
    const last = views[index + 1]?.offset ?? length;
    const before = groups.at(-1);
    if (before?.kind === kind) groups[groups.length - 1] = { ...before, last };
    else groups.push({ first: offset, last, rateFactor, decays, kind });
  }
  return groups;
}

/** Returns one group of each kind, by the kind's number. */
export function groupKinds(groups: readonly ParameterGroup[]): ParameterGroup[] {
  return groups.filter(({ kind }, index) => groups.findIndex((other) => other.kind === kind) === index);
}

/** Returns the part of the arrays that belongs to a group; its views count from the group's first float. */
export function groupArrays(
  { weights, gradient, slots, views = [] }: UpdateArrays,
  { first, last }: ParameterGroup,
): UpdateArrays {
  const part = <T extends UpdateArrays['weights']>(block: T) => block.subarray(first, last) as T;
  return {
    weights: part(weights),
    gradient: part(gradient),
    slots: slots.map(part),
    views: views
      .filter(({ offset }) => offset >= first && offset < last)
      .map((view) => ({ ...view, offset: view.offset - first })),
  };
}

/** Returns a rule's hyper-parameters for a group: without weight decay where none acts on it. */
export function groupHyper<Hyper extends object>(hyper: Hyper, { decays }: ParameterGroup): Hyper {
  return decays ? hyper : { ...hyper, weightDecay: 0 };
}
