/** Writes importances and dependences as tables with bars, and as CSV. */
import { IMPORTANCE_METRICS } from '../../src/model/importancemetrics.js';
import type { ColumnImportance, Dependence, Importance } from '../../src/model/index.js';
import { type Cell, countOf, csvCell, significant, table } from './text.js';

/** Characters of the longest bar. */
const WIDTH = 30;
/** Most columns and pairs that are shown; --json and --csv hold all. */
const MOST_COLUMNS = 50;
const MOST_PAIRS = 5;

export function importanceText(
  { rows, metric, baseline, columns, related }: Importance,
  data: string,
): string {
  const shown = columns.slice(0, MOST_COLUMNS);
  const most = Math.max(0, ...shown.map(({ mean }) => mean));
  const { length: repeats } = columns[0].repeats;
  const title = `${IMPORTANCE_METRICS[metric].change} when a column's values are permuted among ${countOf(rows, 'row')} of ${data}`;
  const cells = shown.map((column): Cell[] => [
    column.column,
    significant(column.mean),
    interval(column),
    bar(column.mean, most),
  ]);
  const rest =
    columns.length > shown.length
      ? `\n… and ${countOf(columns.length - shown.length, 'column')} less important`
      : '';
  const parts = [
    `${title}\n(mean of ${countOf(repeats, 'repeat')}; without permuting it is ${significant(baseline[metric] ?? Number.NaN)})`,
    `${table(['column', 'mean', '95 % interval', ''], cells)}${rest}`,
  ];
  if (related.length > 0) parts.push(relatedText(related));
  return parts.join('\n\n');
}

function interval({ low, high }: ColumnImportance): string {
  return low === null || high === null ? '' : `${significant(low)} … ${significant(high)}`;
}

const bar = (value: number, most: number): string =>
  most > 0 && value > 0 ? '█'.repeat(Math.round((WIDTH * value) / most)) || '▏' : '';

/** Says which columns share their importance. */
function relatedText(related: Importance['related']): string {
  const pairs = related
    .slice(0, MOST_PAIRS)
    .map(({ columns: [a, b], association }) => `  ${a} and ${b} (${association.toFixed(2)})`);
  const rest = related.length - pairs.length;
  return [
    'These columns say nearly the same (association from 0 to 1). They share their importance: while one is',
    'permuted, the model still has the other, so each looks less important than both are together.',
    ...pairs,
    ...(rest > 0 ? [`  … and ${countOf(rest, 'more pair')}`] : []),
  ].join('\n');
}

const csvLines = (lines: readonly (readonly Cell[])[]): string =>
  lines.map((line) => line.map(csvCell).join(',')).join('\n');

export function importanceCsv({ columns, metric }: Importance): string {
  const lines = columns.map(({ column, mean, low, high }) => [column, metric, mean, low ?? '', high ?? '']);
  return csvLines([['column', 'metric', 'mean', 'low', 'high'], ...lines]);
}

export function dependenceText(found: readonly Dependence[], task: 'classification' | 'regression'): string {
  return found.map((one) => oneDependence(one, task)).join('\n\n');
}

/** Writes a table of mean predictions; of two classes, the second one's probability is enough. */
function oneDependence(
  { column, rows, values, shares, means, outputs }: Dependence,
  task: 'classification' | 'regression',
): string {
  const from = task === 'classification' && outputs.length === 2 ? 1 : 0;
  const names = outputs.slice(from);
  const what = task === 'classification' ? 'mean probability' : 'mean prediction';
  const last = means.map((mean) => mean[mean.length - 1]);
  const [low, high] = task === 'classification' ? [0, 1] : [Math.min(...last), Math.max(...last)];
  const single = names.length === 1;
  const cells = values.map((value, i): Cell[] => [
    value ?? '(missing)',
    `${(100 * shares[i]).toFixed(1)} %`,
    ...means[i].slice(from).map(significant),
    ...(single ? [scaled(last[i], low, high)] : []),
  ]);
  const header = [column, 'rows', ...names, ...(single ? [''] : [])];
  return `${what} over ${countOf(rows, 'row')} when all have the same ${column}\n\n${table(header, cells)}`;
}

/** Draws a value as a point on a line from the lowest to the highest. */
function scaled(value: number, low: number, high: number): string {
  const place = high > low ? Math.round(((WIDTH - 1) * (value - low)) / (high - low)) : 0;
  return `${'─'.repeat(place)}●`;
}

export function dependenceCsv(found: readonly Dependence[]): string {
  const { outputs } = found[0];
  const lines = found.flatMap(({ column, values, shares, means }) =>
    values.map((value, i): Cell[] => [column, value ?? '', shares[i], ...means[i]]),
  );
  return csvLines([['column', 'value', 'share', ...outputs], ...lines]);
}
