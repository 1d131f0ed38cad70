/** Permutation importance (Breiman 2001): what a model loses when a column's values change places. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Subset } from '../data/dataset.js';
import type { RawFeature } from '../data/schema.js';
import { didYouMean } from '../didyoumean.js';
import { DataError, UsageError } from '../errors.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { meanInterval } from '../meaninterval.js';
import { type Executor, inProcess } from '../parallel/executor.js';
import { ThreadPool } from '../parallel/pool.js';
import { associations, type RelatedColumns } from './associations.js';
import { columnFeatures } from './columnfeatures.js';
import { problemTypeOf } from './format.js';
import {
  IMPORTANCE_METRIC_NAMES,
  IMPORTANCE_METRICS,
  type ImportanceMetric,
  type ScoreSums,
} from './importancemetrics.js';
import type { ReadModel } from './read.js';
import { createRunner } from './runner.js';
import { scoreRows } from './scores.js';
import { type ShuffleSetup, type ShuffleTask, shuffleHandler } from './shuffletasks.js';

/** Says how importances are measured. */
export interface ImportanceOptions {
  /** How often each column is permuted; default 10. */
  readonly repeats?: number;
  /** What an important column makes worse; by default logLoss for classes and rmse for values. */
  readonly metric?: ImportanceMetric;
  /** Seed of the permutations; default 1. */
  readonly seed?: number;
  /** Number of threads; 0 for none. The result does not depend on it. */
  readonly workers?: number | 'auto';
}

/** How much worse a metric becomes when a column is permuted, over the repeats. */
export interface MetricIncrease {
  readonly mean: number;
  /** 95 % interval of the mean (Student's t over the repeats); null for a single repeat. */
  readonly low: number | null;
  readonly high: number | null;
  readonly repeats: readonly number[];
}

/** The importance of one raw column. */
export interface ColumnImportance extends MetricIncrease {
  readonly column: string;
  /** Its increase of every metric of the task. */
  readonly metrics: Readonly<Partial<Record<ImportanceMetric, MetricIncrease>>>;
}

/** The importance of all columns of a model, the most important first. */
export interface Importance {
  readonly rows: number;
  readonly metric: ImportanceMetric;
  /** Every metric of the task on the rows as they are. */
  readonly baseline: Readonly<Partial<Record<ImportanceMetric, number>>>;
  readonly columns: readonly ColumnImportance[];
  /** Columns that say nearly the same, so that each looks less important than they are together. */
  readonly related: readonly RelatedColumns[];
  /** Notes on what was filled or not recognised, one plain line each. */
  readonly notes: readonly string[];
}

/** What happens while importances are measured: permutations are done; the last event holds the result. */
export type ImportanceEvent =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | ({ readonly type: 'end' } & Importance);

const WORKER_FILE = fileURLToPath(new URL('../../workers/importance.js', import.meta.url));
const REPEATS = 10;
/**
 * Products of rows and parameters below which threads take longer to start (0.3 s) than the work takes.
 */
const WORTH_THREADS = 1e9;

/** Measures the importance of each raw column of a model on rows with targets. */
export async function* measureImportance(
  model: ReadModel,
  chosen: ChosenKernels,
  { subset, source, notes }: { subset: Subset; source: string; notes: readonly string[] },
  { repeats = REPEATS, metric, seed = 1, workers = 'auto' }: ImportanceOptions = {},
): AsyncGenerator<ImportanceEvent> {
  const columns = namedColumns(model, source);
  const rows = subset.rows.length;
  if (rows < 2) throw new DataError(`${source}: ${rows} rows cannot be permuted; give more rows`);
  if (!Number.isSafeInteger(repeats) || repeats < 1)
    throw new UsageError(`--repeats ${repeats}: expected a whole number from 1`);
  const runner = createRunner(model, chosen);
  const baseline = scoreRows(model, runner, subset, source);
  const taken = chosenMetric(model, metric, baseline);
  const total = columns.length * repeats;
  const sums = new Float64Array(new SharedArrayBuffer(16 * total));
  const setup: ShuffleSetup = {
    file: model.file,
    chosen: { name: chosen.name, library: chosen.library },
    subset,
    source,
    columns,
    repeats,
    seed,
    sums,
  };
  const cost = rows * model.layout.count * total;
  const wanted = workers === 'auto' ? (cost < WORTH_THREADS ? 0 : availableParallelism()) : workers;
  const threads = Math.min(wanted, total);
  const executor = createExecutor(setup, model, threads);
  try {
    for (let done = 0; done < total; ) {
      const tasks = Array.from({ length: Math.min(Math.max(1, threads), total - done) }, (_, i) => done + i);
      await executor.run(tasks);
      done += tasks.length;
      yield { type: 'progress', done, total };
    }
  } finally {
    await executor.close();
  }
  const { count } = baseline;
  const sumsOf = (column: number): ScoreSums[] =>
    Array.from({ length: repeats }, (_, repeat) => {
      const task = column * repeats + repeat;
      return { loss: sums[2 * task], errors: sums[2 * task + 1], count };
    });
  const measured = metricsFor(model, baseline);
  const found = columns.map(({ name }, i): ColumnImportance => {
    const permuted = sumsOf(i);
    const metrics = Object.fromEntries(measured.map((key) => [key, increase(key, baseline, permuted)]));
    return { column: name, ...metrics[taken], metrics };
  });
  yield {
    type: 'end',
    rows,
    metric: taken,
    baseline: Object.fromEntries(measured.map((key) => [key, shownValue(key, baseline)])),
    columns: found.sort((a, b) => b.mean - a.mean),
    related: associations(subset, columns),
    notes,
  };
}

function namedColumns({ schema }: ReadModel, source: string): RawFeature[] {
  const columns = columnFeatures(schema);
  if (columns !== null) return columns;
  const shape = schema.kind === 'arrays' ? schema.shape.join(' x ') : '';
  throw new UsageError(
    `${source}: its instances are arrays of ${shape}, not columns, and a single element says too little to matter; gradpool importance is for tables`,
  );
}

/** Returns the metrics of the model's task that its outputs allow. */
function metricsFor(model: ReadModel, baseline: ScoreSums): ImportanceMetric[] {
  const task = problemTypeOf(model.schema);
  return IMPORTANCE_METRIC_NAMES.filter(
    (name) =>
      IMPORTANCE_METRICS[name].task === task && !Number.isNaN(IMPORTANCE_METRICS[name].value(baseline)),
  );
}

/** Returns the metric that was asked for, or the first that the model allows. */
function chosenMetric(
  model: ReadModel,
  metric: ImportanceMetric | undefined,
  baseline: ScoreSums,
): ImportanceMetric {
  const known = metricsFor(model, baseline);
  if (metric === undefined) return known[0];
  if (known.includes(metric)) return metric;
  throw new UsageError(
    `--metric ${metric}: the model allows ${known.join(', ')}${didYouMean(metric, known)}`,
  );
}

/** Returns a metric as people know it: the accuracy rather than the share of errors. */
function shownValue(metric: ImportanceMetric, sums: ScoreSums): number {
  const value = IMPORTANCE_METRICS[metric].value(sums);
  return metric === 'accuracy' ? 1 - value : value;
}

function createExecutor(setup: ShuffleSetup, model: ReadModel, workers: number): Executor<ShuffleTask> {
  const handle = shuffleHandler(setup, model);
  if (workers === 0) return inProcess(handle);
  return new ThreadPool<ShuffleTask>({
    filename: WORKER_FILE,
    workers,
    setup,
    encode: (task, cells) => {
      cells[0] = task;
    },
    handle,
  });
}

/** Returns how much worse a metric became, as a mean over the repeats with its interval. */
function increase(
  metric: ImportanceMetric,
  baseline: ScoreSums,
  permuted: readonly ScoreSums[],
): MetricIncrease {
  const { value } = IMPORTANCE_METRICS[metric];
  const repeats = permuted.map((sums) => value(sums) - value(baseline));
  const { mean, low, high } = meanInterval(repeats);
  return { mean, low, high, repeats };
}
