/** What a bag's members predict together: the metrics of their mean, also on rows new to some of them. */
import type { BagData } from '../data/bag.js';
import type { Subset } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import { DivergedError } from '../errors.js';
import type { EvaluationSums } from '../forward/evaluation.js';
import { type Metrics, meanMetrics, targetVariance } from '../forward/metrics.js';
import type { ChosenKernels } from '../kernels/choose.js';
import type { PredictedRows } from '../model/calibrate.js';
import { problemTypeOf } from '../model/format.js';
import { createRunner, type RunnableModel, sumBlocks } from '../model/runner.js';
import { mean } from '../statistics.js';
import type { BagGain, BagResult } from '../train/bagevents.js';
import { baselineOf } from '../train/baseline.js';
import type { TrainResult } from '../train/events.js';

/** Rows with the members that predict them, counted from 0. */
interface Scored {
  readonly subset: Subset;
  readonly members: readonly number[];
}

/** What a bag reaches as a whole. */
export interface BagScores
  extends Pick<TrainResult, 'train' | 'val' | 'test' | 'baseline' | 'scores'>,
    Omit<BagResult, 'members'> {}

/**
 * Evaluates a bag on all its rows, in blocks as a saved model is evaluated, so that `gradpool evaluate` gives
 * the same numbers.
 * @throws DivergedError where a metric is not finite
 */
export function scoreBag(model: RunnableModel, data: BagData, chosen: ChosenKernels): BagScores {
  const members = [...(model.bag ?? [model.weights]).keys()];
  const score = scorer(model, chosen);
  const { whole } = data;
  const all = (subset: Subset | null): Scored[] => (subset === null ? [] : [{ subset, members }]);
  const onTest = all(whole.test);
  const onVal = all(whole.val);
  const held = heldOut(data);
  const crowds = held.map((group) => group.members.length);
  const outOfFold = score('out-of-fold', held);
  const shared = held.filter((group) => group.members.length > 1);
  const train = score('training', all(whole.train));
  const val = outOfFold ?? score('validation', onVal);
  const test = score('test', onTest);
  const validated = held.length > 0 ? { ...whole, val: union(held) } : whole;
  return {
    train,
    val,
    test,
    baseline: baselineOf(validated, { train, val, test }, model.network.loss),
    outOfFold: outOfFold && {
      rows: rowsOf(held),
      fewest: crowds.reduce((a, b) => Math.min(a, b)),
      most: crowds.reduce((a, b) => Math.max(a, b)),
      ...outOfFold,
    },
    gain: gain(score, 'test', onTest) ?? gain(score, 'val', onVal) ?? gain(score, 'outOfFold', shared),
  };
}

/** Compares the members' mean with the members one by one, on rows that are new to all of them. */
function gain(score: Score, on: BagGain['on'], groups: readonly Scored[]): BagGain | null {
  const together = score(on, groups);
  const single = score(on, groups, 'one by one');
  if (together === null || single === null) return null;
  const members = groups.reduce((most, group) => Math.max(most, group.members.length), 0);
  return { on, rows: rowsOf(groups), members, single, together };
}

const rowsOf = (groups: readonly Scored[]): number =>
  groups.reduce((sum, { subset }) => sum + subset.rows.length, 0);

/**
 * Returns the rows on which a bag is calibrated and measured: those of the folds, each predicted by the
 * members that were not trained on it, or validation rows from a source of their own, predicted by all.
 */
export function validationRows(data: BagData): PredictedRows[] {
  const { val } = data.whole;
  return data.folded || val === null ? heldOut(data) : [{ subset: val }];
}

/** Groups the rows of the folds by the members that were not trained on them. */
function heldOut({ whole, members, folded }: BagData): Scored[] {
  if (!folded) return [];
  const { dataset, rows } = whole.train;
  const holders = new Map<number, number[]>();
  for (const [member, { val }] of members.entries()) {
    for (const row of val?.rows ?? []) holders.set(row, [...(holders.get(row) ?? []), member]);
  }
  const groups = new Map<string, { members: readonly number[]; rows: number[] }>();
  for (const row of rows) {
    const found = holders.get(row);
    if (found === undefined) continue;
    const key = found.join();
    const group = groups.get(key) ?? { members: found, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return Array.from(groups.values(), ({ members, rows }) => ({ subset: subsetOf(dataset, rows), members }));
}

function subsetOf(dataset: Subset['dataset'], rows: readonly number[]): Subset {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * rows.length));
  shared.set(rows);
  return { dataset, rows: shared };
}

/** Returns all rows of groups that belong to one dataset. */
function union(groups: readonly Scored[]): Subset {
  const [{ subset }] = groups;
  return groups.length === 1
    ? subset
    : subsetOf(
        subset.dataset,
        groups.flatMap((group) => [...group.subset.rows]),
      );
}

/**
 * Returns the metrics of the members' mean, or the average of the members one by one; null without rows.
 * `where` names the rows in errors.
 */
type Score = (where: string, groups: readonly Scored[], how?: 'together' | 'one by one') => Metrics | null;

function scorer(model: RunnableModel, chosen: ChosenKernels): Score {
  const runner = createRunner(model, chosen);
  const problemType = problemTypeOf(model.schema);
  const outputs = outputsOf(model.schema);
  const sumsOf = (where: string, { subset, members }: Scored): EvaluationSums =>
    sumBlocks(runner, subset, `${where} rows`, { members });
  const average = (where: string, { subset, members }: Scored): EvaluationSums => {
    const each = members.map((member) => sumsOf(where, { subset, members: [member] }));
    return { loss: mean(each.map(({ loss }) => loss)), score: mean(each.map(({ score }) => score)) };
  };
  return (where, groups, how = 'together') => {
    const rows = rowsOf(groups);
    if (rows === 0) return null;
    const sums = groups.map((group) => (how === 'together' ? sumsOf : average)(where, group));
    const [loss, score] = (['loss', 'score'] as const).map((key) =>
      sums.reduce((total, group) => total + group[key], 0),
    );
    const variance = targetVariance(problemType, union(groups));
    const metrics = meanMetrics(problemType, outputs, { loss, score, rows, weight: rows, variance });
    if (Object.values(metrics).every(Number.isFinite)) return metrics;
    throw new DivergedError(`the bag's ${where} loss is not finite; lower --lr or set --clip 1`);
  };
}
