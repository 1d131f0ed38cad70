/** Writes parts of messages (counts, examples, text for the shell), and tells numbers from other text. */

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** Whether a text is a decimal number, spaces around it allowed. */
export const isNumber = (text: string): boolean => NUMBER.test(text);

/** Returns a count with its noun: `1 row`, `3 rows`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Cuts a text after 60 characters. */
export const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** Quotes text for the shell. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Quotes text for the shell, if it needs quotes. */
export const shellWord = (text: string): string => (/^[\w@%+:.=,/-]+$/.test(text) ? text : shellQuoted(text));

/** Quotes a path for the shell; one that begins like a flag gets ./ in front. */
export const shellPath = (path: string): string => shellWord(path.startsWith('-') ? `./${path}` : path);

/** Lists the first few words in quotes. */
export function examples(words: Iterable<string> & { readonly length: number }, limit = 5): string {
  const shown: string[] = [];
  for (const word of words) {
    if (shown.length === limit) break;
    shown.push(`"${shorten(word)}"`);
  }
  return shown.join(', ') + (words.length > limit ? ', …' : '');
}

/** Returns the five most frequent values, the most frequent first. */
export function mostFrequent(counts: ReadonlyMap<string, number>): string[] {
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.slice(0, 5).map(([value]) => value);
}
