/** The rows on which the model errs most: those it is most sure of, or the largest errors. */
import type { KeptColumn } from '../../data/tables/load.js';
import { UserError } from '../../errors.js';
import type { ClassPredictions, ValuePredictions } from '../../metrics/predictions.js';
import { dataTable, type PageSection } from '../elements.js';
import { numberText, percentText } from '../format.js';
import { type Html, html, shortened } from '../html.js';
import type { Examined } from './examined.js';
import { imageHtml, imageLayout } from './images.js';

const MOST_IMAGES = 24;
const MOST_ROWS = 12;
/** Columns of a table that are shown beside a prediction. */
const MOST_COLUMNS = 12;
/** Characters of a cell that are shown; a text of a thousand would hide the others. */
const MOST_IN_CELL = 60;

/** A row on which the model errs: its place among the rows of the report. */
interface Mistake {
  readonly at: number;
  readonly size: number;
}

/** Returns the section of the mistakes; null where there are none. */
export async function mistakesSection(examined: Examined): Promise<PageSection | null> {
  const { predictions } = examined;
  if (predictions.task === 'regression') return valueMistakes(examined, predictions);
  const { probabilities, targets, predicted, classes } = predictions;
  if (probabilities === null) return null;
  const wrong: Mistake[] = [];
  for (let at = 0; at < targets.length; at++) {
    if (targets[at] !== predicted[at])
      wrong.push({ at, size: probabilities[at * classes.length + predicted[at]] });
  }
  if (wrong.length === 0) return null;
  wrong.sort((a, b) => b.size - a.size || a.at - b.at);
  const layout = imageLayout(examined.model.schema);
  const lead = html`<p>${numberText(wrong.length)} of ${examined.rows.name} are predicted wrongly; these are the ones of which the network is most sure.</p>`;
  const shown = layout
    ? imageList(examined, predictions, wrong.slice(0, MOST_IMAGES), layout)
    : await cellTable(examined, wrong.slice(0, MOST_ROWS), {
        caption: 'The most confidently wrong rows',
        columns: ['predicted', 'probability', 'right'],
        cells: ({ at, size }) => [classes[predicted[at]], percentText(size), classes[targets[at]]],
      });
  return { id: 'mistakes', title: 'Confidently wrong', body: html`${lead}${shown}` };
}

function imageList(
  { rows }: Examined,
  { classes, targets, predicted }: ClassPredictions,
  wrong: readonly Mistake[],
  layout: NonNullable<ReturnType<typeof imageLayout>>,
): Html {
  const { dataset, rows: order } = rows.subset;
  return html`<ul class="rows">${wrong.map(({ at, size }) => {
    const row = order[at] + 1;
    const names = { is: classes[targets[at]], taken: classes[predicted[at]] };
    const alt = `Row ${row}: ${names.is}, taken for ${names.taken}`;
    return html`<li>${imageHtml(dataset, order[at], layout, alt)}<b>${names.is}</b>, taken for <b>${names.taken}</b> with ${percentText(size)}, row ${row}</li>`;
  })}</ul>`;
}

/** What a table of mistakes says of each row, beside its cells. */
interface MistakeColumns {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly cells: (mistake: Mistake) => string[];
}

/** Writes rows of a table as they stand in their source; without their cells where those cannot be read. */
async function cellTable(
  { rows }: Examined,
  mistakes: readonly Mistake[],
  { caption, columns, cells }: MistakeColumns,
): Promise<Html> {
  const kept = (await readCells(rows.cells)).slice(0, MOST_COLUMNS);
  const order = rows.subset.rows;
  const first = columns.length + 1;
  return dataTable({
    caption,
    columns: ['Row', ...columns, ...kept.map(({ name }) => name)],
    words: [1, 3, ...kept.map((_, i) => first + i)].filter(
      (column) => columns.length === 3 || column >= first,
    ),
    rows: mistakes.map((mistake) => [
      String(order[mistake.at] + 1),
      ...cells(mistake),
      ...kept.map(({ text }) => shortened(text(order[mistake.at]) ?? '', MOST_IN_CELL)),
    ]),
  });
}

async function readCells(read: Examined['rows']['cells']): Promise<readonly KeptColumn[]> {
  try {
    return (await read()) ?? [];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** The rows with the largest errors; of several targets, each target's own. */
async function valueMistakes(
  examined: Examined,
  { targets, predicted, outputs }: ValuePredictions,
): Promise<PageSection | null> {
  const { target } = examined.model.schema;
  const names = target.kind === 'values' ? target.names : [];
  const tables = await Promise.all(
    names.slice(0, 3).map((name, output) => {
      const errors = Array.from({ length: targets.length / outputs }, (_, at): Mistake => {
        const i = at * outputs + output;
        return { at, size: Math.abs(predicted[i] - targets[i]) };
      });
      errors.sort((a, b) => b.size - a.size || a.at - b.at);
      return cellTable(examined, errors.slice(0, MOST_ROWS), {
        caption: `The largest errors of ${name}`,
        columns: ['predicted', 'actual', 'error', 'times the RMSE'],
        cells: ({ at, size }) => {
          const i = at * outputs + output;
          const rmse = examined.evaluation.scores.rmse?.value ?? 0;
          return [
            numberText(predicted[i]),
            numberText(targets[i]),
            numberText(predicted[i] - targets[i]),
            rmse > 0 && outputs === 1 ? numberText(size / rmse) : '–',
          ];
        },
      });
    }),
  );
  return { id: 'mistakes', title: 'Largest errors', body: html`${tables}` };
}
