/**
 * How the text of a column's cells is read. A reading is decided once, on all values of the training data, is
 * stored in the model, and every later source is held to it (docs/data.md lists the rules).
 */
import { z } from 'zod';

/** Words of a column that stand for a missing value; an empty cell always does. */
const missing = z.array(z.string().max(1000)).max(10_000);

/** `-$1,234.50 m²`: the decimal mark, the mark between groups of digits, and what stands before and after. */
const numberFormat = {
  decimal: z.enum(['.', ',']),
  thousands: z.enum(['', ',', '.', ' ', "'"]),
  prefix: z.string().max(20),
  suffix: z.string().max(40),
  /** whether training had cells without the prefix and suffix, which later sources may then have as well */
  bare: z.boolean(),
};

export const readingSchema = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('number'), ...numberFormat, missing }),
  z.strictObject({ as: z.literal('date'), format: z.string().min(2).max(40), missing }),
  /** `spellings`: how the file spells false and true */
  z.strictObject({
    as: z.literal('boolean'),
    spellings: z.tuple([z.string(), z.string()]),
    missing,
  }),
  z.strictObject({ as: z.literal('words'), missing }),
]);

export type Reading = z.infer<typeof readingSchema>;
export type NumberFormat = z.infer<z.ZodObject<typeof numberFormat>>;

export const PLAIN_FORMAT: NumberFormat = {
  decimal: '.',
  thousands: '',
  prefix: '',
  suffix: '',
  bare: false,
};

export function isPlain({ decimal, thousands, prefix, suffix }: NumberFormat): boolean {
  return decimal === '.' && thousands === '' && prefix === '' && suffix === '';
}

/** Words for a missing value in every column of inputs; in a target only where it holds numbers or dates. */
export const MISSING_WORDS = [
  '',
  'NA',
  'N/A',
  'n/a',
  '#N/A',
  'NaN',
  'nan',
  'null',
  'NULL',
  'None',
  '?',
] as const;

/** The reading for a person: `dates, dd/mm/yyyy`. */
export function describeReading(reading: Reading): string {
  switch (reading.as) {
    case 'number':
      return describeNumbers(reading);
    case 'date':
      return `${/^hh/.test(reading.format) ? 'times' : 'dates'}, ${reading.format}`;
    case 'boolean':
      return `boolean, ${reading.spellings[0]} and ${reading.spellings[1]}`;
    case 'words':
      return 'words';
  }
}

const MARKS = { ',': 'comma', '.': 'point', ' ': 'space', "'": 'apostrophe' } as const;

function describeNumbers({ decimal, thousands, prefix, suffix }: NumberFormat): string {
  const marks = [
    ...(decimal === ',' ? ['a decimal comma'] : []),
    ...(thousands === '' ? [] : [`a thousands ${MARKS[thousands]}`]),
  ];
  const unit = [prefix, suffix].filter((part) => part !== '').join(' … ');
  return `numbers${marks.length > 0 ? ` with ${marks.join(' and ')}` : ''}${unit === '' ? '' : ` in ${unit}`}`;
}
