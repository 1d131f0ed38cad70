/** The charts of how training scales with the workers and with the batch. */
import { workersLabel } from '../points.js';
import type { BatchSweep, BenchReport, ScalingPoint } from '../report.js';
import { chartValues, type Panel, panel, seriesColour } from './elements.js';
import { COLOUR, PANEL } from './theme.js';

/** Leaves out the legend of a single series, which would say nothing. */
const legend = (names: readonly string[]) => (names.length > 1 ? {} : { legend: null });

const STRONG = 'strong: the batch is shared';
const WEAK = 'weak: the batch grows';

/**
 * Distance by which weak scaling is drawn to the right, in workers, so that intervals do not hide each other.
 */
const WEAK_OFFSET = 0.025;

/** Gathers the points of strong and weak scaling as two series, whichever were measured. */
function scalingSeries({ strong, weak }: Pick<BenchReport, 'strong' | 'weak'>) {
  const named = [
    ...(strong ? [{ name: STRONG, colour: COLOUR.blue, offset: 0, points: strong.points }] : []),
    ...(weak ? [{ name: WEAK, colour: COLOUR.orange, offset: WEAK_OFFSET, points: weak.points }] : []),
  ];
  const valuesOf = <Values extends object>(pick: (point: ScalingPoint) => Values | null) =>
    named.flatMap(({ name, points, offset }) =>
      points.flatMap((point) => {
        const values = point.workers === 0 ? null : pick(point);
        return values
          ? [{ series: name, workers: point.workers, place: point.workers + offset, ...values }]
          : [];
      }),
    );
  const names = named.map(({ name }) => name);
  return {
    valuesOf,
    names,
    colour: {
      ...seriesColour(
        names,
        named.map(({ colour }) => colour),
      ),
      ...legend(names),
    },
  };
}

/** Draws speed-up against workers, beside the ideal line. */
export function speedupPanel(report: Pick<BenchReport, 'strong' | 'weak'>): Panel[] {
  const { valuesOf, colour } = scalingSeries(report);
  const values = valuesOf(({ speedup }) => speedup && chartValues(speedup));
  if (values.length === 0) return [];
  const most = Math.max(...values.map(({ workers }) => workers));
  const x = {
    field: 'place',
    type: 'quantitative',
    title: 'workers',
    scale: { domain: [0.8, most + 0.2], nice: false },
    axis: { values: [...new Set(values.map(({ workers }) => workers))], grid: false, format: 'd' },
  };
  const reference = { stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1.2 };
  return [
    panel('Speed-up', 'against the in-process loop, with 95 % intervals; dashed: ideal', {
      data: { values },
      layer: [
        {
          data: { values: [1, most].map((place) => ({ place, value: place })) },
          mark: { type: 'line', ...reference },
          encoding: { x, y: { field: 'value', type: 'quantitative' } },
        },
        {
          data: { values: [{ value: 1 }] },
          mark: { type: 'rule', stroke: COLOUR.faint },
          encoding: { y: { field: 'value', type: 'quantitative' } },
        },
        ...intervalLayers(x, colour),
      ].map((layer) => withY(layer, { title: 'speed-up', scale: { zero: true } })),
    }),
  ];
}

/** Draws a line through the values, their intervals, and points on top. */
const intervalLayers = (x: object, color: object) => [
  {
    mark: { type: 'line', strokeWidth: 2 },
    encoding: { x, y: { field: 'value', type: 'quantitative' }, color },
  },
  {
    mark: { type: 'rule', strokeWidth: 2, strokeCap: 'butt' },
    encoding: { x, y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' }, color },
  },
  {
    mark: { type: 'point', filled: true, size: 50, opacity: 1 },
    encoding: { x, y: { field: 'value', type: 'quantitative' }, color },
  },
];

/** Adds settings to a layer's y encoding, and leaves the rest of it. */
function withY(layer: { encoding: object }, settings: object): object {
  const encoding = layer.encoding as { y?: object };
  return { ...layer, encoding: { ...encoding, y: { ...encoding.y, ...settings } } };
}

/** Draws the efficiency of each worker count as bars. */
export function efficiencyPanel(report: Pick<BenchReport, 'strong' | 'weak'>): Panel[] {
  const { valuesOf, colour, names } = scalingSeries(report);
  const values = valuesOf(({ efficiency }) => (efficiency === null ? null : { value: efficiency }));
  if (values.length === 0) return [];
  const x = {
    field: 'workers',
    type: 'ordinal',
    title: 'workers',
    axis: { labelAngle: 0 },
    scale: { paddingInner: 0.35, paddingOuter: 0.3 },
  };
  const position = {
    x,
    xOffset: { field: 'series', sort: null, scale: { domain: names } },
    y: {
      field: 'value',
      type: 'quantitative',
      title: 'efficiency',
      axis: { format: '.0%' },
      scale: { domainMin: 0, domainMax: 1.1 * Math.max(1, ...values.map(({ value }) => value)) },
    },
  };
  return [
    panel('Efficiency', 'speed-up for each worker', {
      data: { values },
      layer: [
        {
          mark: { type: 'bar', cornerRadiusEnd: 2, width: { band: 0.92 } },
          encoding: { ...position, color: colour },
        },
        {
          mark: { type: 'text', dy: -7, fontSize: 11, color: COLOUR.text },
          encoding: { ...position, text: { field: 'value', format: '.0%' } },
        },
      ],
    }),
  ];
}

/** Draws the samples per second of both sides of the sweep against the batch, and where they break even. */
export function batchPanel({ points, workers, breakEven }: BatchSweep): Panel[] {
  const parallelName = workersLabel(workers);
  const values = points.flatMap(({ serial, parallel }) => [
    { series: 'in-process', batch: serial.batch, ...chartValues(serial.samplesPerSecond) },
    { series: parallelName, batch: parallel.batch, ...chartValues(parallel.samplesPerSecond) },
  ]);
  const x = {
    field: 'batch',
    type: 'quantitative',
    title: 'rows of a batch',
    scale: { type: 'log', base: 2, nice: false },
    axis: { values: points.map(({ serial }) => serial.batch), grid: false, format: 'd' },
  };
  const subtitle =
    breakEven === null
      ? `no batch that is certain to gain from ${parallelName}`
      : `from batch ${breakEven} on, ${parallelName} gain for certain`;
  return [
    panel('Batch size', subtitle, {
      layer: [
        ...(breakEven === null ? [] : breakEvenLayers(x, points, breakEven)),
        {
          data: { values },
          layer: intervalLayers(
            x,
            seriesColour(['in-process', parallelName], [COLOUR.grey, COLOUR.blue]),
          ).map((layer) =>
            withY(layer, {
              title: 'samples a second',
              scale: { zero: true },
              axis: { format: '~s' },
            }),
          ),
        },
      ],
    }),
  ];
}

/** Draws a vertical line at the break-even batch, with its name on the side that has room. */
function breakEvenLayers(x: object, points: BatchSweep['points'], breakEven: number): object[] {
  const data = { values: [{ batch: breakEven, text: `break-even: ${breakEven}` }] };
  const right = breakEven > points[Math.floor(points.length / 2)].serial.batch;
  return [
    {
      data,
      mark: { type: 'rule', stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1.2 },
      encoding: { x },
    },
    {
      data,
      mark: {
        type: 'text',
        align: right ? 'right' : 'left',
        dx: right ? -6 : 6,
        y: PANEL.height - 10,
        fontSize: 11,
        color: COLOUR.muted,
      },
      encoding: { x, text: { field: 'text' } },
    },
  ];
}
