/** Draws each vector of a large network as a whole: one cell for each unit, blue above 0 and red below. */
import type { PageData, PageVector } from '#src/explain/pagedata.js';
import { el, fewDigits, math, svgEl } from './dom.js';

/** Steps of shade of a cell. */
const SHADES = 6;
const CELL = 7;

/** Draws all vectors; the one that a stage is about is marked by `mark`. */
export function wholeVectors({ vectors }: PageData): { element: HTMLElement; mark: (stage: string) => void } {
  const drawn = vectors.map((vector) => {
    const values = cells(vector.values, `the values of ${vector.name}`);
    const derivatives = cells(vector.derivatives, `the derivatives of Div by ${vector.name}`);
    const element = el(
      'figure',
      { class: 'whole' },
      el(
        'figcaption',
        {},
        el('strong', {}, math(vector.name)),
        ` ${vector.what}, ${vector.values.length} numbers`,
        el('p', {}, summary(vector)),
      ),
      el('div', { class: 'pair' }, values, derivatives),
    );
    return { vector, element, values, derivatives };
  });
  return {
    element: el(
      'div',
      { class: 'wholes' },
      drawn.map(({ element }) => element),
    ),
    mark(stage) {
      for (const { vector, values, derivatives } of drawn) {
        values.classList.toggle('write', stage === vector.name);
        derivatives.classList.toggle('write', stage === `∂Div/∂${vector.name}`);
      }
    },
  };
}

function summary({ values, derivatives }: PageVector): string {
  const zeros = values.filter((value) => value === 0).length;
  const size = (list: readonly number[]) =>
    Math.sqrt(list.reduce((sum, value) => sum + value * value, 0) / list.length);
  const zero = zeros > 0 ? `, ${Math.round((100 * zeros) / values.length)} % are 0` : '';
  return `left: values, root mean square ${fewDigits(size(values))}${zero}; right: ∂Div, ${fewDigits(size(derivatives))}`;
}

/** Draws numbers as a square of cells; those of one shade are one path. */
function cells(values: readonly number[], label: string): SVGSVGElement {
  const columns = Math.ceil(Math.sqrt(values.length));
  const rows = Math.ceil(values.length / columns);
  const largest = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  const paths = new Map<string, string>();
  for (const [i, value] of values.entries()) {
    const shade = Math.ceil((SHADES * Math.abs(value)) / largest);
    const kind = shade === 0 ? 'flat' : `${value > 0 ? 'up' : 'down'} shade${shade}`;
    const place = `M${(i % columns) * CELL} ${Math.floor(i / columns) * CELL}h${CELL - 1}v${CELL - 1}h${1 - CELL}z`;
    paths.set(kind, (paths.get(kind) ?? '') + place);
  }
  return svgEl(
    'svg',
    {
      class: 'cells',
      role: 'img',
      'aria-label': label,
      viewBox: `-1 -1 ${columns * CELL + 1} ${rows * CELL + 1}`,
      width: columns * CELL + 2,
      height: rows * CELL + 2,
    },
    svgEl('title', {}, label),
    Array.from(paths, ([kind, d]) => svgEl('path', { class: kind, d })),
  );
}
