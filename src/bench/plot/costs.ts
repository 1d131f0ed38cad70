/** The charts of where a step's time goes, of its arithmetic, and of the time to an accuracy. */
import { workersLabel } from '../points.js';
import { STEP_PARTS } from '../profile.js';
import type { BenchReport, Strong, TimeToTarget } from '../report.js';
import { chartValues, type Panel, panel, seriesColour } from './elements.js';
import { COLOUR } from './theme.js';

const PART_COLOURS = {
  data: COLOUR.violet,
  forward: COLOUR.sky,
  backward: COLOUR.blue,
  wait: COLOUR.faint,
  sum: COLOUR.amber,
  update: COLOUR.green,
} as const;

/** Draws a bar for each worker count, divided into the parts of a step. */
export function breakdownPanel({ points, oneShard }: Strong): Panel[] {
  const bars = [
    ...points.map((point) => ({ name: workersLabel(point.workers), point })),
    ...(oneShard ? [{ name: 'in-process, 1 shard', point: oneShard }] : []),
  ];
  const values = bars.flatMap(({ name, point: { breakdown } }) =>
    STEP_PARTS.map((part, order) => ({ name, series: part, order, ms: 1000 * breakdown[part] })),
  );
  return [
    panel("Where a step's time goes", "strong scaling: parts of the coordinator's wall time", {
      data: { values },
      mark: { type: 'bar', height: { band: 0.7 } },
      encoding: {
        y: { field: 'name', type: 'ordinal', sort: null, title: null },
        x: { field: 'ms', type: 'quantitative', title: 'milliseconds a step', stack: true },
        order: { field: 'order' },
        color: seriesColour(
          STEP_PARTS,
          STEP_PARTS.map((part) => PART_COLOURS[part]),
        ),
      },
    }),
  ];
}

/** Draws the GFLOP/s of a training step in front of what these kernels reach on as many threads. */
export function peakPanel({ strong, peaks }: Pick<BenchReport, 'strong' | 'peaks'>): Panel[] {
  const reached = (strong?.points ?? []).map(({ workers, gflops, peakShare }) => ({
    workers: workersLabel(workers),
    series: 'training step',
    value: gflops,
    text: `${Math.round(100 * peakShare)} %`,
  }));
  if (reached.length === 0) return [];
  const peak = peaks.map(({ workers, gflops }) => ({
    workers: workersLabel(workers),
    series: 'matrix-product peak',
    value: gflops,
  }));
  const position = {
    x: { field: 'workers', type: 'ordinal', sort: null, title: null, axis: { labelAngle: 0 } },
    y: { field: 'value', type: 'quantitative', title: 'GFLOP/s', scale: { zero: true } },
  };
  const color = seriesColour(['matrix-product peak', 'training step'], [COLOUR.faint, COLOUR.blue]);
  return [
    panel('Arithmetic', 'of a training step, beside what the kernels reach on as many threads', {
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

/** Draws the time to the accuracy for each worker count. */
export function targetPanel({ points, wanted, data, steps, reached }: TimeToTarget): Panel[] {
  const values = points.map(({ workers, seconds }) => ({
    workers: workersLabel(workers),
    text: `${seconds.value.toPrecision(3)} s`,
    ...chartValues(seconds),
  }));
  const position = { y: { field: 'workers', type: 'ordinal', sort: null, title: null } };
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
                title: 'seconds, thread start included',
                scale: { zero: true },
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
