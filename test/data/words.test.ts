/** Words of shell commands, read back by a real shell. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellPath, shellWord } from '#src/data/words.js';

const ODD = [
  '',
  ' ',
  "it's",
  '$HOME',
  '`date`',
  '"x"',
  '\\',
  'a\nb',
  '*',
  '~',
  '#',
  '!',
  ';',
  '&',
  '-n',
  'Häuser',
  '=x',
];

/** Returns the words that sh finds in a command. */
const wordsOf = (command: string) =>
  execFileSync('sh', ['-c', `for word in ${command}; do printf '%s\\000' "$word"; done`], {
    encoding: 'utf8',
  })
    .split('\0')
    .slice(0, -1);

it('a shell reads each word as it was', () => {
  expect(wordsOf(ODD.map(shellWord).join(' '))).toEqual(ODD);
  const text = fc.string({
    unit: fc.constantFrom(...ODD.join(''), 'a', '\t', '(', '{', '|', '<', '?', '[', '%'),
  });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 50 }), (words) => {
      expect(wordsOf(words.map(shellWord).join(' '))).toEqual(words);
    }),
    { numRuns: 20 },
  );
});

it('leaves plain words as they are, and a path does not begin like a flag', () => {
  expect(shellWord('../data/houses-2024_v1.csv')).toBe('../data/houses-2024_v1.csv');
  expect(shellPath('runs/mine')).toBe('runs/mine');
  expect(shellPath('-x y')).toBe("'./-x y'");
});
