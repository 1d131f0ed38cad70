import asciichart from 'asciichart';
import type { RateSearch } from '../../src/run/findlr.js';
import { count, countOf, significant, table } from './text.js';

const HEIGHT = 12;
/** asciichart writes the values of its axis this wide, and then the axis. */
const AXIS = 9;

/** Shows the curve of the range test, then the trials, then the rate to take and why. */
export function rateSearchText(search: RateSearch): string {
  const { suggestion, trials, judgedBy, untrainedLoss } = search;
  const rows = trials.map(({ rate, loss }) => [
    String(rate),
    loss === null ? 'diverged' : significant(loss),
    rate === suggestion ? '◀' : '',
  ]);
  const judged = table(
    ['lr', `${judgedBy} loss`, ''],
    [['untrained', significant(untrainedLoss), ''], ...rows],
  );
  return [...curveText(search), judged, '', adviceText(search)].join('\n');
}

/** Plots the smoothed loss of the range test over the rate, on a logarithmic axis. */
function curveText({ rates, smoothed, suggestion }: RateSearch): string[] {
  if (rates.length < 2) return [];
  // The loss explodes at the end; cut off, it does not flatten the rest of the plot.
  const highest = Math.min(smoothed[0] * 2, Math.max(...smoothed));
  const plot = asciichart.plot(
    smoothed.map((loss) => Math.min(loss, highest)),
    { height: HEIGHT, format: (value: number) => value.toPrecision(4).padStart(AXIS - 1) },
  );
  return ['range test: training loss, smoothed', plot, marks(rates, suggestion), rateAxis(rates), ''];
}

/** Says which rate to take, and what it was judged by. */
function adviceText({ suggestion, trialSteps, totalSteps, judgedBy, trials }: RateSearch): string {
  if (suggestion === null) {
    return 'no rate made the loss fall: look at the data, or widen the range with --from and --to';
  }
  const length =
    trialSteps === totalSteps
      ? `whole trainings of ${countOf(trialSteps, 'step')}`
      : `trials of ${count(trialSteps)} of ${countOf(totalSteps, 'step')}`;
  return `suggestion  --lr ${suggestion}  (least ${judgedBy} loss in ${length}, ${countOf(trials.length, 'rate')} tried)`;
}

/** Puts a mark below the suggested rate, or nothing where it lies beyond the rates of the range test. */
function marks(rates: readonly number[], suggestion: number | null): string {
  if (suggestion === null || suggestion > rates[rates.length - 1]) return '';
  return `${' '.repeat(
    AXIS +
      Math.max(
        0,
        rates.findIndex((rate) => rate >= suggestion),
      ),
  )}▲`;
}

/** Writes the axis: the powers of ten among the rates, each where its rate stands (1e-6 …… 1e-5 ……). */
function rateAxis(rates: readonly number[]): string {
  let line = ' '.repeat(AXIS);
  for (const [index, rate] of rates.entries()) {
    const power = Math.round(Math.log10(rate));
    const next = rates[index + 1] ?? Number.POSITIVE_INFINITY;
    const nearest = rate <= 10 ** power * (1 + 1e-9) && next > 10 ** power * (1 + 1e-9);
    if (nearest && line.length <= AXIS + index) line = `${line.padEnd(AXIS + index)}1e${power}`;
  }
  return `${line}  learning rate`;
}
