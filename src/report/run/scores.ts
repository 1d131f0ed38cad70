/** Every metric of the model on the rows of the report, as `gradpool evaluate` gives them. */
import { METRICS, type MetricName } from '../../metrics/catalogue.js';
import type { Score } from '../../metrics/measure.js';
import { dataTable, factList, noteList, type PageSection } from '../elements.js';
import { numberText, percentText } from '../format.js';
import { html } from '../html.js';
import type { Examined } from './examined.js';

/** Says which rows the predictions are for, and whether they flatter the network. */
const rowsText = ({ rows: { name, learned }, evaluation: { rows } }: Examined): string =>
  learned
    ? `Of ${name}, ${numberText(rows)} in all, on which the network was trained: new rows will fare worse.`
    : `Of ${name}, ${numberText(rows)} in all, on which the network was not trained.`;

/** Returns the section of all metrics. */
export function scoresSection(examined: Examined): PageSection {
  const { evaluation, rows } = examined;
  const scores = (Object.entries(evaluation.scores) as [MetricName, Score][]).filter(
    ([name]) => name === 'accuracy' || METRICS[name].value !== METRICS.accuracy.value, // the micro averages
  );
  const { uncertainty } = evaluation;
  const body = html`<p>${rowsText(examined)}</p>
${dataTable({
  caption: `Metrics of ${rows.name}`,
  columns: ['Metric', 'value', 'what it is'],
  words: [2],
  rows: [
    ['loss', numberText(evaluation.metrics.loss), 'mean of what training minimises'],
    ...scores.map(([name, { value, reason }]) => [
      name,
      numberText(value),
      value === null ? `undefined: ${reason}` : METRICS[name].help,
    ]),
  ],
})}
${
  uncertainty &&
  factList([
    [
      `${uncertainty.width === null ? 'Sets' : 'Intervals'} at level ${uncertainty.level}`,
      `hold the right answer in ${percentText(uncertainty.coverage)}`,
    ],
    ['Mean width', uncertainty.width === null ? null : numberText(uncertainty.width)],
    ['Mean number of classes', uncertainty.size === null ? null : numberText(uncertainty.size)],
  ])
}${noteList(evaluation.notes)}`;
  return { id: 'metrics', title: 'Metrics', body };
}
