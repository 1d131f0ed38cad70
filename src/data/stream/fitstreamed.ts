/**
 * Fits a source whose rows are streamed from disk: it is read once into an entry of the cache, and found
 * there by every later run that reads it in the same way.
 */
import { join } from 'node:path';
import { fitArrays } from '../arrays/arrays.js';
import type { FitOptions, FittedDataset } from '../fit.js';
import type { Source } from '../source.js';
import { cacheRoot } from './cachefolder.js';
import { openEntry } from './entry.js';
import { EntryWriter } from './entrywriter.js';
import { entryName, type StreamOptions, whyStreamed } from './source.js';

/** Returns a source fitted as options say, its rows on disk; null where they are held in memory. */
export async function fitStreamed(
  source: Source,
  options: FitOptions,
  stream: StreamOptions,
): Promise<FittedDataset | null> {
  if (stream.stream !== true && stream.memoryLimit === undefined) return null;
  const files = await filesOf(source);
  const why = whyStreamed(source, files, stream);
  if (why === null) return null;
  const root = cacheRoot(stream.cache);
  const folder = join(root, entryName(source, files, options));
  const found = await openEntry(folder);
  if (found !== null && 'fitted' in found) {
    const notes = [`stream: ${why}; the rows are read from ${folder}`, ...found.fitted.notes];
    return { ...found.fitted, notes };
  }
  const rebuilt =
    found === null ? [] : [`stream: ${folder} cannot be used, since ${found.why}; it was made anew`];
  await write(source, options, { folder, root, stream });
  const opened = await openEntry(folder, false);
  if (opened === null || !('fitted' in opened)) throw new Error(`${folder}: ${opened?.why ?? 'it is gone'}`);
  const notes = [`stream: ${why}; the rows were written to ${folder}`, ...rebuilt, ...opened.fitted.notes];
  return { ...opened.fitted, notes };
}

interface Place {
  readonly folder: string;
  readonly root: string;
  readonly stream: StreamOptions;
}

/** Reads a source and writes its entry, completely or not at all. */
async function write(source: Source, options: FitOptions, { folder, root, stream }: Place): Promise<void> {
  const writer = new EntryWriter(folder, root, sourceText(source, await filesOf(source)));
  try {
    const fitted =
      source.kind === 'arrays'
        ? fitArrays(source, options, writer)
        : await (await import('../tables/fit.js')).fitTable(source, options, { writer, ...stream });
    await writer.finish(fitted);
  } catch (error) {
    writer.discard();
    throw error;
  }
}

const sourceText = (source: Source, files: readonly string[]): string =>
  source.kind === 'table' ? source.text : (files[0] ?? source.name);

/** Returns the files of a source; none where it is in memory. */
async function filesOf(source: Source): Promise<string[]> {
  if (source.kind === 'table') return (await import('../tables/opentable.js')).tableFiles(source);
  const { inputsFile, labelsFile } = source.train;
  return inputsFile === undefined ? [] : [inputsFile, labelsFile.replace(/\[.*\]$/, '')];
}
