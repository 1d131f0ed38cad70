/** Writes numbers for people. */

const separated = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Writes four significant digits, or all before the point; null is a dash. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return separated.format(value);
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 1e-4 || size >= 1e9) return value.toExponential(3);
  return size >= 1000 ? separated.format(value) : value.toPrecision(4);
}

/** Writes a share in percent. */
export const percentText = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(100 * share).toFixed(2)} %`;

/** Writes a metric of training by its name: accuracies in percent. */
export const metricText = (name: string, value: number | null | undefined): string =>
  name === 'accuracy' ? percentText(value) : numberText(value);

/** Writes a duration. */
export function timeText(seconds: number): string {
  if (seconds < 1) return `${(1000 * seconds).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Writes a time of a record, such as 2026-11-26 19:20 UTC. */
export const momentText = (moment: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(moment)
    ? `${moment.slice(0, 16).replace('T', ' ')} UTC`
    : moment.slice(0, 40);
