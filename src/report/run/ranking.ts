/** ROC and precision-recall curves of each class against the rest. */
import { COLOUR } from '../../bench/plot/theme.js';
import type { ClassPredictions } from '../../metrics/predictions.js';
import {
  type CurvePoint,
  PRECISION_RECALL,
  precisionRecallCurve,
  ROC,
  rocCurve,
} from '../../metrics/ranking.js';
import { type Draw, quantity, SERIES, seriesColours } from '../chart.js';
import { grid, numbersTable, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { type Html, html } from '../html.js';
import type { Examined } from './examined.js';

/** Classes of which a table of areas is made. */
const MOST_CLASSES = 100;
/** Points of a curve that are drawn. */
const MOST_POINTS = 150;

interface ClassAreas {
  readonly k: number;
  readonly name: string;
  readonly roc: number | null;
  readonly pr: number | null;
  readonly rows: number;
}

/** Returns the section of the curves; null where there are no probabilities. */
export async function rankingSection({ predictions }: Examined, draw: Draw): Promise<PageSection | null> {
  if (predictions.task !== 'classification' || predictions.probabilities === null) return null;
  const { classes } = predictions;
  const all = classes.length === 2 ? [1] : [...classes.keys()].slice(0, MOST_CLASSES);
  const areas = all.map((k) => areasOf(predictions, k));
  const known = areas.filter(({ roc }) => roc !== null);
  if (known.length === 0) return null;
  // Only the worst of many classes are drawn: the curves of the others lie together in a corner.
  const drawn = [...known].sort((a, b) => a.roc! - b.roc! || a.k - b.k).slice(0, SERIES.length);
  const charts = [
    await curveChart('ROC curves', drawn, (k) => rocCurve(predictions, k), draw),
    await curveChart('Precision and recall', drawn, (k) => precisionRecallCurve(predictions, k), draw),
  ];
  const left = known.length - drawn.length;
  const body = html`${
    left > 0 &&
    html`<p>Of ${known.length} classes, the ${drawn.length} with the least area under the ROC curve are drawn.</p>`
  }${grid(charts)}${numbersTable({
    caption: 'areas under the curves of each class against the rest',
    columns: ['Class', 'ROC AUC', 'average precision', 'rows'],
    rows: areas.map(({ name, roc, pr, rows }) => [name, numberText(roc), numberText(pr), numberText(rows)]),
  })}`;
  return { id: 'ranking', title: 'ROC and precision-recall', body };
}

function areasOf(predictions: ClassPredictions, k: number): ClassAreas {
  const roc = ROC.area(predictions, k);
  const pr = PRECISION_RECALL.area(predictions, k);
  return {
    k,
    name: predictions.classes[k],
    roc: Number.isFinite(roc.area) ? roc.area : null,
    pr: Number.isFinite(pr.area) ? pr.area : null,
    rows: roc.positive,
  };
}

function curveChart(
  title: string,
  drawn: readonly ClassAreas[],
  curve: (k: number) => CurvePoint[] | null,
  draw: Draw,
): Promise<Html> {
  const roc = title.startsWith('ROC');
  const values = drawn.flatMap(({ k, name }) =>
    corners(curve(k) ?? []).map(({ x, y }, order) => ({ series: name, order, x, y })),
  );
  const x = quantity('x', roc ? 'share of other rows taken for it' : 'recall', UNIT);
  const y = quantity('y', roc ? 'share of its rows found' : 'precision', UNIT);
  const areas = drawn.map(({ name, roc: area, pr }) => `${name} ${numberText(roc ? area : pr)}`);
  return draw({
    title,
    subtitle: `Area: ${areas.join(', ')}.`,
    alt: `${title} of the classes ${areas.join(', ')}, each with its area`,
    height: 300,
    spec: {
      layer: [
        ...(roc
          ? [
              {
                data: { values: [0, 1].map((at) => ({ x: at, y: at })) },
                mark: { type: 'line', stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1 },
                encoding: { x, y },
              },
            ]
          : []),
        {
          data: { values },
          mark: { type: 'line', strokeWidth: 1.8 },
          encoding: { x, y, order: { field: 'order' }, color: seriesColours(drawn.map(({ name }) => name)) },
        },
      ],
    },
  });
}

const UNIT = { scale: { domain: [0, 1], nice: false }, axis: { tickCount: 5 } };

/** Keeps the points at which a curve has moved on enough to be seen, its ends among them. */
function corners(points: readonly CurvePoint[]): CurvePoint[] {
  const least = 1 / MOST_POINTS;
  const kept: CurvePoint[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    const moved = !last || Math.abs(point.x - last.x) + Math.abs(point.y - last.y) >= least;
    if (moved || i === points.length - 1) kept.push(point);
  }
  return kept;
}
