import { expect, it } from 'vitest';
import { r2Text, significant } from '../../dist/bin/render/text.js';

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
