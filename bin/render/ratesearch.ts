import asciichart from 'asciichart';
import type { RateSearch } from '../../src/train/findlr.js';
import { significant } from './text.js';

const HEIGHT = 12;
/** asciichart writes the values of its axis this wide, and then the axis. */
const AXIS = 9;

/** Plots the smoothed loss over the rate, on a logarithmic axis, and names the rate to take. */
export function rateSearchText({ rates, smoothed, suggestion }: RateSearch): string {
  if (rates.length < 2) return 'the loss was not finite at the first rate: begin with a smaller --from';
  // The loss explodes at the end; cut off, it does not flatten the rest of the plot.
  const highest = Math.min(smoothed[0] * 2, Math.max(...smoothed));
  const plot = asciichart.plot(
    smoothed.map((loss) => Math.min(loss, highest)),
    { height: HEIGHT, format: (value: number) => value.toPrecision(4).padStart(AXIS - 1) },
  );
  const advice =
    suggestion === null
      ? 'the loss never fell: look at the data, or widen the range with --from and --to'
      : `suggestion  --lr ${significant(suggestion)}  (where the loss falls fastest)`;
  return ['loss, smoothed', plot, marks(rates, suggestion), rateAxis(rates), '', advice].join('\n');
}

/** Puts a mark below the suggested rate. */
function marks(rates: readonly number[], suggestion: number | null): string {
  return suggestion === null ? '' : `${' '.repeat(AXIS + rates.indexOf(suggestion))}▲`;
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
