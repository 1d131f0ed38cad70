/** Shares of a whole, written as a number or a percentage. */
const PERCENTAGE = /^\d+(\.\d+)?%$/;

/**
 * Reads '12.5%' as 0.125. It shifts the decimal exponent, because dividing by 100 would round a second time.
 */
export function shareOf<T>(value: T): T | number {
  return isPercentage(value) ? Number(`${value.slice(0, -1)}e-2`) : value;
}

export const isPercentage = (value: unknown): value is string =>
  typeof value === 'string' && PERCENTAGE.test(value);
