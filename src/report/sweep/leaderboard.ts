/** The leaderboard of a sweep: means with their intervals, and the trials that failed. */
import { COLOUR } from '../../bench/plot/theme.js';
import { axisValueText } from '../../experiment/searches/space.js';
import { hasFailed } from '../../experiment/triallines.js';
import { type Draw, quantity } from '../chart.js';
import { dataTable, type PageSection } from '../elements.js';
import { metricText, numberText } from '../format.js';
import { html } from '../html.js';
import type { OpenedSweep, ReportedRow } from './open.js';

/** Configurations that are drawn, the best ones; the table lists more. */
const MOST_DRAWN = 25;
/** Characters of the names that a chart of usual width has room for. */
const SHORT_NAME = 24;

/** Writes a score as people read it. */
export const scoreValueText = (score: string, value: number | null): string =>
  metricText(score.slice(score.indexOf('_') + 1), value);

/** Writes the values of the axes of a configuration; a dash where an axis does not apply. */
const axisCells = ({ axes }: ReportedRow, paths: readonly string[]): string[] =>
  paths.map((path) => (path in axes ? axisValueText(axes[path]) : '–'));

/** Returns the section of the leaderboard; null before a trial has ended. */
export async function leaderboardSection(
  { definition, paths, rows }: OpenedSweep,
  draw: Draw,
): Promise<PageSection | null> {
  if (rows.length === 0) return null;
  const { score, seeds } = definition;
  const scored = rows
    .filter(({ score: mean, status }) => mean !== null && status === 'completed')
    .slice(0, MOST_DRAWN);
  const chart = scored.length === 0 ? null : await intervalChart(score, scored, paths, draw);
  const several = new Set(rows.map(({ epochs }) => epochs)).size > 1;
  const table = dataTable({
    caption: `Configurations by their mean ${score} over ${seeds.length === 1 ? 'one seed' : `${seeds.length} seeds, with its 95 % interval`}`,
    columns: ['Rank', ...paths, score, 'low', 'high', 'seeds', ...(several ? ['epochs'] : []), 'trials'],
    rows: rows.map((row) => [
      String(row.rank),
      ...axisCells(row, paths),
      row.status === 'failed' ? 'failed' : scoreValueText(score, row.score),
      scoreValueText(score, row.low),
      scoreValueText(score, row.high),
      String(row.seeds),
      ...(several ? [String(row.epochs)] : []),
      row.trials.join(', '),
    ]),
    elsewhere: 'leaderboard.csv',
  });
  const wide =
    chart &&
    html`<div class="scroll" role="group" aria-label="Chart of the leaderboard" tabindex="0">${chart}</div>`;
  return { id: 'leaderboard', title: 'Leaderboard', body: html`${wide}${table}` };
}

function intervalChart(score: string, rows: readonly ReportedRow[], paths: readonly string[], draw: Draw) {
  const values = rows.map((row) => ({
    name: `${row.rank}. ${axisCells(row, paths).join(', ')}`.slice(0, 80),
    value: row.score,
    low: row.low ?? row.score,
    high: row.high ?? row.score,
  }));
  const share = score.endsWith('accuracy') ? { axis: { format: '.3~p' } } : {};
  const y = {
    field: 'name',
    type: 'nominal',
    sort: null,
    title: null,
    axis: { labelLimit: 320, grid: true },
  };
  return draw({
    title: `Mean ${score}`,
    subtitle: `with its 95 % interval over the seeds, the best first; names are the values of ${paths.join(', ')}`,
    alt: `Mean ${score} with its interval for the ${rows.length} best configurations; the best is ${values[0].name} with ${scoreValueText(score, rows[0].score)}`,
    ...(values.some(({ name }) => name.length > SHORT_NAME) ? { width: 680 } : {}),
    height: 60 + 20 * rows.length,
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: 'rule', color: COLOUR.blue, strokeWidth: 2 },
          encoding: { y, x: quantity('low', score, share), x2: { field: 'high' } },
        },
        {
          mark: { type: 'point', filled: true, size: 55, opacity: 1, color: COLOUR.blue },
          encoding: { y, x: quantity('value', score, share) },
        },
      ],
    },
  });
}

/** Returns the section of the trials that failed; null where none did. */
export function failuresSection({ rows, paths }: OpenedSweep): PageSection | null {
  const failed = rows.flatMap((row) => row.results.filter(hasFailed).map((result) => ({ row, result })));
  if (failed.length === 0) return null;
  const body = html`${dataTable({
    caption: `${numberText(failed.length)} trials that failed, with the reason`,
    columns: ['Trial', ...paths, 'seed', 'status', 'reason'],
    words: [paths.length + 2, paths.length + 3],
    rows: failed.map(({ row, result }) => [
      String(result.trial),
      ...axisCells(row, paths),
      String(result.seed),
      result.status,
      result.reason,
    ]),
  })}`;
  return { id: 'failed', title: 'Failed trials', body };
}
