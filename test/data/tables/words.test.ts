/** Words in memory and on disk. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { dateCandidates, isDateInAnyFormat } from '#src/data/tables/candidates.js';
import { DATE_FORMATS, dateParser } from '#src/data/tables/dates.js';
import { tableFingerprint } from '#src/data/tables/fingerprint.js';
import { WordFile, WordFileWriter } from '#src/data/tables/wordfile.js';
import { chooseWords, everyWord, findWords, markWords, someWord } from '#src/data/tables/wordlist.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function onDisk(words: readonly string[]): WordFile {
  const writer = new WordFileWriter(join(folder, `${files++}.bin`));
  for (const word of words) writer.append(word);
  return new WordFile(writer.end());
}

const unit = fc.constantFrom('a', '0', ' ', '\n', '\0', 'ü', '€', '😀');
const someWords = fc
  .tuple(fc.array(fc.string({ unit, maxLength: 5 }), { maxLength: 30 }), fc.constantFrom(1, 1, 1, 300))
  .map(([words, times]) => Array.from({ length: times }, () => words).flat());

describe('words on disk', () => {
  it('are those that were written, one after the other and singly', () => {
    fc.assert(
      fc.property(someWords, fc.array(fc.nat(9000), { maxLength: 9 }), (words, codes) => {
        const stored = onDisk(words);
        expect([...stored]).toEqual(words);
        expect(stored.length).toBe(words.length);
        for (const code of codes) expect(stored.at(code)).toBe(words[code]);
      }),
      { numRuns: 60 },
    );
  });

  it('may be longer than a block', () => {
    const words = ['x'.repeat(3_000_000), 'short', 'é'.repeat(2_000_000), ''];
    const stored = onDisk(words);
    expect([...stored]).toEqual(words);
    expect([3, 0, 2, 1].map((code) => stored.at(code))).toEqual([3, 0, 2, 1].map((code) => words[code]));
  });

  it('are searched and chosen as those in memory', () => {
    const has = (word: string) => word.includes('a');
    fc.assert(
      fc.property(someWords, (words) => {
        const stored = onDisk(words);
        for (const list of [words, stored]) {
          expect(findWords(list, has, 2)).toEqual(words.filter(has).slice(0, 2));
          expect(someWord(list, has)).toBe(words.some(has));
          expect(everyWord(list, has)).toBe(words.every(has));
          const marks = markWords(list, has);
          expect(marks && [...marks]).toEqual(
            words.some(has) ? words.map((word) => Number(has(word))) : null,
          );
          const chosen = chooseWords(list, (code) => marks?.[code] === 1);
          expect([...chosen]).toEqual(words.filter(has));
          expect(chosen.at(1)).toBe(words.filter(has)[1]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('the fingerprint of a table is that of its description as JSON', () => {
  fc.assert(
    fc.property(fc.array(someWords, { maxLength: 4 }), (lists) => {
      const columns = lists.map((words, i) => ({
        name: `c"${i}`,
        as: 'words' as const,
        words: i % 2 ? words : null,
      }));
      const described = columns.map(({ name, words, as }) => [name, words ?? as]);
      const expected = createHash('sha256').update(JSON.stringify(described)).digest('hex');
      expect(tableFingerprint(columns, [])).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

describe('what may be a date', () => {
  const month = fc.constantFrom('Jan', 'february', 'SEPT', 'Sep.', 'may', '3', '11');
  const separator = fc.constantFrom('-', '/', '.', ' ', ', ');
  const clock = fc.constantFrom(
    '',
    'T10:00',
    ' 10:00:59.5',
    ', 9:05 p.m.',
    ':10:00amz',
    ' 10:00 utc',
    't1:10+01:00',
  );
  const words = fc
    .record({
      weekday: fc.constantFrom('', 'Monday, ', 'tues. '),
      parts: fc.shuffledSubarray(['y', 'm', 'd'], { minLength: 2 }),
      year: fc.constantFrom('2020', '99'),
      month,
      day: fc.constantFrom('1', '02', '3rd', '21st', '12TH'),
      separator,
      clock,
    })
    .map(({ weekday, parts, separator, clock, ...values }) => {
      const text = { y: values.year, m: values.month, d: values.day };
      return weekday + parts.map((part) => text[part as 'y']).join(separator) + clock;
    });

  it('is whatever a format reads', () => {
    const parsers = DATE_FORMATS.map(dateParser);
    let dates = 0;
    fc.assert(
      fc.property(words, (word) => {
        const isDate = parsers.some((parse) => !Number.isNaN(parse(word)));
        dates += Number(isDate);
        if (!isDate) return;
        expect(isDateInAnyFormat(word)).toBe(true);
        expect(dateCandidates({ words: [word], counts: [1], rows: 1 })).not.toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(dates).toBeGreaterThan(100);
  });

  it('is no name with digits', () => {
    expect(['user-1-2', 'a1-2', 'room 3-4', 'x1:2'].filter(isDateInAnyFormat)).toEqual([]);
  });
});
