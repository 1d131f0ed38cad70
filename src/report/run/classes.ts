/** How the classes fare: the confusion matrix, and precision, recall and F1 of each. */
import { beside, dataTable, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { type Html, html } from '../html.js';
import { SHADES } from '../style.js';
import type { Examined } from './examined.js';

/** Classes up to which the whole matrix is shown; of more, the pairs that are confused most. */
const MOST_CLASSES = 30;
const MOST_PAIRS = 30;

/** Returns the section of the classes; null for a model of numbers. */
export function classesSection({ evaluation, predictions, rows }: Examined): PageSection | null {
  const { confusion, perClass } = evaluation;
  if (predictions.task !== 'classification' || perClass === null) return null;
  const { classes } = predictions;
  const matrix =
    confusion === null
      ? null
      : classes.length <= MOST_CLASSES
        ? confusionMatrixHtml(classes, confusion, rows.name)
        : confusedPairs(classes, confusion);
  const table = dataTable({
    caption: 'Precision, recall and F1 of each class',
    columns: ['Class', 'precision', 'recall', 'F1', 'rows'],
    rows: perClass.map((scores) => [
      scores.class,
      numberText(scores.precision),
      numberText(scores.recall),
      numberText(scores.f1),
      numberText(scores.rows),
    ]),
  });
  return { id: 'classes', title: 'Classes', body: beside([matrix, table]) };
}

function confusionMatrixHtml(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
  name: string,
): Html {
  const worst = Math.max(...confusion.flatMap((counts, i) => counts.filter((_, j) => i !== j)));
  const table = dataTable({
    caption: `Confusion matrix of ${name}: true classes down, predicted classes across`,
    columns: ['True class', ...classes],
    rows: confusion.map((counts, i) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      return [classes[i], ...counts.map((count, j) => shaded(count, i === j ? total : worst, i === j))];
    }),
  });
  return html`<div class="confusion">${table}</div>`;
}

/**
 * Writes a count on a shade: a right one by its share of its class, a wrong one beside the largest wrong one.
 * A count of 0 is a dot.
 */
function shaded(count: number, most: number, right: boolean): Html {
  if (!(count > 0)) return html`<span class="muted">·</span>`;
  const shade = Math.min(SHADES, Math.max(1, Math.ceil((SHADES * count) / most))) - 1;
  return html`<span class="cell ${right ? 'right' : 'wrong'}${shade}">${numberText(count)}</span>`;
}

function confusedPairs(classes: readonly string[], confusion: readonly (readonly number[])[]): Html {
  const pairs = confusion.flatMap((counts, i) =>
    counts.flatMap((count, j) => (i !== j && count > 0 ? [{ i, j, count }] : [])),
  );
  const most = pairs.sort((a, b) => b.count - a.count || a.i - b.i || a.j - b.j).slice(0, MOST_PAIRS);
  return dataTable({
    caption: `The pairs of the ${classes.length} classes that are confused most`,
    columns: ['True class', 'predicted class', 'rows'],
    words: [1],
    rows: most.map(({ i, j, count }) => [classes[i], classes[j], numberText(count)]),
  });
}
