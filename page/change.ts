/** Sends a small change of one number through the diagram: what derivatives predict, and what happens. */
import type { Engine } from '#src/explain/engine.js';
import type { Edge } from '#src/explain/influence.js';
import type { Changeable } from '#src/explain/steps.js';
import { scrollBox } from './controls.js';
import { type Child, el, math, number } from './dom.js';
import type { PageView } from './drawing.js';
import { pathsOf } from './paths.js';

/** What follows from a change. */
export interface Consequence {
  readonly step: number;
  /** The predicted change of each node that is reached, along the drawn edges. */
  readonly predicted: ReadonlyMap<number, number>;
  /** The actual change of a node; null where it is not known. */
  readonly actual: (node: number) => number | null;
  /** What each edge adds to the predicted change of its end. */
  readonly shares: ReadonlyMap<Edge, number>;
  /** The change of Div: derivative · step, and the difference of two forward passes. */
  readonly total: { readonly predicted: number; readonly actual: number };
}

/** Computes what a change leads to. */
export function consequenceOf(
  view: PageView,
  engine: Engine,
  changed: Changeable,
  step: number,
): Consequence {
  const { graph, places } = view;
  const predicted = new Map<number, number>();
  const shares = new Map<Edge, number>();
  const add = (node: number, change: number) => predicted.set(node, (predicted.get(node) ?? 0) + change);
  for (const [node, derivative] of changed.first) add(node, derivative * step);
  // Blocks follow one another in the order of the forward pass, so every beginning is complete.
  for (const edge of graph.blocks.flatMap(({ edges }) => edges)) {
    const change = predicted.get(edge.from);
    if (change === undefined) continue;
    shares.set(edge, edge.derivative * change);
    add(edge.to, edge.derivative * change);
  }
  const after = engine.changed(changed.place, step);
  const values = places.map((place) => (place ? after.valueAt(place) : null));
  const { divergence } = after;
  const input = changed.at && 'node' in changed.at ? changed.at.node : -1;
  return {
    step,
    predicted,
    shares,
    actual: (node) => {
      if (node === graph.end) return divergence - engine.unchanged;
      if (node === input) return step;
      const value = values[node];
      return value === null ? null : value - graph.nodes[node].value;
    },
    total: { predicted: changed.derivative * step, actual: divergence - engine.unchanged },
  };
}

/** From which share of the larger one on a difference between the two changes is mentioned. */
const BENT = 0.1;

/** Writes predicted beside actual, and the share of each branch. */
export function changePanel(
  view: PageView,
  changed: Changeable,
  { step, total, actual, predicted }: Consequence,
): Child {
  const { predicted: expected, actual: found } = total;
  const difference = found - expected;
  const { paths, sum } = pathsOf(view, changed);
  const branches = new Map<string, number>();
  for (const { via, product } of paths) {
    const [branch = 'the only path'] = via;
    branches.set(branch, (branches.get(branch) ?? 0) + product);
  }
  const missing = changed.derivative - sum;
  if (Math.abs(missing) > 1e-9 * Math.abs(changed.derivative))
    branches.set('units that are not drawn', missing);
  const largest = Math.max(...Array.from(branches.values(), Math.abs), Number.MIN_VALUE);
  const nodes = view.graph.nodes.filter(
    ({ id, kind }) => predicted.has(id) && kind !== 'rest' && id !== view.graph.end,
  );
  return [
    el(
      'dl',
      { class: 'headlines' },
      headline('predicted ΔDiv', number(expected), math(`∂Div/∂${changed.name} · Δ`)),
      headline('actual ΔDiv', number(found), ['by two forward passes']),
      headline('difference', number(difference), ['shrinks as Δ² where nothing bends']),
    ),
    Math.abs(difference) > BENT * Math.max(Math.abs(expected), Math.abs(found))
      ? el(
          'p',
          { class: 'note' },
          'Div bends on the way: there is a kink, or the change is too large for a straight line.',
        )
      : null,
    el('h4', {}, 'Through which branch'),
    el(
      'ol',
      { class: 'paths' },
      Array.from(branches, ([branch, product]) =>
        el(
          'li',
          {
            class: product * step < 0 ? 'down' : 'up',
            style: `--share:${Math.round((100 * Math.abs(product)) / largest)}%`,
          },
          el('span', {}, math(branch === 'the only path' ? branch : `via ${branch}`)),
          el('span', { class: 'factors' }, number(product * step)),
        ),
      ),
    ),
    el('h4', {}, 'At each unit'),
    scrollBox(
      'changes of units',
      '',
      el(
        'table',
        {},
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            ['unit', 'predicted', 'actual'].map((head) => el('th', { scope: 'col' }, head)),
          ),
        ),
        el(
          'tbody',
          {},
          nodes.map(({ id, name }) =>
            el(
              'tr',
              {},
              el('th', { scope: 'row' }, math(`Δ${name}`)),
              el('td', { class: 'number' }, number(predicted.get(id)!)),
              el('td', { class: 'number' }, known(actual(id))),
            ),
          ),
        ),
      ),
    ),
  ];
}

const known = (value: number | null): Child => (value === null ? '–' : number(value));

const headline = (name: string, value: Child, why: Child): HTMLElement =>
  el('div', {}, el('dt', {}, name, ' ', el('small', {}, why)), el('dd', {}, value));
