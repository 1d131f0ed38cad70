/** The charts of a scaling report, each a Vega-Lite view of its own. */
import { STEP_PARTS } from '../profile.js';
import type { BatchSweep, BenchReport, ScalingPoint, Strong, TimeToTarget } from '../report.js';
import type { Estimate } from '../statistics.js';
import { COLOUR, PANEL } from './theme.js';

/** One of Vega-Lite's views, which it checks itself. */
export type Panel = Readonly<Record<string, unknown>>;

const panel = (title: string, subtitle: string, rest: object): Panel => ({
  title: { text: title, subtitle },
  ...PANEL,
  ...rest,
});

const series = (names: readonly string[], colours: readonly string[]) => ({
  field: 'series',
  type: 'nominal',
  sort: null,
  scale: { domain: names, range: colours },
});
/** A legend for a single series says nothing. */
const legend = (names: readonly string[]) => (names.length > 1 ? {} : { legend: null });

const ends = ({ value, low, high }: Estimate) => ({ value, low, high });
const STRONG = 'strong: the batch is shared';
const WEAK = 'weak: the batch grows';

function scalingSeries({ strong, weak }: Pick<BenchReport, 'strong' | 'weak'>) {
  const named = [
    ...(strong ? [{ name: STRONG, colour: COLOUR.blue, points: strong.points }] : []),
    ...(weak ? [{ name: WEAK, colour: COLOUR.orange, points: weak.points }] : []),
  ];
  const of = <Values extends object>(pick: (point: ScalingPoint) => Values | null) =>
    named.flatMap(({ name, points }) =>
      points.flatMap((point) => {
        const values = point.workers === 0 ? null : pick(point);
        return values ? [{ series: name, workers: point.workers, ...values }] : [];
      }),
    );
  const names = named.map(({ name }) => name);
  return {
    of,
    names,
    colour: {
      ...series(
        names,
        named.map(({ colour }) => colour),
      ),
      ...legend(names),
    },
  };
}

export function speedupPanel(report: Pick<BenchReport, 'strong' | 'weak'>): Panel[] {
  const { of, colour } = scalingSeries(report);
  const values = of(({ speedup }) => speedup && ends(speedup));
  if (values.length === 0) return [];
  const most = Math.max(...values.map(({ workers }) => workers));
  const x = {
    field: 'workers',
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
          data: { values: [1, most].map((workers) => ({ workers, value: workers })) },
          mark: { type: 'line', ...reference },
          encoding: { x, y: { field: 'value', type: 'quantitative' } },
        },
        {
          data: { values: [{ value: 1 }] },
          mark: { type: 'rule', stroke: COLOUR.faint },
          encoding: { y: { field: 'value', type: 'quantitative' } },
        },
        ...interval(x, colour),
      ].map((layer) => withY(layer, { title: 'speed-up', scale: { domainMin: 0, nice: true } })),
    }),
  ];
}

/** A line through the values, their intervals, and points upon them. */
const interval = (x: object, color: object) => [
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

function withY(layer: { encoding: object }, settings: object): object {
  const encoding = layer.encoding as { y?: object };
  return { ...layer, encoding: { ...encoding, y: { ...encoding.y, ...settings } } };
}

export function efficiencyPanel(report: Pick<BenchReport, 'strong' | 'weak'>): Panel[] {
  const { of, colour, names } = scalingSeries(report);
  const values = of(({ efficiency }) => (efficiency === null ? null : { value: efficiency }));
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
      scale: { domainMin: 0, domainMax: Math.max(1, ...values.map(({ value }) => value)) },
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

export function batchPanel({ points, workers, breakEven }: BatchSweep): Panel[] {
  const who = `${workers} worker${workers === 1 ? '' : 's'}`;
  const values = points.flatMap(({ serial, parallel }) => [
    { series: 'in-process', batch: serial.batch, ...ends(serial.samplesPerSecond) },
    { series: who, batch: parallel.batch, ...ends(parallel.samplesPerSecond) },
  ]);
  const x = {
    field: 'batch',
    type: 'quantitative',
    title: 'rows of a batch',
    scale: { type: 'log', base: 2, nice: false },
    axis: { values: points.map(({ serial }) => serial.batch), grid: false, format: 'd' },
  };
  const mark = breakEven === null ? [] : [{ batch: breakEven, text: `break-even: ${breakEven}` }];
  const right = breakEven !== null && breakEven > points[Math.floor(points.length / 2)].serial.batch;
  const subtitle =
    breakEven === null
      ? `no batch that is certain to gain from ${who}`
      : `from batch ${breakEven} on, ${who} gain for certain`;
  return [
    panel('Batch size', subtitle, {
      layer: [
        {
          data: { values: mark },
          mark: { type: 'rule', stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1.2 },
          encoding: { x },
        },
        {
          data: { values: mark },
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
        {
          data: { values },
          layer: interval(x, series(['in-process', who], [COLOUR.grey, COLOUR.blue])).map((layer) =>
            withY(layer, {
              title: 'samples a second',
              scale: { domainMin: 0, nice: true },
              axis: { format: '~s' },
            }),
          ),
        },
      ],
    }),
  ];
}

const PART_COLOURS = {
  data: COLOUR.violet,
  forward: COLOUR.sky,
  backward: COLOUR.blue,
  wait: COLOUR.faint,
  sum: COLOUR.amber,
  update: COLOUR.green,
} as const;

export function breakdownPanel({ points, oneShard }: Strong): Panel[] {
  const bars = [
    ...points.map((point) => ({ name: `${point.workers}`, point })),
    ...(oneShard ? [{ name: '0, 1 shard', point: oneShard }] : []),
  ];
  const values = bars.flatMap(({ name, point: { breakdown } }) =>
    breakdown === null
      ? []
      : STEP_PARTS.map((part, order) => ({ name, series: part, order, ms: 1000 * breakdown[part] })),
  );
  if (values.length === 0) return [];
  return [
    panel("Where a step's time goes", 'strong scaling, by workers', {
      data: { values },
      mark: { type: 'bar', height: { band: 0.7 } },
      encoding: {
        y: { field: 'name', type: 'ordinal', sort: null, title: 'workers' },
        x: { field: 'ms', type: 'quantitative', title: 'milliseconds a step', stack: true },
        order: { field: 'order' },
        color: series(
          STEP_PARTS,
          STEP_PARTS.map((part) => PART_COLOURS[part]),
        ),
      },
    }),
  ];
}

/** What is done of what these kernels could do on as many threads. */
export function peakPanel({ strong, peaks }: Pick<BenchReport, 'strong' | 'peaks'>): Panel[] {
  const reached = (strong?.points ?? []).map(({ workers, gflops, peakShare }) => ({
    workers: workers === 0 ? 'in-process' : `${workers}`,
    series: 'training step',
    value: gflops,
    text: `${Math.round(100 * peakShare)} %`,
  }));
  if (reached.length === 0) return [];
  const peak = peaks.map(({ workers, gflops }) => ({
    workers: workers === 0 ? 'in-process' : `${workers}`,
    series: 'matrix-product peak',
    value: gflops,
  }));
  const position = {
    x: { field: 'workers', type: 'ordinal', sort: null, title: 'workers', axis: { labelAngle: 0 } },
    y: { field: 'value', type: 'quantitative', title: 'GFLOP/s', scale: { domainMin: 0, nice: true } },
  };
  const color = series(['matrix-product peak', 'training step'], [COLOUR.faint, COLOUR.blue]);
  return [
    panel('Arithmetic', 'of a step, and what the kernels can on as many threads', {
      layer: [
        {
          data: { values: peak },
          mark: { type: 'bar', width: { band: 0.7 } },
          encoding: { ...position, color },
        },
        {
          data: { values: reached },
          mark: { type: 'bar', width: { band: 0.5 } },
          encoding: { ...position, color },
        },
        {
          data: { values: reached },
          mark: { type: 'text', dy: 12, fontSize: 11, fontWeight: 600, color: COLOUR.ground },
          encoding: { ...position, text: { field: 'text' } },
        },
      ],
    }),
  ];
}

export function targetPanel({ points, wanted, data, steps, reached }: TimeToTarget): Panel[] {
  const values = points.map(({ workers, seconds }) => ({
    workers: workers === 0 ? 'in-process' : `${workers}`,
    text: `${seconds.value.toFixed(2)} s`,
    ...ends(seconds),
  }));
  const position = { y: { field: 'workers', type: 'ordinal', sort: null, title: 'workers' } };
  const share = `${Number((100 * wanted).toPrecision(4))} %`;
  return [
    panel(
      `Time to ${share} on ${data}`,
      `${reached ? '' : 'not reached; '}${steps} steps, the same for every worker count`,
      {
        data: { values },
        layer: [
          {
            mark: { type: 'bar', height: { band: 0.6 }, color: COLOUR.green, cornerRadiusEnd: 2 },
            encoding: {
              ...position,
              x: {
                field: 'value',
                type: 'quantitative',
                title: 'seconds, from nothing',
                scale: { domainMin: 0, nice: true },
              },
            },
          },
          {
            mark: { type: 'rule', color: COLOUR.text, strokeWidth: 1.5 },
            encoding: { ...position, x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
          },
          {
            mark: { type: 'text', align: 'left', x: 8, fontSize: 11, fontWeight: 600, color: COLOUR.ground },
            encoding: { ...position, text: { field: 'text' } },
          },
        ],
      },
    ),
  ];
}
