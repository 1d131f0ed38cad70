/**
 * The charts of growth, on logarithmic axes: time per row against rows, and time per step against parameters.
 */
import { GROWTH_BATCH } from '../growth.js';
import type { Growth, GrowthPoint } from '../report.js';
import type { Panel } from './elements.js';
import { COLOUR, PANEL } from './theme.js';

/** Draws both charts, each with the line of ideal growth. */
export function growthPanels({ rows, parameters }: Growth): Panel[] {
  const spread = `${Math.round(100 * rows.spread)} % between the least and the most`;
  return [
    growthPanel({
      title: 'Time per row',
      subtitle: `${rows.points[0].network}: ${rows.constant ? 'constant, ' : ''}${spread}`,
      x: 'rows of the training data',
      y: 'time per row',
      points: rows.points.map((point) => toPoint(point, point.rows)),
      exponent: 0,
      colour: COLOUR.blue,
    }),
    growthPanel({
      title: 'Time per step',
      subtitle: `grows with parameters^${parameters.exponent.value.toFixed(2)}, in the last decade ^${parameters.lastDecade.value.toFixed(2)}`,
      x: 'parameters',
      y: `time per step of ${GROWTH_BATCH} rows`,
      points: parameters.points.map((point) => toPoint(point, point.parameters)),
      exponent: 1,
      colour: COLOUR.orange,
    }),
  ];
}

interface Plotted {
  readonly size: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const toPoint = ({ seconds: { value, low, high } }: GrowthPoint, size: number): Plotted => ({
  size,
  value,
  low,
  high,
});

interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly Plotted[];
  /** Exponent of the ideal line, which is drawn through the largest size. */
  readonly exponent: 0 | 1;
  readonly colour: string;
}

function growthPanel(chart: Chart): Panel {
  const { title, subtitle, points, exponent, colour } = chart;
  const last = points[points.length - 1];
  const ideal = [points[0], last].map(({ size }) => ({
    size,
    value: last.value * (exponent === 0 ? 1 : size / last.size),
  }));
  const values = [...points.flatMap(({ low, high }) => [low, high]), ...ideal.map(({ value }) => value)];
  const { across, up } = axes(chart, values);
  return {
    title: { text: title, subtitle },
    ...PANEL,
    layer: [
      {
        data: { values: ideal },
        mark: { type: 'line', stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1.2 },
        encoding: { x: across, y: up('value') },
      },
      {
        data: { values: points },
        layer: [
          { mark: { type: 'line', color: colour, strokeWidth: 2 }, encoding: { x: across, y: up('value') } },
          {
            mark: { type: 'rule', color: colour, strokeWidth: 2 },
            encoding: { x: across, y: up('low'), y2: { field: 'high' } },
          },
          {
            mark: { type: 'point', filled: true, size: 50, opacity: 1, color: colour },
            encoding: { x: across, y: up('value') },
          },
        ],
      },
    ],
  } as Panel;
}

/** An axis ends at a power of ten if the data exceed it by no more than this share of a decade. */
const NEAR = 0.01;

/**
 * Returns logarithmic axes with a tick at each power of ten: `across` for the sizes, `up` for a field of the
 * values.
 */
function axes({ x, y, points }: Chart, values: readonly number[]) {
  const powers = (from: number, to: number) =>
    Array.from({ length: Math.round(Math.log10(to / from)) + 1 }, (_, i) => from * 10 ** i);
  const [least, most] = decades(points.map(({ size }) => size));
  const [bottom, top] = decades(values);
  return {
    across: {
      field: 'size',
      type: 'quantitative',
      title: x,
      scale: { type: 'log', domain: [least * 0.8, most * 1.25], nice: false },
      axis: { values: powers(least, most), format: '~s', grid: false },
    },
    up: (field: string) => ({
      field,
      type: 'quantitative',
      title: y,
      scale: { type: 'log', domain: [bottom, top], nice: false },
      axis: { values: powers(bottom, top), labelExpr: "format(datum.value, '~s') + 's'" },
    }),
  };
}

/** Returns the powers of ten that enclose the values. */
const decades = (values: readonly number[]): [number, number] => [
  10 ** Math.floor(Math.log10(Math.min(...values)) + NEAR),
  10 ** Math.ceil(Math.log10(Math.max(...values)) - NEAR),
];
