/** Says what the drawing shows at a step, and when a number is changed. */
import type { Node } from '#src/explain/influence.js';
import { type Changeable, type Marks, NO_MARKS } from '#src/explain/steps.js';
import type { Consequence } from './change.js';
import { fewDigits } from './dom.js';
import type { Look, NodeText, PageView } from './drawing.js';

export const NOTHING: Look = {
  nodes: () => ({ first: '', second: '' }),
  reads: NO_MARKS,
  writes: NO_MARKS,
  edges: () => null,
};

/** Writes what is known of a node after a step: values come forward, derivatives come back. */
export function known(view: PageView, node: Node, until: number): NodeText {
  const { id, name, value, derivative, kind } = node;
  const { values, derivatives, backward } = writersOf(view);
  const valued = values.get(id) ?? -1;
  const derived = derivatives.get(id) ?? -1;
  // What no step computes is given: derivatives behind a unit from the beginning of the backward pass on.
  const since = derived >= 0 ? derived : kind === 'z' || kind === 'y' ? backward : Number.POSITIVE_INFINITY;
  const shown = derived >= 0 ? view.steps[derived].result : derivative;
  return {
    first: kind === 'rest' || until < valued ? name : `${name} ${fewDigits(value)}`,
    second: Number.isFinite(since) && until >= since ? `∂ ${fewDigits(shown)}` : '',
  };
}

/** Which step writes the value of each node, and its derivative, and which is the first that goes back. */
interface Writers {
  readonly values: ReadonlyMap<number, number>;
  readonly derivatives: ReadonlyMap<number, number>;
  readonly backward: number;
}

const writers = new WeakMap<PageView, Writers>();

function writersOf(view: PageView): Writers {
  const found = writers.get(view);
  if (found) return found;
  const { steps, stages } = view;
  const written = (what: 'values' | 'derivatives') =>
    new Map(steps.flatMap(({ writes }, step) => writes[what].map((node): [number, number] => [node, step])));
  const made = {
    values: written('values'),
    derivatives: written('derivatives'),
    backward: steps.findIndex(({ stage }) => stages[stage].pass === 'backward'),
  };
  writers.set(view, made);
  return made;
}

/** Shows a change: at nodes what is predicted and what happens, along edges what each adds. */
export function lookOf(
  { graph: { end } }: PageView,
  { predicted, actual, shares, total }: Consequence,
): Omit<Look, 'writes'> {
  const largest = Math.max(...Array.from(shares.values(), Math.abs), Number.MIN_VALUE);
  return {
    nodes({ id, name }) {
      const expected = id === end ? total.predicted : predicted.get(id);
      if (expected === undefined) return { first: name, second: '' };
      const found = actual(id);
      return { first: `≈ ${fewDigits(expected)}`, second: found === null ? '' : `Δ ${fewDigits(found)}` };
    },
    reads: { ...NO_MARKS, edges: Array.from(shares.keys(), ({ from, to }) => [from, to] as const) },
    edges(edge) {
      const share = shares.get(edge);
      if (share === undefined) return { label: '', share: 0, sign: 0 };
      const label = shares.size <= MOST_LABELS && share !== 0 ? fewDigits(share) : '';
      return { label, share: Math.abs(share) / largest, sign: share };
    },
  };
}

/** Edges whose shares are written beside them at most. */
const MOST_LABELS = 24;

/** Marks where a number stands in the drawing. */
export function startOf({ at }: Changeable): Marks {
  if (at === null) return NO_MARKS;
  return 'node' in at ? { ...NO_MARKS, values: [at.node] } : { ...NO_MARKS, edges: [at.edge] };
}
