/** The format of entry.json, which says what an entry of the cache of streamed data holds. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { readRegularText } from '../../regular.js';

/** Counted up whenever the same data would be stored in another way. */
export const ENTRY_VERSION = 1;
const ENTRY_FILE = 'entry.json';

const count = z.int().min(0);
const headSchema = z.strictObject({
  formatVersion: z.int(),
  /** The version that wrote it; another one may read the same table by other rules. */
  gradpool: z.string(),
  /** What the user called the source. */
  source: z.string(),
  name: z.string(),
  rows: count,
  shardRows: z.int().min(1),
  shards: z.array(z.string().regex(/^rows-\d+\.bin$/)),
  numberType: z.string(),
  numberWidth: count,
  codeWidth: count,
  targetType: z.string(),
  targetWidth: count,
  weighted: z.boolean(),
  /** The schema of the model. */
  schema: z.unknown(),
  notes: z.array(z.string()),
  fingerprint: z.string(),
  /** Every other file with its size and SHA-256. */
  files: z.array(z.strictObject({ file: z.string().regex(/^[\w.-]+$/), bytes: count, sha256: z.string() })),
});
export type EntryHead = z.output<typeof headSchema>;

const entrySchema = z.strictObject({ sha256: z.string(), entry: z.unknown() });

export const entryFile = (folder: string): string => join(folder, ENTRY_FILE);

const digest = (entry: unknown): string => createHash('sha256').update(JSON.stringify(entry)).digest('hex');

/** Returns the text of entry.json, with a checksum of its own. */
export function entryText(entry: EntryHead): string {
  return `${JSON.stringify({ sha256: digest(entry), entry })}\n`;
}

/** Reads entry.json; returns null where it is missing, damaged or of another format. */
export function readEntryHead(folder: string): EntryHead | null {
  try {
    const { sha256, entry } = entrySchema.parse(JSON.parse(readRegularText(entryFile(folder))));
    return sha256 === digest(entry) ? headSchema.parse(entry) : null;
  } catch {
    return null;
  }
}
