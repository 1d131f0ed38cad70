/** The scores of one split. Nothing here reads a file. */
import { mean } from '#src/statistics.js';
import { variance } from './statistics.mjs';

/** The least probability of the true class that the log loss takes, here and in peers.py. */
const LEAST = 1e-15;

/**
 * Takes the scores out of the `test` of gradpool's report. Its loss of classes is the log loss as long as the
 * loss is the plain cross-entropy; otherwise scoresOfPredictions is to be asked.
 * @param targets of the test rows
 */
export function scoresOfReport({ loss, accuracy, rmse }, task, targets) {
  if (task === 'classification') return { accuracy: known(accuracy), logLoss: known(loss) };
  return { rmse: known(rmse), r2: 1 - rmse ** 2 / variance(targets) };
}

/**
 * Scores the objects that `gradpool predict --format jsonl` writes, as peers.py scores its peers.
 * @param predictions one a row: { [target]: class or number, probabilities }
 */
export function scoresOfPredictions(predictions, name, task, targets) {
  if (predictions.length !== targets.length) {
    throw new Error(`${predictions.length} predictions for ${targets.length} rows`);
  }
  if (task === 'classification') {
    const right = predictions.map((row, at) => (String(row[name]) === targets[at] ? 1 : 0));
    const losses = predictions.map(({ probabilities }, at) => {
      const sum = Object.values(probabilities).reduce((total, p) => total + p, 0);
      return -Math.log(Math.min(1, Math.max(LEAST, (probabilities[targets[at]] ?? 0) / sum)));
    });
    return { accuracy: mean(right), logLoss: known(mean(losses)) };
  }
  const squared = mean(predictions.map((row, at) => (row[name] - targets[at]) ** 2));
  return { rmse: known(Math.sqrt(squared)), r2: 1 - squared / variance(targets) };
}

function known(value) {
  if (!Number.isFinite(value)) throw new Error(`a score is ${value}`);
  return value;
}
