/** Scores predictions against known targets, for the importance of columns. */
import { type Subset, targetAt } from '../data/dataset.js';
import { ln } from '../elementary.js';
import { LEAST_PROBABILITY } from '../metrics/probabilities.js';
import type { ScoreSums } from './importancemetrics.js';
import { predictAll } from './predict.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Predicts rows and adds up how far they are from their targets, in the order of the rows. */
export function scoreRows(model: ReadModel, runner: Runner, subset: Subset, source: string): ScoreSums {
  const {
    classes,
    batches,
    targets: names,
  } = predictAll(model, runner, { subset, source, notes: [], kept: [], uncertainty: null });
  let [loss, errors] = [0, 0];
  for (const { from, predicted, probabilities } of batches()) {
    const first = from * names.length;
    if (classes === null) {
      predicted.forEach((value, i) => {
        const error = (value as number) - targetAt(subset, first + i);
        loss += error * error;
        errors += Math.abs(error);
      });
      continue;
    }
    predicted.forEach((name, i) => {
      const right = targetAt(subset, first + i);
      if (name !== classes[right]) errors++;
      const probability = probabilities?.[i * classes.length + right] ?? Number.NaN;
      loss -= ln(Math.max(probability, LEAST_PROBABILITY));
    });
  }
  return { loss, errors, count: subset.rows.length * names.length };
}
