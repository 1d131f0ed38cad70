/** The multi-core benchmark from end to end, as a generator of events: its parts, their progress, and the report. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.js';
import type { TrainingPlan } from '../train/plan.js';
import { randomData } from './data.js';
import { growth } from './growth.js';
import { closeLanes, costOf, openLane } from './lane.js';
import { machineFacts } from './machine.js';
import { type BenchOptions, type BenchSettings, kernelOptions, type Part, resolveBench } from './options.js';
import { bestPeaks, measurePeaks, WINDOW } from './peak.js';
import { productSetup } from './product.js';
import { prove } from './proof.js';
import { type BenchReport, FORMAT, FORMAT_VERSION } from './report.js';
import { type Bench, batchSweep, sharesOf, strongScaling, sweepBatches, weakScaling } from './scaling.js';
import { targetPlans, timeToTarget } from './target.js';
import { warningsOf } from './warnings.js';

/** What is being measured: the parts, after the peak that they are measured against. */
export type Stage = 'peak' | Part;

export type BenchEvent =
  | { readonly type: 'start'; readonly settings: BenchSettings; readonly stages: readonly Stage[] }
  /** `share` from 0 to 1 of this stage */
  | { readonly type: 'progress'; readonly stage: Stage; readonly share: number }
  | { readonly type: 'end'; readonly report: BenchReport };

type Results = { [Name in Part]: BenchReport[Name] };
type Measuring = AsyncGenerator<number, NonNullable<Results[Part]>>;

const MEASURE: Readonly<Record<Part, (bench: Bench, targets: readonly TrainingPlan[]) => Measuring>> = {
  strong: strongScaling,
  weak: weakScaling,
  batch: batchSweep,
  target: timeToTarget,
  growth: (bench) => growth(bench),
};

/** @param clock times rounds and steps, but not the peaks; by default the system's */
export async function* bench(options: BenchOptions = {}, clock?: Clock): AsyncGenerator<BenchEvent> {
  const started = new Date();
  const machine = machineFacts(); // the load before there is any of our own
  const settings = resolveBench(options, availableParallelism());
  const { parts, network, seed } = settings;
  const data = randomData({ rows: rowsFor(settings), inputs: network[0], outputs: network.at(-1)!, seed });
  const cost = await probe(settings, data);
  const targets = parts.includes('target') ? await targetPlans(settings) : [];
  yield { type: 'start', settings, stages: ['peak', ...parts] };

  yield { type: 'progress', stage: 'peak', share: 0 };
  const setup = productSetup(kernelOptions(settings));
  const window = Math.min(WINDOW, settings.seconds / 100);
  const before = await measurePeaks(setup, settings.workers, window);
  const mishaps: string[] = [];
  const measured: Results = { strong: null, weak: null, batch: null, target: null, growth: null };
  for (const part of parts) {
    const measuring = MEASURE[part]({ settings, data, peaks: before, mishaps, clock }, targets);
    Object.assign(measured, { [part]: yield* withProgress(part, measuring) });
  }
  const peaks = bestPeaks(before, await measurePeaks(setup, settings.workers, window));
  const results = { ...measured, ...sharesOf(peaks, measured) };
  const report = {
    format: FORMAT,
    version: FORMAT_VERSION,
    started: started.toISOString(),
    machine,
    settings,
    ...cost,
    peaks: [...peaks].map(([workers, gflops]) => ({ workers, gflops })),
    ...results,
    proof: await prove(settings, results),
  } as const;
  const warnings = warningsOf(report, mishaps);
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

/** Enough for the largest batch, and for an epoch of the others not to lie in a cache. */
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

/** What a step costs; throws here, before anything is measured, where the settings make no training. */
async function probe(settings: BenchSettings, data: ReturnType<typeof randomData>) {
  const { network, batch, shards } = settings;
  const lane = openLane(settings, { workers: 0, shards, batch, network }, data);
  await closeLanes([lane]);
  return costOf(lane.trainer);
}
