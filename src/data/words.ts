/** Words for messages. */
import { distance } from 'fastest-levenshtein';

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
export const isNumber = (text: string): boolean => NUMBER.test(text);

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** The first few of a list, in quotes. */
export function examples(words: readonly string[], limit = 5): string {
  const shown = words.slice(0, limit).map((word) => `"${shorten(word)}"`);
  return shown.join(', ') + (words.length > limit ? ', …' : '');
}

/** `; did you mean "…"?` when one of the names is near, else nothing. */
export function didYouMean(word: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => 2 * edits <= Math.min(word.length, name.length))
    .sort((a, b) => a.edits - b.edits)[0];
  return near === undefined ? '' : `; did you mean "${near.name}"?`;
}

/** Five values, the most frequent first. */
export function mostFrequent(counts: ReadonlyMap<string, number>): string[] {
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.slice(0, 5).map(([value]) => value);
}
