/** Shows the paths from one number to Div, and the product along each. */
import { type PathSum, sumOfPaths } from '#src/explain/paths.js';
import type { Changeable, Marks } from '#src/explain/steps.js';
import { type Child, el, math, number } from './dom.js';
import type { PageView } from './drawing.js';

/** Paths that are listed at most: those with the largest products. */
const MOST_SHOWN = 24;

/** Sums the paths from a number to Div. */
export function pathsOf({ graph }: PageView, { name, first, derivative }: Changeable): PathSum {
  const edges = first.map(([to, local]) => ({ from: -1, to, derivative: local }));
  return sumOfPaths(graph, edges, name, derivative);
}

/** Returns what a path, or all of them, light up in the drawing. */
export function pathMarks({ at }: Changeable, paths: readonly PathSum['paths'][number][]): Marks {
  const start = at && 'edge' in at ? at.edge[0] : undefined;
  const edges = paths.flatMap(({ ids }) => {
    const all = start === undefined ? ids : [start, ...ids];
    return all.slice(1).map((to, i) => [all[i], to] as const);
  });
  return { values: paths.flatMap(({ ids }) => ids), derivatives: [], edges };
}

/** Writes the paths as rows, each with its product and its share of the sum. */
export function pathsPanel(sum: PathSum, chosen: number | null, choose: (path: number) => void): Child {
  const { variable, paths, count, enumerated } = sum;
  const order = Array.from(paths.keys()).sort(
    (a, b) => Math.abs(paths[b].product) - Math.abs(paths[a].product),
  );
  const shown = order.slice(0, MOST_SHOWN);
  const largest = Math.max(...paths.map(({ product }) => Math.abs(product)), Number.MIN_VALUE);
  const row = (index: number) => {
    const { nodes, factors, product } = paths[index];
    const button = el(
      'button',
      { type: 'button', 'aria-pressed': String(index === chosen), 'data-path': index },
      math(`${[variable, ...nodes].join(' → ')}${enumerated ? '' : ' → … → Div'}`),
    );
    button.addEventListener('click', () => choose(index));
    return el(
      'li',
      {
        class: product < 0 ? 'down' : 'up',
        style: `--share:${Math.round((100 * Math.abs(product)) / largest)}%`,
      },
      button,
      el(
        'span',
        { class: 'factors' },
        factors.flatMap((factor, f): Child[] => [f > 0 ? ' · ' : '', number(factor)]),
        ' = ',
        el('strong', {}, number(product)),
      ),
    );
  };
  return [
    el(
      'p',
      {},
      math(`∂Div/∂${variable}`),
      ' is the sum over ',
      enumerated
        ? `${count} ${count === 1 ? 'path' : 'paths'}`
        : `${count.toLocaleString('en-US')} paths, those through one unit together`,
      ', each the product of the derivatives along its edges:',
    ),
    el('ol', { class: 'paths' }, shown.map(row)),
    paths.length > shown.length
      ? el('p', { class: 'muted' }, `and ${paths.length - shown.length} smaller`)
      : null,
    el(
      'p',
      { class: 'result' },
      'sum ',
      el('strong', {}, number(sum.sum)),
      ' · backpropagation ',
      number(sum.backpropagated),
    ),
  ];
}
