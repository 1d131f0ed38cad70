/** What a cross-validation shows: each metric over the folds, and of all held-out rows together. */
import { joinedRows, type Subset } from '../data/dataset.js';
import { type FoldedData, heldOut, testToTrain } from '../data/folded.js';
import { type Metrics, meanMetrics, SUMMED_METRICS, targetVariance } from '../forward/metrics.js';
import { meanInterval, sampleVariance } from '../meaninterval.js';
import type { CrossValidation, FoldScore, TrainedFold } from '../train/cvevents.js';
import type { TrainResult } from '../train/events.js';
import type { CrossValidationPlan } from './cvplan.js';

/** Returns what came of a fold's network. */
export function trainedFold({ folds, held }: FoldedData, index: number, result: TrainResult): TrainedFold {
  const { status, epochs, bestEpoch, weightsSha256 } = result;
  const { name, repetition, data } = folds[index];
  const rows = { train: data.train.rows.length, held: heldOut(folds[index], held).rows.length };
  const score = status === 'interrupted' ? null : result[held];
  return { repetition, name, rows, status, epochs, bestEpoch, held: score, weightsSha256 };
}

/** Sums up a cross-validation by the networks that have begun. */
export function summary(
  { config, data }: CrossValidationPlan,
  results: readonly (TrainResult | null)[],
): CrossValidation {
  const trained = results.flatMap((result, index) =>
    result === null ? [] : [trainedFold(data, index, result)],
  );
  const scored = trained.flatMap(({ held }) => held ?? []);
  const complete = scored.length === data.folds.length;
  const ratio = testToTrain(data);
  return {
    folds: data.folds.length / config.cvRepeats,
    repetitions: config.cvRepeats,
    trained,
    held: data.held,
    testToTrain: ratio,
    scores: complete ? scoresOf(scored, ratio) : {},
    outOfFold: complete ? pooled(data, scored) : null,
  };
}

/** Returns each metric over the folds. One that a fold lacks, such as R² of equal targets, is left out. */
function scoresOf(scored: readonly Metrics[], ratio: number): CrossValidation['scores'] {
  const known = SUMMED_METRICS.flatMap((name) => {
    const values = scored.flatMap((metrics) => metrics[name] ?? []);
    return values.length < scored.length ? [] : [[name, scoreOf(values, ratio)]];
  });
  return Object.fromEntries(known);
}

function scoreOf(values: readonly number[], ratio: number): FoldScore {
  const { mean, low, high } = meanInterval(values, { testToTrain: ratio });
  return { mean, deviation: Math.sqrt(sampleVariance(values)), low, high };
}

/** Returns the metrics of all held-out rows together, each predicted by the network of its fold. */
function pooled({ whole, folds, held }: FoldedData, scored: readonly Metrics[]) {
  const subsets = folds.map((fold) => heldOut(fold, held));
  const sums = { loss: 0, score: 0, rows: 0 };
  for (const [index, { loss, accuracy, rmse = 0 }] of scored.entries()) {
    const rows = subsets[index].rows.length;
    sums.rows += rows;
    sums.loss += loss * rows;
    sums.score += rows * (accuracy ?? rmse * rmse * whole.outputs);
  }
  const variance = targetVariance(whole.task, unionOf(subsets));
  const metrics = meanMetrics(whole.task, whole.outputs, { ...sums, weight: sums.rows, variance });
  return { rows: sums.rows, ...metrics };
}

/** Returns all held-out rows. The folds' datasets hold the same targets, so any of them will do. */
export function unionOf(subsets: readonly Subset[]): Subset {
  const [{ dataset }] = subsets;
  return { dataset, rows: joinedRows(subsets) };
}
