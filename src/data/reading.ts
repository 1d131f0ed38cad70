/**
 * Defines readings. A reading says how the text of a column's cells becomes values: as numbers in some
 * format, dates in some format, a boolean, or words. It is decided once, on all values of the training data,
 * and stored in the model; every later source is read by it. docs/data.md lists the rules.
 */
import { z } from 'zod';

/** Words that stand for a missing value in the column; an empty cell always does. */
const missing = z.array(z.string().max(1000)).max(10_000);

/** The parts of `-$1,234.50 m²`: decimal mark, mark between groups of digits, and unit before and after. */
const numberFormat = {
  decimal: z.enum(['.', ',']),
  thousands: z.enum(['', ',', '.', ' ', "'"]),
  prefix: z.string().max(20),
  suffix: z.string().max(40),
  /** Whether some training cells had no unit; only then may cells of later sources come without one. */
  bare: z.boolean(),
};

/** Validates a reading that was saved in a model. */
export const readingSchema = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('number'), ...numberFormat, missing }),
  z.strictObject({ as: z.literal('date'), format: z.string().min(2).max(40), missing }),
  /** `spellings` says how the file spells false and true. */
  z.strictObject({
    as: z.literal('boolean'),
    spellings: z.tuple([z.string(), z.string()]),
    missing,
  }),
  z.strictObject({ as: z.literal('words'), missing }),
]);

/** A reading says how the text of a column becomes values. */
export type Reading = z.infer<typeof readingSchema>;
/** A number format says how the numbers of a column are written. */
export type NumberFormat = z.infer<z.ZodObject<typeof numberFormat>>;

/** The format of a number in most programming languages: a decimal point, no thousands mark, no unit. */
export const PLAIN_FORMAT: NumberFormat = {
  decimal: '.',
  thousands: '',
  prefix: '',
  suffix: '',
  bare: false,
};

/** Whether numbers of this format need no marks replaced and no unit removed. */
export function isPlain({ decimal, thousands, prefix, suffix }: NumberFormat): boolean {
  return decimal === '.' && thousands === '' && prefix === '' && suffix === '';
}

/** Words that mean "missing" in every input column, and in a target that holds numbers or dates. */
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

/** Describes a reading to a user: `dates, dd/mm/yyyy`. */
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
