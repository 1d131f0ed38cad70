/**
 * An entry of the cache: a source as it was read, fitted and encoded for a training, in a folder of its own.
 * It is written under a temporary name, forced to the disk and renamed, so there is the whole entry or none;
 * every file has a checksum, which is compared whenever the entry is opened.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../version.js';
import type { Dataset, StoredArray } from '../dataset.js';
import { allocate, decode, type FileElementType } from '../elements.js';
import { readBytes } from '../files.js';
import type { FittedDataset } from '../fit.js';
import { type ElementType, parseSchema } from '../schema.js';
import { ENTRY_VERSION, type EntryHead, entryFile, readEntryHead } from './entryformat.js';

/** The arrays of an entry that are in memory while it is used. */
export const ARRAY_FILES = {
  targets: 'targets.bin',
  weights: 'weights.bin',
  train: 'train.bin',
  val: 'val.bin',
  test: 'test.bin',
} as const;

/** An entry that was opened, or why there is none that can be used; null where there is none at all. */
type Opened = { readonly fitted: FittedDataset } | { readonly why: string } | null;

/**
 * Opens an entry.
 * @param compare whether every checksum is compared, unless this process has just written the entry
 */
export async function openEntry(folder: string, compare = true): Promise<Opened> {
  if (!existsSync(folder)) return null;
  const head = readEntryHead(folder);
  if (head === null)
    return { why: existsSync(entryFile(folder)) ? 'entry.json is damaged' : 'it is not complete' };
  if (head.formatVersion !== ENTRY_VERSION || head.gradpool !== VERSION)
    return { why: `it was written by gradpool ${head.gradpool}, and this is ${VERSION}` };
  const damaged = compare ? await firstDamaged(folder, head) : null;
  if (damaged !== null) return { why: `${damaged} is damaged` };
  return { fitted: fittedOf(folder, head) };
}

/** Returns the first file whose bytes are not those that were written; null where there is none. */
async function firstDamaged(folder: string, { files }: EntryHead): Promise<string | null> {
  for (const { file, bytes, sha256 } of files) {
    const path = join(folder, file);
    if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return file;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
    if (hash.digest('hex') !== sha256) return file;
  }
  return null;
}

function fittedOf(folder: string, head: EntryHead): FittedDataset {
  const { rows, shardRows, shards, numberWidth, codeWidth, targetWidth, weighted } = head;
  const array = (name: keyof typeof ARRAY_FILES, type: FileElementType): StoredArray => {
    const path = join(folder, ARRAY_FILES[name]);
    const size = statSync(path).size;
    if (size === 0) return allocate(type as ElementType, 0);
    const bytes = readBytes(path, () => size);
    return decode(type, bytes, 0, bytes.length / allocate(type as ElementType, 0).BYTES_PER_ELEMENT, true);
  };
  const numbersOf = (name: 'train' | 'val' | 'test') => {
    const { buffer, byteOffset, length } = array(name, 'i32');
    return new Uint32Array(buffer, byteOffset, length);
  };
  const dataset: Dataset = {
    rows,
    numbers: allocate(head.numberType as ElementType, 0),
    numberWidth,
    codes: new Uint16Array(new SharedArrayBuffer(0)),
    codeWidth,
    targets: array('targets', head.targetType as ElementType),
    targetWidth,
    ...(weighted ? { weights: array('weights', 'f32') as Dataset['weights'] & object } : {}),
    stored: { shards: shards.map((name) => join(folder, name)), shardRows },
  };
  return {
    name: head.name,
    schema: parseSchema(head.schema, entryFile(folder)),
    dataset,
    split: { train: numbersOf('train'), val: numbersOf('val'), test: numbersOf('test') },
    folds: [],
    notes: [...head.notes],
    fingerprint: head.fingerprint,
  };
}
