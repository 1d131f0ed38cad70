/**
 * Reads the values of flags: each reader returns the value, or throws a UsageError that names flag and text.
 */
import { isNumber } from '../src/data/words.js';
import { didYouMean } from '../src/didyoumean.js';
import { UsageError } from '../src/errors.js';

/** Returns the decimal number that a text holds, or null where it holds something else or infinity. */
export function numberIn(text: string): number | null {
  const value = isNumber(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

const expected = (where: string, what: string, text: string, near = '') =>
  new UsageError(`${where}: expected ${what}, found "${text}"${near}`);

export const readText = (text: string): string => text;

export function readNumber(text: string, where: string): number {
  const value = numberIn(text);
  if (value === null) throw expected(where, 'a number', text);
  return value;
}

export function readPositive(text: string, where: string): number {
  const value = numberIn(text);
  if (value === null || value <= 0) throw expected(where, 'a number above 0', text);
  return value;
}

/** Reads whole numbers from `least` on. */
export function readWhole(least: number): (text: string, where: string) => number {
  const what = `a whole number${least > 0 ? ` from ${least}` : ''}`;
  return (text, where) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least)) throw expected(where, what, text);
    return value;
  };
}

/** Reads '0.5,-1' as [0.5, -1]. */
export function readNumbers(text: string, where: string): number[] {
  return text.split(',').map((part) => {
    const value = numberIn(part);
    if (value === null) throw expected(where, 'numbers separated by commas', part.trim());
    return value;
  });
}

/** Reads '5%' or '0.05' as 0.05. A bare number above 1 is refused: 5 could mean either. */
export function readShare(text: string, where: string): number {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw expected(where, 'a percentage such as 5%, or a share such as 0.05', text);
  const value = Number(digits) / (sign === '%' ? 100 : 1);
  if (value > 1 && sign === '') {
    throw new UsageError(`${where}: ${text} would be ${100 * value} %; write ${text}% for that many percent`);
  }
  return value;
}

/** Reads the names of columns: commas separate them, and the flag may be given several times. */
export const readNames = (texts: readonly string[]): string[] => texts.flatMap((text) => text.split(','));

/** A flag that takes one of a few words: its choices, and how it reads them. */
export function oneOf<const Word extends string>(...choices: readonly Word[]) {
  const read = (text: string, where: string): Word => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw expected(where, choices.join(', '), text, didYouMean(text, choices));
    return found;
  };
  return { choices, read };
}

/** Reads some of a few words, separated by commas. */
export function readSomeOf<const Word extends string>(words: readonly Word[]) {
  return (text: string, where: string): Word[] =>
    text.split(',').map((part) => {
      const found = words.find((word) => word === part.trim());
      if (found === undefined) {
        throw expected(where, `some of ${words.join(', ')}`, part, didYouMean(part, words));
      }
      return found;
    });
}
