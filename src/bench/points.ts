/**
 * Every measured point of a report in one list: the lines of a CSV, and the points by which reports are
 * compared.
 */
import type {
  BenchReport,
  GrowthPoint,
  ScalingPoint,
  StepPoint,
  TargetPoint,
  TimeToTarget,
} from './report.js';
import type { Estimate } from './statistics.js';

/** A named point is a measured point that can be found again in another report. */
export interface NamedPoint {
  readonly part: string;
  /** Equal in two reports where the same was measured, such as 'strong 16-8-4, batch 128, 2 workers'. */
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
  readonly scaling: (StepPoint & Partial<ScalingPoint>) | null;
  readonly weightsSha256: string | null;
}

/** Lists the points of every part that was measured. */
export function namedPoints({ strong, weak, batch, target, growth, settings }: BenchReport): NamedPoint[] {
  const step = stepPoint(settings);
  const grown = growthPoint(settings);
  return [
    ...(strong?.points ?? []).map((point) => step('strong', point)),
    ...(strong?.oneShard ? [step('strong', strong.oneShard, ', 1 shard')] : []),
    ...(weak?.points ?? []).map((point) => step('weak', point)),
    ...(batch?.points ?? []).flatMap(({ serial, parallel }) => [
      step('batch', serial),
      step('batch', parallel),
    ]),
    ...(target?.points ?? []).map((point) => targetPoint(settings, target!, point)),
    ...(growth?.rows.points ?? []).map((point) => grown('rows', point)),
    ...(growth?.parameters.points ?? []).map((point) => grown('parameters', point)),
  ];
}

/** Names a worker count for people. */
export const workersLabel = (workers: number): string =>
  workers === 0 ? 'in-process' : `${workers} worker${workers === 1 ? '' : 's'}`;

type Settings = BenchReport['settings'];

const stepPoint =
  ({ network }: Settings) =>
  (part: string, point: StepPoint & Partial<ScalingPoint>, detail = ''): NamedPoint => ({
    part,
    name: `${part} ${network.join('-')}, batch ${point.batch}, ${workersLabel(point.workers)}${detail}`,
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

const growthPoint =
  ({ shards }: Settings) =>
  (part: 'rows' | 'parameters', point: GrowthPoint): NamedPoint => ({
    part,
    name: `${part} ${point.network}, ${point.rows} rows, ${workersLabel(point.workers)}`,
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

function targetPoint(
  { shards, batch }: Settings,
  { wanted, data, network }: TimeToTarget,
  point: TargetPoint,
): NamedPoint {
  return {
    part: 'target',
    name: `target ${100 * wanted} % of ${data}, ${network}, ${workersLabel(point.workers)}`,
    workers: point.workers,
    shards,
    batch,
    rows: null,
    parameters: null,
    measured: 'seconds to the target',
    times: point.times,
    seconds: point.seconds,
    speedup: point.speedup,
    scaling: null,
    weightsSha256: point.weightsSha256,
  };
}
