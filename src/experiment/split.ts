/**
 * Measures how the cores are best shared: many trials in one thread each, or fewer with workers inside. The
 * trainings that are measured are thrown away, so the choice changes the time and no bit.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock.js';
import { parameterLayout } from '../network/layout.js';
import { runJobs } from '../parallel/jobs.js';
import type { TrainingPlan } from '../train/plan.js';
import { type TrialJob, type TrialReport, trainTrial } from './trial.js';

/** Trials at the same time, and workers inside each. */
interface CoreSplit {
  readonly parallel: number;
  readonly workers: number;
}

/** A split that was measured: the steps that all of its trials together make in a second. */
interface MeasuredSplit extends CoreSplit {
  readonly rate: number;
}

/** The split that was chosen, for how many cores, and why. */
export interface ChosenSplit extends CoreSplit {
  readonly cores: number;
  readonly why: string;
}

export const TRIAL_FILE = fileURLToPath(new URL('../../workers/trial.js', import.meta.url));

/** Milliseconds for which a split is measured once all of its trials make steps, at least and at most. */
const WINDOW = { least: 800, most: 4000 } as const;
/** Step reports of each trial within the window. */
const REPORTS = 3;
/** Operations a second that a core is taken to make, for a guess at how long the sweep will take. */
const OPERATIONS = 1e10;
/** Seconds that a sweep must take by that guess, so that measuring takes a small part of it. */
const WORTHWHILE = 100;

/** Whether the sweep will take so long that it is worth a few seconds to measure first. */
export function isWorthMeasuring(plan: TrainingPlan, trials: number, cores: number): boolean {
  const { count } = parameterLayout(plan.layers);
  const operations = 6 * count * plan.sizes.trainRows * plan.config.epochs * trials;
  return operations / (OPERATIONS * cores) > WORTHWHILE;
}

/**
 * Returns the splits to try, from as many trials as possible to one.
 * @param most the most trials at the same time
 * @param shards the most workers that share a batch
 */
export function splitsOf(most: number, shards: number, cores = availableParallelism()): CoreSplit[] {
  const splits: CoreSplit[] = [];
  for (let parallel = Math.min(most, cores); parallel >= 1; parallel = Math.floor(parallel / 2)) {
    const share = Math.min(shards, Math.floor(cores / parallel));
    splits.push({ parallel, workers: share < 2 ? 0 : share });
  }
  return splits;
}

/**
 * Measures split after split until one is slower than the best before it, and returns the fastest; null after
 * an interruption.
 */
export async function chooseSplit(
  job: TrialJob,
  splits: readonly CoreSplit[],
  signal: AbortSignal,
  measure = measureSplit,
): Promise<ChosenSplit | null> {
  const measured: MeasuredSplit[] = [];
  for (const split of splits) {
    const rate = await measure(job, split, signal);
    if (signal.aborted) return null;
    measured.push({ ...split, rate });
    if (rate < Math.max(...measured.map((other) => other.rate))) break;
  }
  const order = [...measured].sort((a, b) => b.rate - a.rate);
  const [best, second] = order;
  const { parallel, workers } = best;
  const why =
    second === undefined
      ? 'the only way to share the cores'
      : `measured to be ${(best.rate / second.rate).toFixed(2)} times as fast as ${splitText(second)}`;
  return { parallel, workers, cores: availableParallelism(), why };
}

function splitText({ parallel, workers }: CoreSplit): string {
  const inside = workers === 0 ? '' : ` with ${workers} workers each`;
  return `${parallel} at a time${inside}`;
}

/** Where a trial stood when the window opened, and where it stands. */
interface Progress {
  readonly from: { readonly step: number; readonly time: number };
  step: number;
  time: number;
  reports: number;
}

/** Trains as many copies of a trial as the split has, and returns the steps that they make in a second. */
async function measureSplit(job: TrialJob, split: CoreSplit, signal: AbortSignal): Promise<number> {
  const { parallel, workers } = split;
  const abort = new AbortController();
  const stop = () => abort.abort();
  signal.addEventListener('abort', stop);
  const own = { ...job, config: { ...job.config, workers }, folder: null, measured: [], hparams: {} };
  const reports = runJobs<TrialJob, TrialReport>(Array(parallel).fill(own), {
    filename: TRIAL_FILE,
    threads: parallel > 1 ? parallel : 0,
    here: (copy, asked) => trainTrial(copy, asked, { stepInterval: 50 }),
    signal: abort.signal,
    retried: ({ message }) => ({ type: 'retry', message }),
  });
  const trials = new Map<number, Progress>();
  let opened: number | null = null;
  for await (const { index, report } of reports) {
    if (report.type !== 'step') continue;
    const { step } = report;
    const time = systemClock();
    const known = trials.get(index);
    if (known === undefined || opened === null) {
      trials.set(index, { from: { step, time }, step, time, reports: 0 });
      if (trials.size === parallel) opened ??= time;
      continue;
    }
    Object.assign(known, { step, time, reports: known.reports + 1 });
    const elapsed = time - opened;
    const seen = [...trials.values()].every((trial) => trial.reports >= REPORTS);
    if ((elapsed > WINDOW.least && seen) || elapsed > WINDOW.most) stop();
  }
  signal.removeEventListener('abort', stop);
  return [...trials.values()].reduce((sum, { from, step, time }) => {
    const seconds = (time - from.time) / 1000;
    return sum + (seconds > 0 ? (step - from.step) / seconds : 0);
  }, 0);
}
