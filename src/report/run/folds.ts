/** The folds of a cross-validation: each metric over them, and each network. */
import type { CrossValidation, FoldScore } from '../../train/cvevents.js';
import { dataTable, type PageSection } from '../elements.js';
import { metricText, numberText, percentText } from '../format.js';
import { html } from '../html.js';
import type { OpenedRun } from './open.js';
import { METRIC_NAMES } from './summary.js';

/** Returns the section of the folds; null for a run that is no cross-validation, or before any fold ended. */
export function foldsSection({ record: { result } }: OpenedRun): PageSection | null {
  const cv = result?.cv;
  if (!cv || cv.trained.length === 0) return null;
  const body = html`<p>${partedText(cv)}</p>
${cv.outOfFold && scoresTable(cv)}
${networksTable(cv)}`;
  return { id: 'folds', title: 'Cross-validation', body };
}

function partedText({ folds, repetitions, held, testToTrain }: CrossValidation): string {
  const times = repetitions > 1 ? `, ${repetitions} times` : '';
  const kept = held === 'test' ? ' Rows of their own chose its best epoch.' : '';
  const rows = `about ${percentText(testToTrain / (1 + testToTrain))} of all rows`;
  return `The rows were parted into ${folds} folds${times}. A network was trained for each fold and scored on ${rows}, which were held out of its training.${kept} The networks have most of their rows in common, so the intervals take the corrected variance of Nadeau and Bengio (2003).`;
}

const deviationText = (name: string, { deviation }: FoldScore): string =>
  name === 'accuracy' ? percentText(deviation) : numberText(deviation);

function scoresTable({ scores, outOfFold, trained }: CrossValidation) {
  const known = Object.entries(scores) as [keyof CrossValidation['scores'], FoldScore][];
  return dataTable({
    caption: `Metrics of the held-out rows over ${trained.length} networks`,
    columns: ['Metric', 'mean', 'standard deviation', '95 % interval of the mean', 'all rows together'],
    rows: known.map(([name, score]) => [
      METRIC_NAMES[name] ?? name,
      metricText(name, score.mean),
      deviationText(name, score),
      score.low === null ? null : `${metricText(name, score.low)} to ${metricText(name, score.high)}`,
      metricText(name, outOfFold?.[name]),
    ]),
  });
}

function networksTable({ trained, repetitions }: CrossValidation) {
  const named = trained.some(({ name }) => name !== null);
  const metrics = [...new Set(trained.flatMap(({ held }) => Object.keys(held ?? {})))];
  return dataTable({
    caption: 'The network of each fold',
    columns: [
      'Fold',
      ...(named ? ['its value'] : []),
      ...(repetitions > 1 ? ['repetition'] : []),
      'rows trained on',
      'rows held out',
      'epochs',
      'best epoch',
      ...metrics.map((name) => METRIC_NAMES[name] ?? name),
    ],
    words: named ? [1] : [],
    rows: trained.map(({ name, repetition, rows, epochs, bestEpoch, held }, index) => [
      String(index + 1),
      ...(named ? [name] : []),
      ...(repetitions > 1 ? [String(repetition)] : []),
      numberText(rows.train),
      numberText(rows.held),
      numberText(epochs),
      numberText(bestEpoch),
      ...metrics.map((metric) => metricText(metric, held?.[metric as keyof typeof held])),
    ]),
  });
}
