/** Holds what the sections of a benchmark's report have in common: their form, and how units are written. */

export interface Section {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines below the table. */
  readonly remarks: readonly string[];
  /** A drawing of characters below the remarks. */
  readonly drawing?: readonly string[];
}

/** Writes seconds in one unit. */
export type Format = (seconds: number) => string;

/** Chooses one unit for a column of times. */
export function timeFormat(typical: number): Format {
  const [factor, unit] =
    typical < 1e-6 ? [1e9, 'ns'] : typical < 1e-3 ? [1e6, 'µs'] : typical < 1 ? [1e3, 'ms'] : [1, 's'];
  return (seconds) => `${significantDigits(seconds * factor)} ${unit}`;
}

/** Writes a single time in the unit that suits it. */
export const singleTime: Format = (seconds) => timeFormat(seconds)(seconds);

const significantDigits = (value: number): string =>
  value >= 1000
    ? value.toFixed(0)
    : value >= 100
      ? value.toFixed(1)
      : value >= 10
        ? value.toFixed(2)
        : value.toFixed(3);

export const share = (value: number): string => `${Math.round(100 * value)} %`;

export function megaflops(flops: number): string {
  return flops < 1e9 ? `${(flops / 1e6).toPrecision(3)} MFLOP` : `${(flops / 1e9).toPrecision(3)} GFLOP`;
}
