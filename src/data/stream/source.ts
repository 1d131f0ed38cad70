/** Says when a source is streamed from disk, and by what its entry of the cache is found again. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import type { FitOptions } from '../fit.js';
import type { Source } from '../source.js';

/** Says whether training rows are streamed from disk, and from where. */
export interface StreamOptions {
  /** Whether they are; if left out, where the data would take more memory than the limit allows. */
  readonly stream?: boolean | undefined;
  /** The most memory that the training may take, in MiB. */
  readonly memoryLimit?: number | undefined;
  /** The folder of the cache. */
  readonly cache?: string | undefined;
  /** Networks to train; several share their rows in memory. */
  readonly bag?: number | undefined;
  readonly strict?: boolean | undefined;
}

const MIB = 2 ** 20;
/**
 * Returns the bytes of memory that the rows of a file take while they are read and encoded, about: numbers as
 * text are as long as in float64, and packed files a quarter of that.
 */
function bytesNeeded(kind: Source['kind'], file: string): number {
  const growth = kind === 'arrays' ? 1 : /\.(gz|zst|parquet)$/i.test(file) ? 8 : 2;
  return growth * (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
}

/**
 * Returns why a source is streamed, as a note says it; null where its rows are held in memory.
 * @param files of the source; none where it is in memory already
 */
export function whyStreamed(
  source: Source,
  files: readonly string[],
  { stream, memoryLimit, bag = 1, strict = false }: StreamOptions,
): string | null {
  if (stream === false || bag > 1) return null;
  if (stream !== true) {
    if (memoryLimit === undefined || files.length === 0) return null;
    const bytes = files.reduce((sum, file) => sum + bytesNeeded(source.kind, file), 0);
    const needed = Math.ceil(bytes / MIB);
    if (needed <= memoryLimit) return null;
    if (strict) throw strictError();
    return `its rows would take about ${needed} MiB of memory, and --memory-limit is ${memoryLimit}`;
  }
  if (source.kind === 'table' && source.form === 'rows')
    throw new UsageError('stream: rows in memory need no cache on disk; leave it out, or give a file');
  if (strict) throw strictError();
  return '--stream says so';
}

const strictError = () =>
  new UsageError(
    'strict: looks at all rows of a table at once, which cannot be done where they are streamed from disk; leave out strict, or stream',
  );

/** Returns the file itself if it is one, with what changes when it is written to. */
function identityOf(file: string): unknown {
  const { size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [realpathSync(file), ...[size, mtimeNs, ctimeNs].map(String)];
}

/**
 * Returns the name of a source's entry: its fingerprint is made of the files, when they were last written to,
 * and of how they are read, parted and encoded.
 */
export function entryName(source: Source, files: readonly string[], options: FitOptions): string {
  const { overrides = {}, valFraction, testFraction, seed, ...rest } = options;
  const { decimal, missing, dateFormat, text, number, category, drop, use, header } = overrides;
  const read = { decimal, missing, dateFormat, text, number, category, drop, use, header };
  const parted = valFraction + testFraction > 0 ? seed : null;
  const query = source.kind === 'table' && source.form === 'query' ? source.text : null;
  const what = [files.filter((file) => existsSync(file)).map(identityOf), query];
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([what, contentOf(source, files), rest, read, valFraction, testFraction, parted]),
  );
  return `${source.name.replaceAll(/[^\w-]/g, '_')}-${hash.digest('hex').slice(0, 16)}`;
}

/** Returns a digest of arrays that are in no file, such as those of a built-in problem. */
function contentOf(source: Source, files: readonly string[]): string | null {
  if (source.kind === 'table' || files.length > 0) return null;
  const hash = createHash('sha256');
  for (const { shape, data } of [
    source.train.inputs(),
    ...(source.train.labels ? [source.train.labels()] : []),
  ]) {
    hash.update(JSON.stringify(shape));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
