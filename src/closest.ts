import { distance, closest as nearest } from 'fastest-levenshtein';

/** ", did you mean 'epochs'?" when a known name is near enough to what was written, else nothing. */
export function closest(written: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const candidate = nearest(written.toLowerCase(), known as string[]);
  const near = distance(written.toLowerCase(), candidate.toLowerCase()) <= Math.ceil(written.length / 3);
  return near ? `, did you mean '${candidate}'?` : '';
}
