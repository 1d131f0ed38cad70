/** What the model relies on: how much worse it is on rows in which a column is permuted. */
import { COLOUR } from '../../bench/plot/theme.js';
import type { Subset } from '../../data/dataset.js';
import { columnFeatures } from '../../model/columnfeatures.js';
import { type Importance, measureImportance } from '../../model/importance.js';
import { type Draw, quantity } from '../chart.js';
import { numbersTable, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { html } from '../html.js';
import type { Examined } from './examined.js';

const REPEATS = 5;
/** Products of rows, parameters, columns and repeats that a report takes: a second or two. */
const MOST_PRODUCTS = 1e9;
/** With fewer rows the intervals are wider than the differences. */
const LEAST_ROWS = 20;
/** Columns whose bars are drawn; the table lists all. */
const MOST_BARS = 25;

/** Returns the section of the importances; null for arrays, whose single numbers have none worth a name. */
export async function importanceSection(examined: Examined, draw: Draw): Promise<PageSection | null> {
  const { model, rows } = examined;
  const columns = columnFeatures(model.schema);
  if (columns === null || rows.subset.rows.length < 2) return null;
  const members = model.bag?.length ?? 1;
  const each = columns.length * REPEATS * model.layout.count * members;
  const most = Math.floor(MOST_PRODUCTS / each);
  const title = 'Importance of columns';
  if (most < LEAST_ROWS) {
    const body = html`<p>To permute ${columns.length} columns of a network of this size would take long; <code>gradpool importance</code> does it.</p>`;
    return { id: 'importance', title, body };
  }
  const subset = firstRows(rows.subset, most);
  const found = await measured(examined, subset);
  const shown = found.columns.slice(0, MOST_BARS);
  const y = { field: 'column', type: 'nominal', sort: null, title: null, axis: { labelLimit: 130 } };
  const chart = await draw({
    title: `Increase of ${found.metric}`,
    subtitle: `Mean of ${REPEATS} permutations with its 95 % interval, on ${numberText(subset.rows.length)} of ${rows.name}`,
    alt: `Increase of ${found.metric} by column; the most important are ${shown
      .slice(0, 3)
      .map(({ column, mean }) => `${column} with ${numberText(mean)}`)
      .join(', ')}`,
    height: 60 + 18 * shown.length,
    width: 560,
    spec: {
      data: {
        values: shown.map(({ column, mean, low, high }) => ({
          column: column.slice(0, 60),
          mean,
          low,
          high,
        })),
      },
      layer: [
        {
          mark: { type: 'bar', color: COLOUR.blue, height: { band: 0.7 } },
          encoding: { y, x: quantity('mean', `increase of ${found.metric}`, { scale: { zero: true } }) },
        },
        {
          mark: { type: 'rule', color: COLOUR.text, strokeWidth: 1.2 },
          encoding: { y, x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
        },
      ],
    },
  });
  const related = found.related.map(({ columns: names }) => names.join(', '));
  const table = numbersTable({
    caption: `importance of the columns, as increase of ${found.metric}`,
    columns: ['Column', 'mean', 'low', 'high'],
    rows: found.columns.map(({ column, mean, low, high }) => [
      column,
      numberText(mean),
      numberText(low),
      numberText(high),
    ]),
  });
  const body = html`<div class="scroll" role="group" aria-label="Chart of importances" tabindex="0">${chart}</div>${
    related.length > 0 &&
    html`<p>These say nearly the same, so that each looks less important than they are together: ${related.join('; ')}.</p>`
  }${table}`;
  return { id: 'importance', title, body };
}

async function measured({ model, chosen, rows }: Examined, subset: Subset): Promise<Importance> {
  const options = { repeats: REPEATS, workers: 0 };
  for await (const event of measureImportance(model, chosen, { ...rows, subset }, options)) {
    if (event.type === 'end') return event;
  }
  throw new Error('the measurement ended without its last event');
}

/** Returns at most so many rows, evenly spread over the subset. */
function firstRows({ dataset, rows }: Subset, most: number): Subset {
  if (rows.length <= most) return { dataset, rows };
  const chosen = new Uint32Array(new SharedArrayBuffer(4 * most));
  for (let i = 0; i < most; i++) chosen[i] = rows[Math.floor((i * rows.length) / most)];
  return { dataset, rows: chosen };
}
