import { describe, expect, it } from 'vitest';
import { folded, r2Text, significant, table } from '../../dist/bin/render/text.js';

it('numbers are written for people: with separators, and exponents only far outside', () => {
  const written: [number, string][] = [
    [0, '0'],
    [0.08123, '0.08123'],
    [0.00012345, '0.0001234'],
    [0.0000123456, '1.235e-5'],
    [-12.3456, '-12.35'],
    [999.96, '1,000'],
    [1234.5678, '1,235'],
    [50780.3, '50,780'],
    [-1234567.8, '-1,234,568'],
    [1.5e9, '1.500e+9'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ];
  for (const [value, text] of written) expect(significant(value)).toBe(text);
});

it('R² has decimals, no negative zero, and no endless row of digits', () => {
  expect([0.87123, -0.00001, 1, -123456].map((value) => r2Text(value))).toEqual([
    '0.8712',
    '0.0000',
    '1.0000',
    '-123,456',
  ]);
});

describe('in a narrow terminal', () => {
  const header = ['name', 'formula', 'compared'];
  const rows = [
    ['sigmoid', '1/(1+e^-z) and some more words about it', 12],
    ['relu', 'max(z,0)', 1234],
  ];
  const words = (text: string) => text.split(/\s+/).filter(Boolean).sort();

  it.each([40, 80, 120])('tables keep to %d columns and break no word', (room) => {
    const text = table(header, rows, room);
    expect(text.split('\n').every(({ length }) => length <= room)).toBe(true);
    expect(words(text)).toEqual(
      expect.arrayContaining(words(rows.flat().join(' ').replace('1234', '1,234'))),
    );
  });

  it('a line is broken between words, and only a longer word than the room sticks out', () => {
    expect(folded('  a line of words', 10, 4)).toEqual(['  a line', '    of', '    words']);
    expect(folded('short', 10, 4)).toEqual(['short']);
    expect(folded('x averyverylongword y', 10, 2)).toEqual(['x', '  averyverylongword', '  y']);
  });
});
