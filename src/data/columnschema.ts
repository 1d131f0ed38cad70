/**
 * Defines how each column of a table becomes numbers and category codes, and lists the numbers that it
 * contributes to a row of the dataset. The network's input begins with them: first what is measured, which a
 * layer may embed, then the numbers that only mark something (−1 and 1, 0 and 1).
 */
import { z } from 'zod';
import { readingSchema } from './reading.js';

const names = z.array(z.string()).min(1).max(1_000_000);

/** Validates the schema of a column that was saved in a model. */
export const columnSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('number'),
    name: z.string(),
    /** What the column holds in its source; a date becomes its number of days since 1970-01-01. */
    type: z.enum(['number', 'date']),
    shift: z.number(),
    scale: z.number().positive(),
    /** Replaces a missing value: the median of the training rows. */
    fill: z.number(),
    /** Whether x/√(1 + (x/3)²) follows the scaling. */
    clip: z.literal(true).optional(),
    /** Whether a second number says where the value was missing. */
    indicator: z.literal(true).optional(),
    /** Reading of its text. Models of release 0.1.0 have none; `readingOf` says what is assumed for them. */
    reading: readingSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('category'),
    name: z.string(),
    type: z.enum(['text', 'boolean']),
    categories: names,
    /** Whether training rows had missing values; these are then a category of their own, after the others. */
    missing: z.boolean(),
    /** Length of the learned vector of each category; without it the column is one-hot encoded. */
    embedding: z.number().int().min(1).max(4096).optional(),
    /** Whether two categories are one number of −1 and 1; a missing or unknown value is then 0. */
    signed: z.literal(true).optional(),
    reading: readingSchema.optional(),
  }),
]);
/** A column schema says how a column becomes numbers or category codes of the input. */
export type ColumnSchema = z.infer<typeof columnSchema>;

/** One number that a column contributes to each row. */
export interface NumberFeature {
  /** Index of its column in the schema. */
  readonly column: number;
  /** `value`: the column's number. `missing`: 1 where it has none. `sign`: −1 or 1 for the two categories. */
  readonly part: 'value' | 'missing' | 'sign';
  /** Whether it measures something, rather than marks something. */
  readonly continuous: boolean;
  readonly shift: number;
  readonly scale: number;
  /** Whether x/√(1 + (x/3)²) follows the scaling. */
  readonly clip: boolean;
}

/** A mark is stored as the network takes it. */
const MARK = { continuous: false, shift: 0, scale: 1, clip: false } as const;

function featuresOfColumn(schema: ColumnSchema, column: number): NumberFeature[] {
  if (schema.kind === 'category') return schema.signed ? [{ column, part: 'sign', ...MARK }] : [];
  const { shift, scale, clip = false, indicator = false } = schema;
  const missing = indicator ? ([{ column, part: 'missing', ...MARK }] as const) : [];
  return [{ column, part: 'value', continuous: true, shift, scale, clip }, ...missing];
}

/** Returns the numbers of a row in the order in which a dataset stores them. */
export function numberFeatures(columns: readonly ColumnSchema[]): NumberFeature[] {
  const features = columns.flatMap(featuresOfColumn);
  return [
    ...features.filter(({ continuous }) => continuous),
    ...features.filter(({ continuous }) => !continuous),
  ];
}

/** The schema of a column of categories. */
export type CategoryColumn = ColumnSchema & { kind: 'category' };

/** Whether a column is stored as category codes. */
export const isCoded = (column: ColumnSchema): column is CategoryColumn =>
  column.kind === 'category' && !column.signed;

/** Returns the number of categories of a column, counting the one for missing values. */
export function cardinality(column: CategoryColumn): number {
  return column.categories.length + (column.missing ? 1 : 0);
}
