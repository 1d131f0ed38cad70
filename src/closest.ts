import { distance, closest as nearest } from 'fastest-levenshtein';

/** Returns ", did you mean 'epochs'?" when a known name is near enough to what was written, else ''. */
export function closest(written: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const lower = known.map((name) => name.toLowerCase());
  const found = nearest(written.toLowerCase(), lower);
  const candidate = known[lower.indexOf(found)];
  return distance(written.toLowerCase(), found) <= Math.ceil(written.length / 3)
    ? `, did you mean '${candidate}'?`
    : '';
}
