/** Every measured point of a report in one list: the lines of a CSV, and what two reports can be compared by. */
import type { BenchReport, GrowthPoint, Point, ScalingPoint } from './report.js';
import type { Estimate } from './statistics.js';

export interface NamedPoint {
  readonly part: string;
  /** the same in two reports where the same was measured: 'strong scaling, 2 workers' */
  readonly name: string;
  readonly workers: number;
  readonly shards: number | null;
  readonly batch: number | null;
  readonly rows: number | null;
  readonly parameters: number | null;
  readonly measured: 'seconds per step' | 'seconds per row' | 'seconds to the target';
  readonly times: readonly number[];
  readonly seconds: Estimate;
  readonly speedup: Estimate | null;
  readonly scaling: (Point & Partial<ScalingPoint>) | null;
  readonly weightsSha256: string | null;
}

export function namedPoints(report: BenchReport): NamedPoint[] {
  const { strong, weak, batch, target, growth, settings } = report;
  const { network, shards } = settings;
  const who = (workers: number) =>
    workers === 0 ? 'in-process' : `${workers} worker${workers === 1 ? '' : 's'}`;
  const step = (part: string, point: Point & Partial<ScalingPoint>, detail = ''): NamedPoint => ({
    part,
    name: `${part} ${network.join('-')}, batch ${point.batch}, ${who(point.workers)}${detail}`,
    workers: point.workers,
    shards: point.shards,
    batch: point.batch,
    rows: null,
    parameters: point.parameters,
    measured: 'seconds per step',
    times: point.times,
    seconds: point.step,
    speedup: point.speedup ?? null,
    scaling: point,
    weightsSha256: point.weightsSha256,
  });
  const grown = (part: string, point: GrowthPoint): NamedPoint => ({
    part,
    name: `${part} ${point.network}, ${point.rows} rows, ${who(point.workers)}`,
    workers: point.workers,
    shards,
    batch: null,
    rows: point.rows,
    parameters: point.parameters,
    measured: part === 'rows' ? 'seconds per row' : 'seconds per step',
    times: point.times,
    seconds: point.seconds,
    speedup: null,
    scaling: null,
    weightsSha256: null,
  });
  return [
    ...(strong?.points ?? []).map((point) => step('strong', point)),
    ...(strong?.oneShard ? [step('strong', strong.oneShard, ', 1 shard')] : []),
    ...(weak?.points ?? []).map((point) => step('weak', point)),
    ...(batch?.points ?? []).flatMap(({ serial, parallel }) => [
      step('batch', serial),
      step('batch', parallel),
    ]),
    ...(target?.points ?? []).map(
      (point): NamedPoint => ({
        part: 'target',
        name: `target ${100 * target!.wanted} % of ${target!.data}, ${target!.network}, ${who(point.workers)}`,
        workers: point.workers,
        shards,
        batch: settings.batch,
        rows: null,
        parameters: null,
        measured: 'seconds to the target',
        times: point.times,
        seconds: point.seconds,
        speedup: point.speedup,
        scaling: null,
        weightsSha256: point.weightsSha256,
      }),
    ),
    ...(growth?.rows.points ?? []).map((point) => grown('rows', point)),
    ...(growth?.parameters.points ?? []).map((point) => grown('parameters', point)),
  ];
}
