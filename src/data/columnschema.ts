/**
 * Defines how each column of a table becomes numbers and category codes, and lists the numbers that it
 * contributes to a row of the dataset. The network's input begins with them: first what is measured, which a
 * layer may embed, then the numbers that only mark something (−1 and 1, 0 and 1).
 */
import { z } from 'zod';
import { CIRCLES, type DatePart, GROWING } from './dateparts.js';
import { readingSchema } from './reading.js';
import type { Scale } from './statistics.js';
import { transformSchema } from './transforms.js';

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
    /** Bends the value before it is scaled. */
    transform: transformSchema.optional(),
    /** Whether x/√(1 + (x/3)²) follows the scaling. */
    clip: z.literal(true).optional(),
    /** Whether a second number says where the value was missing. */
    indicator: z.literal(true).optional(),
    /** Reading of its text. Models of release 0.1.0 have none; `readingOf` says what is assumed for them. */
    reading: readingSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('dateParts'),
    name: z.string(),
    type: z.literal('date'),
    /** The parts that grow with time, each with a scale of its own. */
    numbers: z
      .array(z.strictObject({ part: z.enum(GROWING), shift: z.number(), scale: z.number().positive() }))
      .min(1)
      .max(GROWING.length),
    /** The parts that come round, each a point on a circle. */
    circles: z.array(z.enum(CIRCLES)).max(CIRCLES.length),
    /** Day that replaces a missing date; on the circles, a missing date is the centre. */
    fill: z.number(),
    clip: z.literal(true).optional(),
    indicator: z.literal(true).optional(),
    reading: readingSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('category'),
    name: z.string(),
    type: z.enum(['text', 'boolean']),
    categories: names,
    /** Categories in few training rows. They and unknown ones share a code after all others. */
    rare: names.optional(),
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
  readonly part: 'value' | 'missing' | 'sign' | DatePart;
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
  const { clip = false, indicator = false } = schema;
  const missing = indicator ? ([{ column, part: 'missing', ...MARK }] as const) : [];
  if (schema.kind === 'number') {
    const { shift, scale } = schema;
    return [{ column, part: 'value', continuous: true, shift, scale, clip }, ...missing];
  }
  const growing = schema.numbers.map((number) => ({ column, ...number, continuous: true, clip }));
  const points = schema.circles.flatMap((circle) => [`${circle}Sin`, `${circle}Cos`] as const);
  return [...growing, ...points.map((part) => ({ column, part, ...MARK })), ...missing];
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

/** Returns how many codes a column has: categories, one for missing values, and one for rare categories. */
export function cardinality({ categories, missing, rare }: CategoryColumn): number {
  return categories.length + (missing ? 1 : 0) + (rare === undefined ? 0 : 1);
}

/** Returns the code of a category that is rare or unknown, which is none of the column's if none are rare. */
export function rareCode(column: CategoryColumn): number {
  return column.rare === undefined ? column.categories.length : cardinality(column) - 1;
}

/**
 * Returns the scale by which a value of a column may be too far from the training rows to be computed with;
 * null for categories. A transform brings every number near.
 */
export function reachOf(column: ColumnSchema): (Scale & { readonly clip?: boolean | undefined }) | null {
  if (column.kind === 'category') return null;
  if (column.kind === 'dateParts') return { ...column.numbers[0], clip: column.clip };
  return column.transform === undefined ? column : { shift: 0, scale: 1, clip: true };
}
