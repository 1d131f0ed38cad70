/**
 * Files that gradpool writes are checked like any other input when it reads them: one schema says what a file
 * may hold, is what the reader goes by, and is what `gradpool schema` prints.
 */
import { z } from 'zod';
import { DataError } from './errors.js';
import { describeIssue } from './issues.js';
import { VERSION } from './version.js';

/** The format of a file: its schema, and the version that is written. */
export interface StoredFormat<Schema extends z.ZodType = z.ZodType> {
  /** The newest version that is read. */
  readonly version: number;
  readonly schema: Schema;
  /** What a user can do about a file that is damaged. */
  readonly remedy: string;
}

/** The key of every file that says which version of its format it has. */
export const versionKey = (version: number) =>
  z
    .int()
    .min(1)
    .max(version)
    .exactOptional()
    .describe('version of this format; files of gradpool before 0.2 have none and are read too');

/** Returns a number that may not be finite in a file: JSON writes NaN as null. */
export const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

/** A field of an interface for each key of the schema: a key that only one of the two has is an error. */
export type ShapeOf<T> = { readonly [Key in keyof T]-?: z.ZodType<Exclude<T[Key], undefined>> };

/**
 * Returns what a file holds.
 * @param file what an error calls the file
 * @throws DataError, which names the file, the key, its value and the remedy
 */
export function parseStored<Schema extends z.ZodType>(
  format: StoredFormat<Schema>,
  text: string,
  file: string,
): z.output<Schema> {
  return checkStored(format, parseJson(text, file, format.remedy), file);
}

/** Checks what a file holds, as `parseStored` does, where it has been parsed already. */
export function checkStored<Schema extends z.ZodType>(
  { version, schema, remedy }: StoredFormat<Schema>,
  value: unknown,
  place: string,
): z.output<Schema> {
  refuseNewer(version, value, place);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DataError(`${place}: ${describeIssue(parsed.error.issues[0], value, [])}; ${remedy}`);
}

/** Throws DataError where a file says that it has a later version than `version`. */
export function refuseNewer(version: number, value: unknown, place: string): void {
  const given =
    typeof value === 'object' && value !== null && (value as Record<string, unknown>).formatVersion;
  if (!Number.isInteger(given) || (given as number) <= version) return;
  const read = version === 1 ? 'version 1' : `versions 1 to ${version}`;
  throw new DataError(
    `${place}: formatVersion is ${given}, and gradpool ${VERSION} reads ${read} and files without one; update gradpool`,
  );
}

function parseJson(text: string, file: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = (error as Error).message.replace(/\s+/g, ' '); // it quotes the text, line breaks and all
    throw new DataError(`${file}: is not JSON (${why}); ${remedy}`);
  }
}
