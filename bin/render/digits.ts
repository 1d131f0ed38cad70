/**
 * Writes numbers as the lecture does: all of a vector with the same number of decimals, derivatives with two
 * more.
 */

/** Up to this length a vector is written whole; of a longer one, only its first SHOWN values are. */
const WHOLE = 12;
const SHOWN = 4;

export const vector = (values: readonly number[]): string => list(values, 5);
export const derivatives = (values: readonly number[]): string => list(values, 7);
export const value = (one: number): string => decimal([one], 5)[0];
export const derivative = (one: number): string => decimal([one], 7)[0];

function list(values: readonly number[], least: number): string {
  if (values.length <= WHOLE) return `[${decimal(values, least).join(', ')}]`;
  return `[${decimal(values.slice(0, SHOWN), least).join(', ')}, … ${values.length} values]`;
}

/**
 * Writes all values with equally many decimals: enough for five digits of the largest one and at least
 * `least`, but none that are zero in all values.
 */
function decimal(values: readonly number[], least: number): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const decimals = largest > 0 ? Math.max(least, 4 - Math.floor(Math.log10(largest))) : 0;
  if (decimals > 9 || !(largest < 1e6)) return values.map((one) => (one === 0 ? '0' : one.toExponential(4)));
  const exact = (digits: number) =>
    values.every((one) => Math.abs(one - Number(one.toFixed(digits))) <= 1e-12 * Math.abs(one));
  let digits = 0;
  while (digits < decimals && !exact(digits)) digits++;
  return values.map((one) => one.toFixed(digits));
}

/** Writes six digits: 4.38568e-7. */
export function precise(one: number): string {
  const size = Math.abs(one);
  if (one === 0) return '0';
  return size >= 1e-3 && size < 1e6 ? one.toPrecision(6) : one.toExponential(5);
}

/** Writes a relative error with one digit: 7e-9. */
export const relative = (error: number): string => (error === 0 ? '0' : error.toExponential(0));
