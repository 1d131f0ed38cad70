/** Decides how a column is read if it holds words rather than numbers or dates: as a boolean, or as words. */
import { MISSING_WORDS, type Reading } from '../reading.js';
import { type ColumnContext, type ColumnDecision, decisionFor, missingWords } from './columndecision.js';
import { type DistinctWords, without } from './distinctwords.js';
import type { ColumnOverrides } from './overrides.js';
import { findWords } from './wordlist.js';

/**
 * Takes the column for a boolean if its words are the two of a pair, else for words as they are. In a target
 * only an empty cell is missing, since `None` or `NA` may be a class.
 */
export function decideAsWords(
  all: DistinctWords,
  overrides: ColumnOverrides,
  { isTarget }: ColumnContext,
): ColumnDecision {
  const usual = isTarget ? ['', ...overrides.missing] : missingWords(overrides);
  const naIsCode = !isTarget && !overrides.missing.includes('NA') && holdsNaAsCode(all, usual);
  const missing = naIsCode ? usual.filter((word) => word !== 'NA') : usual;
  const skip = new Set(missing);
  const present = without(all, (word) => skip.has(word));
  const spellings = overrides.as === undefined ? booleanSpellings(present) : null;
  const reading: Reading = spellings ? { as: 'boolean', spellings, missing } : { as: 'words', missing };
  if (naIsCode) {
    const why = `"NA" is taken as a word, like the other two-letter codes; --missing NA makes it a missing value`;
    return { ...decisionFor(reading), why };
  }
  if (!isTarget) return decisionFor(reading);
  const isUsual = (word: string) => (MISSING_WORDS as readonly string[]).includes(word.trim());
  const classes = findWords(present.words, isUsual, Number.POSITIVE_INFINITY);
  if (classes.length === 0) return decisionFor(reading);
  const which = classes.map((word) => `"${word.trim()}"`).join(', ');
  return {
    ...decisionFor(reading),
    why: `${which} is a class like any other; --missing '${classes[0].trim()}' leaves its rows out`,
  };
}

/** Whether NA is one of several codes of two capitals, such as those of countries (Namibia) or continents. */
function holdsNaAsCode({ words }: DistinctWords, missing: readonly string[]): boolean {
  const isCode = (word: string) => /^[A-Z]{2}$/.test(word);
  let [others, hasNa] = [0, false];
  for (const spelled of words) {
    const word = spelled.trim();
    hasNa ||= word === 'NA';
    if (missing.includes(word)) continue;
    if (!isCode(word)) return false;
    others++;
  }
  return others >= 2 && hasNa;
}

/** Most distinct words that two truth values may have, with different capitals and spaces. */
const MOST_SPELLINGS = 20;
const BOOLEAN_PAIRS = [
  ['false', 'true'],
  ['f', 't'],
  ['no', 'yes'],
  ['n', 'y'],
  ['off', 'on'],
] as const;

/**
 * Returns how a boolean column spells false and true, the more frequent spelling if there are several; null
 * if the column is not a boolean.
 */
export function booleanSpellings(distinct: DistinctWords): [string, string] | null {
  if (distinct.words.length > MOST_SPELLINGS) return null;
  const { counts } = distinct;
  const words = [...distinct.words];
  for (const [no, yes] of BOOLEAN_PAIRS) {
    const values = words.map((word) => [no, yes].indexOf(word.trim().toLowerCase() as never));
    if (values.includes(-1)) continue;
    const spelled = (wanted: number) => {
      let best = -1;
      values.forEach((value, code) => {
        if (value === wanted && (best < 0 || counts[code] > counts[best])) best = code;
      });
      return words[best]?.trim();
    };
    const spellings = [spelled(0), spelled(1)];
    if (spellings[0] !== undefined && spellings[1] !== undefined) return [spellings[0], spellings[1]];
  }
  return null;
}
