/** Turns what zod found wrong into one line: the key, what was expected, what was found. */
import type { z } from 'zod';
import { didYouMean } from './didyoumean.js';

type Issue = z.core.$ZodIssue;

/**
 * Describes an issue in one line, such as "lr: must be greater than 0, found -1".
 * @param known the keys that exist, for a hint at a misspelt one
 * @param thing what a key is called
 */
export function describeIssue(issue: Issue, value: unknown, known: readonly string[], thing = 'key'): string {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return `unknown ${thing} '${key}'${didYouMean(key, known)}`;
  }
  const found = issue.path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown>)?.[step],
    value,
  );
  const near =
    issue.code === 'invalid_value' && typeof found === 'string'
      ? didYouMean(found, issue.values.map(String))
      : '';
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return `${where}${expectation(issue, found)}, found ${foundText(found)}${near}`;
}

function expectation(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `expected ${typeWords(issue.expected, found)}`;
    case 'too_small':
      return outside(issue.origin, issue.inclusive ? 'at least' : 'greater than', issue.minimum);
    case 'too_big':
      return outside(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_union':
      if (issue.message !== 'Invalid input') return issue.message;
      return `expected ${issue.errors.map(([first]) => expectation(first, found).replace(/^expected /, '')).join(', or ')}`;
    default:
      return issue.message;
  }
}

const TYPE_WORDS: Record<string, string> = {
  int: 'a whole number',
  array: 'a list',
  tuple: 'a list',
  object: 'keys and values',
  record: 'COLUMN=VALUE',
};

function typeWords(type: string, found: unknown): string {
  if (type === 'number' && isInfinite(found)) return 'a finite number';
  return TYPE_WORDS[type] ?? `a ${type}`;
}

/**
 * Recognises Infinity and NaN (YAML's .inf and .nan), and texts that mean one of them or a number too large
 * for a double.
 */
function isInfinite(found: unknown): boolean {
  if (typeof found !== 'string') return typeof found === 'number' && !Number.isFinite(found);
  return /^[+-]?\.?(inf|infinity|nan)$/i.test(found) || Math.abs(Number(found)) === Number.POSITIVE_INFINITY;
}

/** Writes the value as JSON, with Infinity and NaN, which JSON lacks, by their names. */
function foundText(found: unknown): string {
  if (typeof found === 'number') return String(found);
  const named = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return JSON.stringify(found, named) ?? 'nothing';
}

/** Says what a number, the length of a list or the length of a text must be. */
function outside(origin: string, relation: string, limit: number | bigint): string {
  const part = { array: 'value', string: 'character' }[origin];
  if (part === undefined) return `must be ${relation} ${limit}`;
  return `must have ${relation} ${limit} ${part}${Number(limit) === 1 ? '' : 's'}`;
}
