import { closest, distance } from 'fastest-levenshtein';

/**
 * Returns ", did you mean 'epochs'?" with the known name that is nearest to what was written, or '' when none
 * is near enough: at most every third character may be wrong, and never all of them. Capitals do not count.
 * @param quote the mark around the name: messages about data put names in double quotes
 */
export function didYouMean(written: string, known: readonly string[], quote: "'" | '"' = "'"): string {
  if (known.length === 0) return '';
  const word = written.toLowerCase();
  const names = known.map((name) => name.toLowerCase());
  const nearest = closest(word, names);
  const edits = distance(word, nearest);
  const near = edits <= Math.ceil(word.length / 3) && edits < Math.max(word.length, nearest.length);
  return near ? `, did you mean ${quote}${known[names.indexOf(nearest)]}${quote}?` : '';
}
