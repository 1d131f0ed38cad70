/** Curves over the epochs: loss and metric with the best epoch, the learning rate, norms by layer. */
import { COLOUR } from '../../bench/plot/theme.js';
import type { Metrics } from '../../forward/metrics.js';
import { type Draw, quantity, SERIES, seriesColours, thinned } from '../chart.js';
import { grid, numbersTable, type PageSection } from '../elements.js';
import { metricText, numberText } from '../format.js';
import { type Html, html } from '../html.js';
import type { LoggedCurve } from './log.js';
import type { OpenedRun } from './open.js';

/** Returns the section of the curves; null before an epoch has ended. */
export async function curvesSection({ log, record }: OpenedRun, draw: Draw): Promise<PageSection | null> {
  const { curves } = log;
  if (!curves.some(({ epochs }) => epochs.length > 0)) return null;
  const [first] = curves;
  const metrics = Object.keys(first.epochs[0].train) as (keyof Metrics)[];
  const best = record.result?.bestEpoch ?? first.epochs.findLast((epoch) => epoch.best)?.epoch ?? null;
  const marked = first.kind === 'run' ? best : null;
  const charts = await Promise.all([
    ...metrics.map((metric) => metricChart(curves, metric, marked, draw)),
    rateChart(curves, draw),
  ]);
  const body = html`${grid(charts)}${numbersTable(epochTable(curves, metrics))}`;
  return { id: 'curves', title: 'Training curves', body };
}

/** The names of the metrics of each epoch; that which the training goes by has its own. */
const NAMES: Readonly<Partial<Record<keyof Metrics, string>>> = {
  loss: 'Loss',
  accuracy: 'Accuracy',
  rmse: 'RMSE',
  r2: 'R²',
};

const nameOf = (metric: keyof Metrics): string => NAMES[metric] ?? metric;

function metricChart(
  curves: readonly LoggedCurve[],
  metric: keyof Metrics,
  best: number | null,
  draw: Draw,
): Promise<Html> {
  const values = curves.flatMap(({ name, kind, epochs }) =>
    thinned(epochs).flatMap((epoch) =>
      (['train', 'val'] as const).flatMap((part) => {
        const value = epoch[part]?.[metric];
        const series = kind === 'refit' ? 'refit' : part === 'train' ? 'training' : 'validation';
        return typeof value === 'number' ? [{ curve: name, series, epoch: epoch.epoch, value }] : [];
      }),
    ),
  );
  const series = ['training', 'validation', 'refit'].filter((name) =>
    values.some((value) => value.series === name),
  );
  const [members, folds] = ['member', 'fold'].map(
    (kind) => curves.filter((curve) => curve.kind === kind).length,
  );
  const several = members + folds > 0;
  const judged = series.includes('validation') ? 'validation' : 'training';
  const last = values.findLast((value) => value.series === judged);
  const at = curves
    .filter(({ kind }) => kind === 'run')
    .flatMap(({ epochs }) => epochs.filter(({ epoch }) => epoch === best))
    .map(({ epoch, val, train }) => ({ epoch, value: (val ?? train)[metric] }));
  return draw({
    title: nameOf(metric),
    subtitle: [
      best !== null && `best epoch ${best}`,
      members > 0 && `${members} members of the bag, overlaid`,
      folds > 0 && `${folds} folds, overlaid`,
    ]
      .filter((text) => text !== false)
      .join('; '),
    alt: `${nameOf(metric)} over the epochs for ${series.join(', ')}${best === null ? '' : `; best epoch ${best}`}; at the end ${metricText(metric, last?.value)}`,
    spec: {
      layer: [
        {
          data: { values },
          mark: { type: 'line', strokeWidth: several ? 1 : 2, point: values.length <= 2 * series.length },
          encoding: {
            x: epochAxis,
            y: quantity('value', null, metric === 'accuracy' ? { axis: { format: '.3~p' } } : {}),
            color: seriesColours(series),
            detail: { field: 'curve' },
          },
        },
        ...(at.length === 0 ? [] : [bestMark(at)]),
      ],
    },
  });
}

const epochAxis = quantity('epoch', 'epoch', { axis: { tickMinStep: 1, format: 'd', grid: false } });

const bestMark = (values: readonly object[]) => ({
  data: { values },
  layer: [
    {
      mark: { type: 'rule', stroke: COLOUR.muted, strokeDash: [4, 4] },
      encoding: { x: { field: 'epoch', type: 'quantitative' } },
    },
    {
      mark: { type: 'point', filled: true, size: 70, opacity: 1, color: SERIES[1] },
      encoding: {
        x: { field: 'epoch', type: 'quantitative' },
        y: { field: 'value', type: 'quantitative' },
      },
    },
  ],
});

function rateChart(curves: readonly LoggedCurve[], draw: Draw): Promise<Html> {
  const values = curves.flatMap(({ name, kind, epochs }) =>
    kind === 'refit' ? [] : thinned(epochs).map(({ epoch, lr }) => ({ curve: name, epoch, value: lr })),
  );
  const rates = values.map(({ value }) => value);
  return draw({
    title: 'Learning rate',
    subtitle: 'of the last step of each epoch',
    alt: `Learning rate over the epochs, from ${numberText(rates[0])} to ${numberText(rates.at(-1))}`,
    spec: {
      data: { values },
      mark: { type: 'line', strokeWidth: 2, color: COLOUR.violet, point: values.length === 1 },
      encoding: {
        x: epochAxis,
        y: quantity('value', null, { scale: { zero: true } }),
        detail: { field: 'curve' },
      },
    },
  });
}

function epochTable(curves: readonly LoggedCurve[], metrics: readonly (keyof Metrics)[]) {
  const several = curves.length > 1;
  return {
    caption: 'every epoch',
    columns: [
      'Epoch',
      ...metrics.map((metric) => `training ${nameOf(metric).toLowerCase()}`),
      ...metrics.map((metric) => `validation ${nameOf(metric).toLowerCase()}`),
      'learning rate',
      'seconds',
    ],
    rows: curves.flatMap(({ name, epochs }) =>
      thinned(epochs, 200).map(({ epoch, train, val, lr, seconds }) => [
        several ? `${name}, ${epoch}` : String(epoch),
        ...metrics.map((metric) => metricText(metric, train[metric])),
        ...metrics.map((metric) => metricText(metric, val?.[metric])),
        numberText(lr),
        seconds.toFixed(2),
      ]),
    ),
    most: 400,
    elsewhere: 'metrics.jsonl',
  };
}

/** Returns the section of the norms by layer; null where none were recorded. */
export async function normsSection(
  { log }: OpenedRun,
  layerName: (path: string) => string,
  draw: Draw,
): Promise<PageSection | null> {
  const curve = log.curves.find(({ epochs }) => epochs.some(({ norms }) => norms && norms.length > 0));
  if (curve === undefined) return null;
  const all = curve.epochs.filter(({ norms }) => norms !== undefined);
  const layers = (all.at(-1)?.norms ?? []).map(({ layer }) => layer);
  const shown = layers.length <= SERIES.length ? layers : [...layers.slice(0, 3), ...layers.slice(-3)];
  const chart = (kind: 'weights' | 'gradient') => {
    const values = thinned(all).flatMap(({ epoch, norms }) =>
      (norms ?? [])
        .filter(({ layer, [kind]: value }) => shown.includes(layer) && value > 0)
        .map((norm) => ({ epoch, series: layerName(norm.layer), value: norm[kind] })),
    );
    return draw({
      title: kind === 'weights' ? 'Norm of the weights' : 'Norm of the gradient',
      subtitle:
        kind === 'weights'
          ? 'of each layer, biases among them'
          : "of each layer: the mean gradient of the epoch's last batch",
      alt: `Norm of the ${kind} of each layer over the epochs, on a logarithmic axis`,
      height: 270,
      spec: {
        data: { values },
        mark: { type: 'line', strokeWidth: 2, point: all.length === 1 },
        encoding: {
          x: epochAxis,
          y: quantity('value', null, {
            scale: { type: 'log', nice: false },
            axis: { format: '~g', tickCount: 5 },
          }),
          color: seriesColours(shown.map(layerName)),
        },
      },
    });
  };
  const charts = [await chart('weights'), await chart('gradient')];
  const last = all.at(-1)!;
  const table = numbersTable({
    caption: `norms after epoch ${last.epoch}`,
    columns: ['Layer', 'weights', 'gradient'],
    rows: (last.norms ?? []).map(({ layer, weights, gradient }) => [
      layerName(layer),
      numberText(weights),
      numberText(gradient),
    ]),
  });
  const whose =
    curve.kind === 'member' || curve.kind === 'fold' ? html`<p>Those of ${curve.name}.</p>` : null;
  const some =
    shown.length < layers.length &&
    html`<p>Of ${layers.length} layers, the first and the last three are drawn.</p>`;
  return { id: 'norms', title: 'Norms by layer', body: html`${whose}${some}${grid(charts)}${table}` };
}
