/**
 * Defines the schema of a model: everything that was fitted to the training rows and that turns a raw source
 * into the network's input. It is saved in the model as JSON. Model files may come from anywhere, so a schema
 * that is read back is validated strictly.
 */
import { z } from 'zod';
import { DataError } from '../errors.js';
import { type ColumnSchema, cardinality, columnSchema, isCoded, numberFeatures } from './columnschema.js';
import type { Encoding } from './dataset.js';
import { MISSING_WORDS, PLAIN_FORMAT, type Reading, readingSchema } from './reading.js';

/**
 * The problem type says what is predicted: one class of several, or numbers. The flag `--task` and the events
 * call it the task.
 */
export type ProblemType = 'classification' | 'regression';

/** Element types in which a dataset may be stored. */
const ELEMENT_TYPES = ['u8', 'i8', 'u16', 'i16', 'i32', 'f32', 'f64'] as const;
/** An element type is the type of number in which a dataset is stored. */
export type ElementType = (typeof ELEMENT_TYPES)[number];

const names = z.array(z.string()).min(1).max(1_000_000);
const numbers = z.array(z.number()).min(1).max(100_000_000);
const positives = z.array(z.number().positive()).min(1).max(100_000_000);

const targetSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('classes'),
    name: z.string(),
    type: z.enum(['number', 'text', 'boolean']),
    classes: names.min(2),
    reading: readingSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('values'),
    names,
    type: z.enum(['number', 'date']),
    shift: numbers,
    scale: positives,
    /** The range within which predictions of each value are kept. */
    range: z
      .array(z.tuple([z.number(), z.number()]))
      .min(1)
      .optional(),
    reading: readingSchema.optional(),
  }),
]);
/** A target schema says what is predicted: one of several classes, or values. */
export type TargetSchema = z.infer<typeof targetSchema>;

const arraysSchema = z.strictObject({
  kind: z.literal('arrays'),
  type: z.enum(ELEMENT_TYPES),
  /** Shape of one instance: [28, 28]. */
  shape: z.array(z.number().int().positive()).min(1).max(8),
  shift: numbers,
  scale: positives,
  /** Whether x/√(1 + (x/3)²) follows the scaling. */
  clip: z.literal(true).optional(),
  target: targetSchema,
});
/** An arrays schema says how arrays become the input. */
export type ArraysSchema = z.infer<typeof arraysSchema>;

const tableSchema = z.strictObject({
  kind: z.literal('table'),
  /** Stored type of numbers; it is kept so that a row has the same bits in training and in prediction. */
  numberType: z.enum(['f32', 'f64']),
  /** Whether the first line of a CSV file names the columns; true if left out. */
  header: z.boolean().optional(),
  columns: z.array(columnSchema).min(1).max(1_000_000),
  target: targetSchema,
});
/** A table schema says how the columns of a table become the input. */
export type TableSchema = z.infer<typeof tableSchema>;

const schemaSchema = z
  .discriminatedUnion('kind', [arraysSchema, tableSchema])
  .refine((schema) => schema.kind === 'table' || schema.shift.length === schema.scale.length, {
    error: 'shift and scale differ in length',
  })
  .refine(
    (schema) => schema.kind === 'table' || [1, elementCount(schema.shape)].includes(schema.shift.length),
    {
      error: 'shift does not match the shape',
    },
  )
  .refine((schema) => schema.kind === 'arrays' || schema.columns.every(isConsistent), {
    error: 'a column of signed categories needs exactly two, and neither a vector nor a missing category',
  })
  .refine(
    ({ target }) =>
      target.kind === 'classes' ||
      [target.scale, target.range ?? target.shift].every(({ length }) => length === target.shift.length),
    { error: 'target: shift, scale and range differ in length' },
  );
function isConsistent(column: ColumnSchema): boolean {
  if (column.kind !== 'category' || !column.signed) return true;
  return cardinality(column) === 2 && !column.missing && column.embedding === undefined;
}

/** A schema says how a source of arrays or a table becomes the input and the targets. */
export type Schema = z.infer<typeof schemaSchema>;

/** Validates a schema that was read from a file. Throws DataError that names `file`. */
export function parseSchema(value: unknown, file: string): Schema {
  const result = schemaSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DataError(
    `${file}: its preprocessing is not valid at ${issue.path.join('.') || 'the top'} (${issue.message}); the file is damaged or of another version`,
  );
}

/** The parts of a column's or target's schema that say how its text is read. */
interface ReadingParts extends Pick<ColumnSchema, 'reading'> {
  readonly type: 'number' | 'date' | 'text' | 'boolean';
  readonly categories?: readonly string[];
}

/**
 * Returns how the text of a column or target is read. For models saved without readings it returns what they
 * assumed: plain numbers, ISO dates, true and false.
 */
export function readingOf({ type, reading, ...column }: ReadingParts): Reading {
  if (reading !== undefined) return reading;
  const categories = 'categories' in column ? column.categories : [];
  const missing = MISSING_WORDS.filter((word) => !categories?.includes(word));
  if (type === 'number') return { as: 'number', ...PLAIN_FORMAT, missing };
  if (type === 'date') return { as: 'date', format: 'yyyy-mm-dd', missing };
  return type === 'boolean'
    ? { as: 'boolean', spellings: ['false', 'true'], missing }
    : { as: 'words', missing };
}

/** Extracts from a schema the numbers that workers need to encode a row. */
export function encodingOf(schema: Schema): Encoding {
  const { target } = schema;
  const targetPart =
    target.kind === 'values'
      ? {
          targetShift: target.shift,
          targetScale: target.scale,
          ...(target.range === undefined ? {} : { targetRange: target.range }),
        }
      : { targetShift: [], targetScale: [] };
  if (schema.kind === 'arrays') {
    const { shift, scale, clip = false } = schema;
    const clipped = clip ? { clip: [true] } : {};
    return { shift, scale, ...clipped, cardinalities: [], embeddings: [], ...targetPart };
  }
  const features = numberFeatures(schema.columns);
  const coded = schema.columns.filter(isCoded);
  const clip = features.map((feature) => feature.clip);
  return {
    shift: features.map(({ shift }) => shift),
    scale: features.map(({ scale }) => scale),
    ...(clip.includes(true) ? { clip } : {}),
    cardinalities: coded.map(cardinality),
    embeddings: coded.map(({ embedding = 0 }) => embedding),
    ...targetPart,
  };
}

/** Returns how many numbers each row of a dataset with this schema holds. */
export function numberWidthOf(schema: Schema): number {
  return schema.kind === 'arrays' ? elementCount(schema.shape) : numberFeatures(schema.columns).length;
}

/**
 * Returns how many of the network's inputs measure something. They come first; marks of −1, 0 and 1, one-hot
 * blocks and codes follow.
 */
export function continuousWidth(schema: Schema): number {
  if (schema.kind === 'arrays') return elementCount(schema.shape);
  return numberFeatures(schema.columns).filter(({ continuous }) => continuous).length;
}

/** A raw feature is a column of the source, with the places in a dataset that hold what it says. */
export interface RawFeature {
  readonly name: string;
  /** Indices among the numbers of a row. */
  readonly numbers: readonly number[];
  /** Indices among the codes of a row. */
  readonly codes: readonly number[];
}

/**
 * Returns for each column of a table which numbers and codes of a dataset come from it. Every number of an
 * array is a feature of its own, named by its place.
 */
export function featuresOf(schema: Schema): RawFeature[] {
  if (schema.kind === 'arrays') {
    const width = elementCount(schema.shape);
    return Array.from({ length: width }, (_, j) => ({ name: String(j), numbers: [j], codes: [] }));
  }
  const found = schema.columns.map(({ name }) => ({ name, numbers: [] as number[], codes: [] as number[] }));
  for (const [j, { column }] of numberFeatures(schema.columns).entries()) found[column].numbers.push(j);
  let coded = 0;
  for (const [index, column] of schema.columns.entries())
    if (isCoded(column)) found[index].codes.push(coded++);
  return found;
}

/** Returns the number of classes, or of values to predict. */
export function outputsOf({ target }: Schema): number {
  return target.kind === 'classes' ? target.classes.length : target.names.length;
}

/** Returns how many elements an array of this shape has. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}
