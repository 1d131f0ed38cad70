/** What zod found wrong, in this project's words: the key, what was expected, what was found. */
import type { z } from 'zod';
import { closest } from './closest.js';

type Issue = z.core.$ZodIssue;

/** One line about the first issue: "lr: must be greater than 0, found -1". `known` are the keys that exist. */
export function describeIssue(issue: Issue, value: unknown, known: readonly string[], thing = 'key'): string {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return `unknown ${thing} '${key}'${closest(key, known)}`;
  }
  const found = issue.path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown>)?.[step],
    value,
  );
  const near =
    issue.code === 'invalid_value' && typeof found === 'string'
      ? closest(found, issue.values.map(String))
      : '';
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return `${where}${expectation(issue)}, found ${JSON.stringify(found) ?? 'nothing'}${near}`;
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : (TYPE_WORDS[issue.expected] ?? `a ${issue.expected}`)}`;
    case 'too_small':
      return `must ${bound(issue.origin)} ${issue.inclusive ? 'at least' : 'greater than'} ${issue.minimum}`;
    case 'too_big':
      return `must ${bound(issue.origin)} ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_union':
      return `expected ${issue.errors.map(([first]) => expectation(first).replace(/^expected /, '')).join(', or ')}`;
    default:
      return issue.message;
  }
}

const TYPE_WORDS: Record<string, string> = { array: 'a list', tuple: 'a list', object: 'keys and values' };

function bound(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have a length of' : 'be';
}
