/** The mean of a few scores and its 95 % interval. */
import { mean } from '../statistics.js';

/** A mean with the ends of its 95 % interval, which a single value does not have. */
interface MeanInterval {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Returns the mean of n values with mean ± t·s/√n, where t is Student's 97.5 % quantile for n − 1. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const centre = mean(values);
  const freedom = values.length - 1;
  if (freedom < 1) return { mean: centre, low: null, high: null };
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const half = studentQuantile(freedom) * Math.sqrt(squares / freedom / values.length);
  return { mean: centre, low: centre - half, high: centre + half };
}

/** Student's 97.5 % quantiles for 1 to 10 degrees of freedom. */
const FIRST = [
  12.706204736432095, 4.302652729911275, 3.182446305284263, 2.7764451051977987, 2.5705818366147395,
  2.4469118487916806, 2.3646242510102993, 2.3060041350333704, 2.2621571627409915, 2.2281388519649385,
];

/** Returns the 97.5 % quantile; from 11 on by four terms of the expansion in 1/ν (Abramowitz 26.7.5). */
function studentQuantile(freedom: number): number {
  if (freedom <= FIRST.length) return FIRST[freedom - 1];
  const x = 1.959963984540054;
  const [x3, x5, x7, x9] = [x ** 3, x ** 5, x ** 7, x ** 9];
  return (
    x +
    (x3 + x) / (4 * freedom) +
    (5 * x5 + 16 * x3 + 3 * x) / (96 * freedom ** 2) +
    (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / (384 * freedom ** 3) +
    (79 * x9 + 776 * x7 + 1482 * x5 - 1920 * x3 - 945 * x) / (92160 * freedom ** 4)
  );
}
