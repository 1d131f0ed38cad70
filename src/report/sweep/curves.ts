/** The learning curves of all trials, overlaid. */
import { COLOUR } from '../../bench/plot/theme.js';
import { dataOf } from '../../experiment/scores.js';
import { assignmentText } from '../../experiment/searches/space.js';
import type { Metrics } from '../../forward/metrics.js';
import { quantile } from '../../statistics.js';
import { type Draw, quantity, thinned } from '../chart.js';
import { grid, numbersTable, type PageSection } from '../elements.js';
import { metricText, numberText } from '../format.js';
import { type Html, html } from '../html.js';
import { type OpenedSweep, type ReportedRow, trialEpochs } from './open.js';

/** Points of each curve, and curves that are drawn. */
const [MOST_POINTS, MOST_CURVES] = [60, 400];

/** A curve of one trial. */
interface TrialCurve {
  readonly trial: number;
  readonly row: ReportedRow;
  readonly points: readonly { readonly epoch: number; readonly value: number }[];
}

/** Returns the section of the curves; null where no trial has left any. */
export async function trialCurvesSection(sweep: OpenedSweep, draw: Draw): Promise<PageSection | null> {
  const { folder, rows, definition } = sweep;
  const part = dataOf(definition.score) === 'train' ? 'train' : 'val';
  const scored = definition.score.slice(definition.score.indexOf('_') + 1) as keyof Metrics;
  const trials = rows
    .flatMap((row) => row.trials.map((trial) => ({ row, trial })))
    .slice(0, MOST_CURVES)
    .map((trial) => ({ ...trial, epochs: trialEpochs(folder, trial.trial) }));
  const charts: Html[] = [];
  for (const metric of [...new Set(['loss' as const, scored])]) {
    const curves = trials.flatMap(({ row, trial, epochs }): TrialCurve[] => {
      const points = thinned(epochs, MOST_POINTS).flatMap(({ epoch, [part]: metrics }) => {
        const value = metrics?.[metric];
        return typeof value === 'number' ? [{ epoch, value }] : [];
      });
      return points.length === 0 ? [] : [{ trial, row, points }];
    });
    if (curves.length > 0) charts.push(await curvesChart(metric, part, curves, draw));
  }
  if (charts.length === 0) return null;
  const table = numbersTable({
    caption: `the last epoch of each trial`,
    columns: [
      'Trial',
      'configuration',
      'epochs',
      `${part}_loss`,
      ...(scored === 'loss' ? [] : [`${part}_${scored}`]),
    ],
    words: [1],
    rows: trials.flatMap(({ row, trial, epochs }) => {
      const last = epochs.at(-1);
      const metrics = last?.[part];
      if (!last) return [];
      return [
        [
          String(trial),
          assignmentText(row.axes),
          String(last.epoch),
          metricText('loss', metrics?.loss),
          ...(scored === 'loss' ? [] : [metricText(scored, metrics?.[scored])]),
        ],
      ];
    }),
  });
  return { id: 'curves', title: 'Learning curves', body: html`${grid(charts)}${table}` };
}

function curvesChart(metric: string, part: string, curves: readonly TrialCurve[], draw: Draw): Promise<Html> {
  const values = (best: boolean) =>
    curves
      .filter(({ row }) => (row.rank === 1) === best)
      .flatMap(({ trial, points }) => points.map((point) => ({ trial, ...point })));
  const most = highestShown(metric, curves);
  const x = quantity('epoch', 'epoch', { axis: { tickMinStep: 1, format: 'd', grid: false } });
  const y = quantity('value', null, {
    ...(metric === 'accuracy' ? { axis: { format: '.3~p' } } : {}),
    scale: { zero: false, ...(most === null ? {} : { domainMax: most }) },
  });
  const layer = (best: boolean) => ({
    data: { values: values(best) },
    mark: {
      type: 'line',
      strokeWidth: best ? 2 : 1,
      color: best ? COLOUR.orange : COLOUR.grey,
      opacity: best ? 1 : 0.5,
      clip: true,
    },
    encoding: { x, y, detail: { field: 'trial' } },
  });
  const single = curves.every(({ points }) => points.length === 1);
  const point = single ? { point: true } : {};
  return draw({
    title: `${part}_${metric}`,
    subtitle: `${curves.length} trials; those of the best configuration are orange${most === null ? '' : `; above ${numberText(most)} they are cut off`}`,
    alt: `${part}_${metric} over the epochs of ${curves.length} trials, overlaid`,
    height: 280,
    spec: {
      layer: [layer(false), layer(true)].map((one) => ({ ...one, mark: { ...one.mark, ...point } })),
    },
  });
}

/** Returns where the axis of a loss or error ends, so that a few that explode do not flatten all others. */
function highestShown(metric: string, curves: readonly TrialCurve[]): number | null {
  if (metric === 'accuracy' || metric === 'r2') return null;
  const valuesOf = (some: readonly TrialCurve[]) =>
    some.flatMap(({ points }) => points.map(({ value }) => value));
  const all = valuesOf(curves);
  const most = Math.max(quantile(all, 0.9), ...valuesOf(curves.filter(({ row }) => row.rank === 1)));
  return Math.max(...all) > 2 * most ? most : null;
}
