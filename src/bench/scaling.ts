/** Measures strong scaling, weak scaling, and a sweep over batch sizes. */
import type { ContestantSpec } from './contestant.js';
import { type BenchContext, type Measured, measureInTurn } from './measure.js';
import type { BenchSettings } from './options.js';
import type { Peaks } from './peak.js';
import type { BatchSweep, BenchReport, ScalingPoint, StepPoint, Strong, Weak } from './report.js';
import { breakEvenBatch, karpFlatt, medianOf, pairedRatio, per, scaleEstimate } from './statistics.js';

/** Measures one batch that more and more workers share. Yields the share that is done. */
export async function* strongScaling(context: BenchContext): AsyncGenerator<number, Strong> {
  const { workers, shards, batch } = context.settings;
  const specs = workers.map((count) => specOf(context, { workers: count }));
  if (shards > 1) specs.push(specOf(context, { workers: 0, shards: 1 }));
  const measured = yield* measureSpecs(context, specs, context.settings.seconds);
  const [serial] = measured;
  const oneShard = measured[workers.length] ?? null;
  return {
    points: workers.map((_, index) => scalingPoint(context, measured[index], serial, batch)),
    oneShard: oneShard && pointOf(context, oneShard),
    costOfShards: oneShard && pairedRatio(serial.times, oneShard.times),
  };
}

/** Measures a batch that grows with the workers: each worker has the configured batch to itself. */
export async function* weakScaling(context: BenchContext): AsyncGenerator<number, Weak> {
  const { workers, batch, seconds } = context.settings;
  const specs = workers.map((count) =>
    specOf(context, { workers: count, batch: batch * Math.max(1, count) }),
  );
  const measured = yield* measureSpecs(context, specs, seconds);
  return { points: measured.map((one) => scalingPoint(context, one, measured[0], batch)) };
}

const SWEEP = [16, 32, 64, 128, 256, 512, 1024];

/** Lists the batches of the sweep, the configured one among them, that give each worker at least one row. */
export function sweepBatches({ workers, batch }: BenchSettings): number[] {
  const fitting = SWEEP.filter((size) => size >= workers.at(-1)!);
  return [...new Set([...fitting, batch])].sort((a, b) => a - b);
}

/** Measures the in-process loop beside the largest worker count, at batches from small to large. */
export async function* batchSweep(context: BenchContext): AsyncGenerator<number, BatchSweep> {
  const { settings } = context;
  const workers = settings.workers.at(-1)!;
  const batches = sweepBatches(settings);
  const points: { serial: ScalingPoint; parallel: ScalingPoint }[] = [];
  for (const [index, batch] of batches.entries()) {
    const specs = [specOf(context, { batch, workers: 0 }), specOf(context, { batch, workers })];
    const measuring = measureSpecs(context, specs, settings.seconds / batches.length);
    const [serial, parallel] = yield* partOfProgress(measuring, index, batches.length);
    points.push({
      serial: scalingPoint(context, serial, serial, batch),
      parallel: scalingPoint(context, parallel, serial, batch),
    });
  }
  const speedups = points.map(({ parallel }) => ({ batch: parallel.batch, speedup: parallel.speedup! }));
  return { workers, points, breakEven: breakEvenBatch(speedups) };
}

/** Turns the progress of part `index` of `count` equal parts into progress of the whole. */
export async function* partOfProgress<Result>(
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

function specOf({ settings }: BenchContext, change: Partial<ContestantSpec>): ContestantSpec {
  const { shards, batch, network } = settings;
  return { workers: 0, shards, batch, network, ...change };
}

function measureSpecs(
  context: BenchContext,
  specs: readonly ContestantSpec[],
  seconds: number,
): AsyncGenerator<number, readonly Measured[]> {
  const { data } = context;
  return measureInTurn(
    context,
    specs.map((spec) => ({ spec, data })),
    { seconds, steps: 'equal' },
  );
}

function pointOf({ peaks }: BenchContext, measured: Measured): StepPoint {
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

/**
 * Compares a contestant with the in-process one.
 * @param serialBatch the batch of `serial`; in weak scaling the other's is a multiple of it
 */
function scalingPoint(
  context: BenchContext,
  measured: Measured,
  serial: Measured,
  serialBatch: number,
): ScalingPoint {
  const point = pointOf(context, measured);
  if (measured === serial) return { ...point, speedup: null, efficiency: null, serialFraction: null };
  const speedup = scaleEstimate(pairedRatio(serial.times, measured.times), point.batch / serialBatch);
  const workers = Math.max(1, point.workers);
  return {
    ...point,
    speedup,
    efficiency: speedup.value / workers,
    serialFraction: karpFlatt(speedup.value, workers),
  };
}

type Scaling = Pick<BenchReport, 'strong' | 'weak' | 'batch'>;

/** Computes each point's share of the peak again, from other peaks than those known when it was measured. */
export function withPeaks(peaks: Peaks, { strong, weak, batch }: Scaling): Scaling {
  const withShare = <Kind extends StepPoint>(point: Kind): Kind => ({
    ...point,
    peakShare: point.gflops / peaks.get(point.workers)!,
  });
  return {
    strong: strong && {
      ...strong,
      points: strong.points.map(withShare),
      oneShard: strong.oneShard && withShare(strong.oneShard),
    },
    weak: weak && { points: weak.points.map(withShare) },
    batch: batch && {
      ...batch,
      points: batch.points.map(({ serial, parallel }) => ({
        serial: withShare(serial),
        parallel: withShare(parallel),
      })),
    },
  };
}
