/** Strong scaling, weak scaling and the sweep over batch sizes. */
import type { Clock } from '../clock.js';
import type { TrainingData } from '../data/load.js';
import { closeLanes, type Lane, type LaneSpec, openLane } from './lane.js';
import { type Measured, measureLanes } from './measure.js';
import type { BenchSettings } from './options.js';
import type { Peaks } from './peak.js';
import type { BatchSweep, BenchReport, Point, ScalingPoint, Strong, Weak } from './report.js';
import { breakEven, karpFlatt, medianOf, pairedRatio, per, scaled } from './statistics.js';

/** What the parts have in common. */
export interface Bench {
  readonly settings: BenchSettings;
  readonly data: TrainingData;
  /** GFLOP/s by number of workers, before the parts; a better one may be found after them */
  readonly peaks: Peaks;
  readonly mishaps: string[];
  /** times rounds and steps; by default the system's */
  readonly clock?: Clock | undefined;
}

/** One batch shared by more and more workers. */
export async function* strongScaling(bench: Bench): AsyncGenerator<number, Strong> {
  const { workers, shards, batch } = bench.settings;
  const specs = workers.map((count) => specOf(bench, { workers: count }));
  if (shards > 1) specs.push(specOf(bench, { workers: 0, shards: 1 }));
  const measured = yield* measureSpecs(bench, specs, bench.settings.seconds);
  const [serial] = measured;
  const oneShard = measured[workers.length] ?? null;
  return {
    points: workers.map((_, index) => scalingPoint(bench, measured[index], serial, batch)),
    oneShard: oneShard && pointOf(bench, oneShard),
    costOfShards: oneShard && pairedRatio(serial.times, oneShard.times),
  };
}

/** As many rows for each worker, however many there are. */
export async function* weakScaling(bench: Bench): AsyncGenerator<number, Weak> {
  const { workers, batch } = bench.settings;
  const specs = workers.map((count) => specOf(bench, { workers: count, batch: batch * Math.max(1, count) }));
  const measured = yield* measureSpecs(bench, specs, bench.settings.seconds);
  return { points: measured.map((one) => scalingPoint(bench, one, measured[0], batch)) };
}

const SWEEP = [16, 32, 64, 128, 256, 512, 1024];

export function sweepBatches({ workers, batch }: BenchSettings): number[] {
  const fitting = SWEEP.filter((size) => size >= workers.at(-1)!);
  return [...new Set([...fitting, batch])].sort((a, b) => a - b);
}

/** In-process against the most workers, at batches from small to large. */
export async function* batchSweep(bench: Bench): AsyncGenerator<number, BatchSweep> {
  const { settings } = bench;
  const workers = settings.workers.at(-1)!;
  const batches = sweepBatches(settings);
  const points: { serial: ScalingPoint; parallel: ScalingPoint }[] = [];
  for (const [index, batch] of batches.entries()) {
    const specs = [specOf(bench, { batch, workers: 0 }), specOf(bench, { batch, workers })];
    const measuring = measureSpecs(bench, specs, settings.seconds / batches.length);
    const [serial, parallel] = yield* share(measuring, index, batches.length);
    points.push({
      serial: scalingPoint(bench, serial, serial, batch),
      parallel: scalingPoint(bench, parallel, serial, batch),
    });
  }
  const crossing = points.map(({ parallel }) => ({ batch: parallel.batch, speedup: parallel.speedup! }));
  return { workers, points, breakEven: breakEven(crossing) };
}

/** Progress of the part `index` of `count` equal ones as progress of the whole. */
export async function* share<Result>(
  part: AsyncGenerator<number, Result>,
  index: number,
  count: number,
): AsyncGenerator<number, Result> {
  for (;;) {
    const { done, value } = await part.next();
    if (done) return value;
    yield (index + value) / count;
  }
}

function specOf({ settings }: Bench, change: Partial<LaneSpec>): LaneSpec {
  const { shards, batch, network } = settings;
  return { workers: 0, shards, batch, network, ...change };
}

async function* measureSpecs(
  bench: Bench,
  specs: readonly LaneSpec[],
  seconds: number,
): AsyncGenerator<number, readonly Measured[]> {
  const lanes: Lane[] = [];
  try {
    for (const spec of specs) lanes.push(openLane(bench.settings, spec, bench.data, bench.clock));
    const pace = { seconds, rounds: bench.settings.rounds, steps: 'equal' } as const;
    return yield* measureLanes(lanes, pace, bench.clock);
  } finally {
    await closeLanes(lanes);
    bench.mishaps.push(...lanes.flatMap((lane) => lane.mishaps()));
  }
}

function pointOf({ peaks }: Bench, measured: Measured): Point {
  const { spec, times, flopsPerRow, parameters, stepsPerRound, breakdown, steps, sha256 } = measured;
  const step = medianOf(times);
  const gflops = (flopsPerRow * spec.batch) / step.value / 1e9;
  return {
    workers: spec.workers,
    shards: spec.shards,
    batch: spec.batch,
    parameters,
    times,
    stepsPerRound,
    step,
    samplesPerSecond: per(spec.batch, step),
    gflops,
    peakShare: gflops / peaks.get(spec.workers)!,
    breakdown,
    steps,
    weightsSha256: sha256,
  };
}

/** @param batch the baseline's, of which the point's is a multiple in weak scaling */
function scalingPoint(bench: Bench, measured: Measured, serial: Measured, batch: number): ScalingPoint {
  const point = pointOf(bench, measured);
  if (measured === serial) return { ...point, speedup: null, efficiency: null, serialFraction: null };
  const speedup = scaled(pairedRatio(serial.times, measured.times), point.batch / batch);
  const workers = Math.max(1, point.workers);
  return {
    ...point,
    speedup,
    efficiency: speedup.value / workers,
    serialFraction: karpFlatt(speedup.value, workers),
  };
}

type Scaled = Pick<BenchReport, 'strong' | 'weak' | 'batch'>;

/** The same points against other peaks. */
export function sharesOf(peaks: Peaks, { strong, weak, batch }: Scaled): Scaled {
  const shared = <Kind extends Point>(point: Kind): Kind => ({
    ...point,
    peakShare: point.gflops / peaks.get(point.workers)!,
  });
  return {
    strong: strong && {
      ...strong,
      points: strong.points.map(shared),
      oneShard: strong.oneShard && shared(strong.oneShard),
    },
    weak: weak && { points: weak.points.map(shared) },
    batch: batch && {
      ...batch,
      points: batch.points.map(({ serial, parallel }) => ({
        serial: shared(serial),
        parallel: shared(parallel),
      })),
    },
  };
}
