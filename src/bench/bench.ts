/**
 * Runs the multi-core benchmark from end to end, as a generator of events: its parts, their progress, and the
 * report.
 */
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.js';
import type { ProductSetup } from '../kernels/speed.js';
import type { TrainingPlan } from '../train/plan.js';
import { measureChecks, withStep } from './checks.js';
import { closeContestants, costOf, openContestant } from './contestant.js';
import { randomData } from './data.js';
import { growth } from './growth.js';
import { limitPoints, stepSizes, stepWork } from './limit.js';
import { machineFacts } from './machine.js';
import type { BenchContext } from './measure.js';
import { type BenchOptions, type BenchSettings, kernelOptions, type Part, resolveBench } from './options.js';
import { bestRates, measureRates, peaksOf, productSetup, WINDOW } from './peak.js';
import { prove } from './proof.js';
import { type BenchReport, REPORT_FORMAT, REPORT_VERSION } from './report.js';
import { batchSweep, strongScaling, sweepBatches, weakScaling, withPeaks } from './scaling.js';
import { targetPlans, timeToTarget } from './target.js';
import { warningsOf } from './warnings.js';

/** A stage is a part of the benchmark, or the machine's peak and bandwidth, measured before the parts. */
export type Stage = 'peak' | Part;

/** An event says that the benchmark starts, how far a stage is, or that it ends with its report. */
export type BenchEvent =
  | { readonly type: 'start'; readonly settings: BenchSettings; readonly stages: readonly Stage[] }
  /** `share` of this stage is done, from 0 to 1. */
  | { readonly type: 'progress'; readonly stage: Stage; readonly share: number }
  | { readonly type: 'end'; readonly report: BenchReport };

type Results = { [Name in Part]: BenchReport[Name] };
type Measuring = AsyncGenerator<number, NonNullable<Results[Part]>>;

const MEASURE: Readonly<
  Record<Part, (context: BenchContext, targets: readonly TrainingPlan[]) => Measuring>
> = {
  strong: strongScaling,
  weak: weakScaling,
  batch: batchSweep,
  target: timeToTarget,
  growth: (context) => growth(context),
};

/**
 * Measures how training scales on this machine, as `gradpool bench` does. The last event has type 'end' and
 * holds the report. Nothing else should run meanwhile.
 *
 * @param options what to measure and for how long; by default four parts of 15 seconds each
 * @param clock times rounds and steps, but not peaks and bandwidths; the system's by default
 * @throws UsageError or DataError, before anything is measured, where no training can be made of the options
 * @example
 * ```js
 * import { bench } from 'gradpool';
 *
 * const events = bench({ network: [20, 16, 4], batch: 64, workers: [2], parts: ['strong'], seconds: 1 });
 * for await (const event of events) {
 *   if (event.type !== 'end') continue;
 *   const { strong, proof } = event.report;
 *   console.log(strong?.points.map(({ workers }) => workers)); // → [ 0, 2 ]
 *   console.log(proof.identical); // → true
 * }
 * ```
 */
export async function* bench(options: BenchOptions = {}, clock?: Clock): AsyncGenerator<BenchEvent> {
  const started = new Date();
  const machine = machineFacts(); // first, while none of the load is our own
  const settings = resolveBench(options, availableParallelism());
  const { parts, network, seed } = settings;
  const data = randomData({ rows: rowsFor(settings), inputs: network[0], outputs: network.at(-1)!, seed });
  const setup = productSetup(kernelOptions(settings));
  const { sizes, checks, ...cost } = await stepCost(settings, data, setup);
  const targets = parts.includes('target') ? await targetPlans(settings) : [];
  yield { type: 'start', settings, stages: ['peak', ...parts] };

  yield { type: 'progress', stage: 'peak', share: 0 };
  const window = Math.min(WINDOW, settings.seconds / 100);
  const memoryOf = (workers: number) => stepWork(sizes, workers).memory;
  const measure = () => measureRates(setup, settings.workers, memoryOf, window);
  const before = await measure();
  const workerFailures: string[] = [];
  const measured: Results = { strong: null, weak: null, batch: null, target: null, growth: null };
  for (const part of parts) {
    const measuring = MEASURE[part](
      { settings, data, peaks: peaksOf(before), workerFailures, clock },
      targets,
    );
    Object.assign(measured, { [part]: yield* withProgress(part, measuring) });
  }
  const rates = bestRates(before, await measure());
  const peaks = peaksOf(rates);
  const results = { ...measured, ...withPeaks(peaks, measured) };
  const report = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    started: started.toISOString(),
    machine,
    settings,
    ...cost,
    peaks: [...peaks].map(([workers, gflops]) => ({ workers, gflops })),
    limits: limitPoints(sizes, rates, results.strong),
    checks: withStep(checks, results.strong),
    ...results,
    proof: await prove(settings, results),
  } as const;
  const warnings = warningsOf(report, workerFailures);
  const seconds = (Date.now() - started.getTime()) / 1000;
  yield { type: 'end', report: { ...report, seconds, warnings } };
}

async function* withProgress<Result>(
  stage: Part,
  measuring: AsyncGenerator<number, Result>,
): AsyncGenerator<BenchEvent, Result> {
  for (;;) {
    const { done, value } = await measuring.next();
    if (done) return value;
    yield { type: 'progress', stage, share: value };
  }
}

/**
 * Returns enough rows for the largest batch, and so many that an epoch of smaller ones outgrows the caches.
 */
function rowsFor(settings: BenchSettings): number {
  const { batch, workers, parts } = settings;
  const most = Math.max(1, workers.at(-1)!);
  const batches = [
    batch,
    ...(parts.includes('weak') ? [batch * most] : []),
    ...(parts.includes('batch') ? sweepBatches(settings) : []),
  ];
  return Math.max(4096, 2 * Math.max(...batches));
}

/**
 * Opens a training to count what a step costs, and to measure its checks. Settings that no training can have throw here, before anything
 * is measured.
 */
async function stepCost(settings: BenchSettings, data: ReturnType<typeof randomData>, setup: ProductSetup) {
  const { network, batch, shards } = settings;
  const contestant = openContestant(settings, { workers: 0, shards, batch, network }, data);
  await closeContestants([contestant]);
  const cost = costOf(contestant.trainer);
  const checks = measureChecks(setup, contestant.trainer);
  return { ...cost, checks, sizes: stepSizes(contestant.trainer, cost.flopsPerRow) };
}
