/** Writes a line for each measured point, for a spreadsheet or a data frame. */
import { type NamedPoint, namedPoints } from '../../src/bench/points.js';
import { STEP_PARTS } from '../../src/bench/profile.js';
import type { BenchReport } from '../../src/bench/report.js';

const COLUMNS: readonly (readonly [string, (point: NamedPoint) => string | number | null | undefined])[] = [
  ['part', ({ part }) => part],
  ['workers', ({ workers }) => workers],
  ['shards', ({ shards }) => shards],
  ['batch', ({ batch }) => batch],
  ['rows', ({ rows }) => rows],
  ['parameters', ({ parameters }) => parameters],
  ['measured', ({ measured }) => measured],
  ['rounds', ({ times }) => times.length],
  ['seconds', ({ seconds }) => seconds.value],
  ['seconds_low', ({ seconds }) => seconds.low],
  ['seconds_high', ({ seconds }) => seconds.high],
  ['samples_per_second', ({ scaling }) => scaling?.samplesPerSecond.value],
  ['gflops', ({ scaling }) => scaling?.gflops],
  ['peak_share', ({ scaling }) => scaling?.peakShare],
  ['speedup', ({ speedup }) => speedup?.value],
  ['speedup_low', ({ speedup }) => speedup?.low],
  ['speedup_high', ({ speedup }) => speedup?.high],
  ['efficiency', ({ scaling }) => scaling?.efficiency],
  ['serial_fraction', ({ scaling }) => scaling?.serialFraction],
  ...STEP_PARTS.map(
    (part) => [`${part}_seconds`, ({ scaling }: NamedPoint) => scaling?.breakdown[part]] as const,
  ),
  ['weights_sha256', ({ weightsSha256 }) => weightsSha256],
];

export function benchCsv(report: BenchReport): string {
  const lines = namedPoints(report).map((point) => COLUMNS.map(([, value]) => value(point) ?? '').join(','));
  return [COLUMNS.map(([name]) => name).join(','), ...lines].join('\n');
}
