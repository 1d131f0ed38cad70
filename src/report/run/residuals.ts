/** Predicted numbers against the actual ones, and the residuals between them. */
import { COLOUR } from '../../bench/plot/theme.js';
import { quantile } from '../../statistics.js';
import { type Draw, quantity, thinned } from '../chart.js';
import { grid, numbersTable, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { type Html, html } from '../html.js';
import type { Examined } from './examined.js';

/** Points of a scatter plot: more would hide each other and swell the page. */
const MOST_POINTS = 800;
const MOST_TARGETS = 3;
const BINS = 30;

/** A row as it is drawn. */
interface Pair {
  readonly actual: number;
  readonly predicted: number;
  /** actual − predicted */
  readonly residual: number;
}

/** Returns the section of predicted numbers; null for a model of classes. */
export async function residualsSection(
  { predictions, model }: Examined,
  draw: Draw,
): Promise<PageSection | null> {
  const { target } = model.schema;
  if (predictions.task !== 'regression' || target.kind !== 'values') return null;
  const { targets, predicted, outputs } = predictions;
  const parts = await Promise.all(
    target.names.slice(0, MOST_TARGETS).map((name, output) => {
      const pairs = Array.from({ length: targets.length / outputs }, (_, row): Pair => {
        const i = row * outputs + output;
        return { actual: targets[i], predicted: predicted[i], residual: targets[i] - predicted[i] };
      });
      return targetPart(name, pairs, draw);
    }),
  );
  const left = target.names.length - parts.length;
  return {
    id: 'residuals',
    title: 'Predicted and actual',
    body: html`${parts}${left > 0 && html`<p>Of ${target.names.length} targets the first ${parts.length} are drawn.</p>`}`,
  };
}

async function targetPart(name: string, pairs: readonly Pair[], draw: Draw): Promise<Html> {
  const values = thinned(pairs, MOST_POINTS);
  const some = values.length < pairs.length ? `${values.length} of ${numberText(pairs.length)} rows` : '';
  const ends = [
    Math.min(...values.flatMap(({ actual, predicted }) => [actual, predicted])),
    Math.max(...values.flatMap(({ actual, predicted }) => [actual, predicted])),
  ];
  const points = { type: 'point', filled: true, size: 14, opacity: 0.55, color: COLOUR.blue };
  const dashed = { stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1 };
  const charts = [
    await draw({
      title: `Predicted against actual ${name}`,
      subtitle: ['On the dashed line the prediction is right', some].filter(Boolean).join('; '),
      alt: `Predicted ${name} against the actual one for ${values.length} rows, with the line on which both are equal`,
      height: 300,
      spec: {
        layer: [
          {
            data: { values: ends.map((at) => ({ actual: at, predicted: at })) },
            mark: { type: 'line', ...dashed },
            encoding: { x: quantity('actual', 'actual'), y: quantity('predicted', 'predicted') },
          },
          {
            data: { values },
            mark: points,
            encoding: { x: quantity('actual', 'actual'), y: quantity('predicted', 'predicted') },
          },
        ],
      },
    }),
    await draw({
      title: 'Residuals',
      subtitle: ['Actual less predicted, against the prediction', some].filter(Boolean).join('; '),
      alt: `Residuals of ${name} against its prediction`,
      height: 300,
      spec: {
        layer: [
          {
            data: { values: [{ residual: 0 }] },
            mark: { type: 'rule', ...dashed },
            encoding: { y: quantity('residual', 'residual') },
          },
          {
            data: { values },
            mark: points,
            encoding: { x: quantity('predicted', 'predicted'), y: quantity('residual', 'residual') },
          },
        ],
      },
    }),
    await histogram(name, pairs, draw),
  ];
  const residuals = Float64Array.from(pairs, ({ residual }) => residual);
  const table = numbersTable({
    caption: `quantiles of the residuals of ${name}`,
    columns: ['Share of rows below', 'residual'],
    rows: [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map((share) => [
      `${Math.round(100 * share)} %`,
      numberText(quantile(residuals, share)),
    ]),
  });
  return html`${grid(charts)}${table}`;
}

/** Draws how the residuals are distributed; those beyond 1 % at either end share its outer bins. */
function histogram(name: string, pairs: readonly Pair[], draw: Draw): Promise<Html> {
  const residuals = Float64Array.from(pairs, ({ residual }) => residual);
  const [low, high] = [quantile(residuals, 0.01), quantile(residuals, 0.99)];
  const width = (high - low) / BINS || 1;
  const counts = new Array<number>(BINS).fill(0);
  for (const residual of residuals) {
    counts[Math.min(BINS - 1, Math.max(0, Math.floor((residual - low) / width)))]++;
  }
  const values = counts.map((rows, bin) => ({ from: low + bin * width, to: low + (bin + 1) * width, rows }));
  return draw({
    title: 'Distribution of the residuals',
    subtitle: 'The outer bins hold the 1 % of rows beyond them too',
    alt: `Histogram of the residuals of ${name}, from ${numberText(low)} to ${numberText(high)}`,
    height: 300,
    spec: {
      data: { values },
      mark: { type: 'bar', color: COLOUR.blue, binSpacing: 1 },
      encoding: {
        x: { ...quantity('from', 'residual'), bin: { binned: true } },
        x2: { field: 'to' },
        y: quantity('rows', 'rows', { scale: { zero: true } }),
      },
    },
  });
}
