import { basename } from 'node:path';
import type { CacheEntry } from '../../src/data/stream/cachefolder.js';
import { bytes, countOf, table } from './text.js';

/** Writes what is in the cache of streamed data, or was before it was cleared. */
export function cacheText(root: string, entries: readonly CacheEntry[], cleared: boolean): string {
  if (entries.length === 0) return `${root}: the cache is empty`;
  const size = bytes(entries.reduce((sum, entry) => sum + entry.bytes, 0));
  const total = `${countOf(entries.length, 'entry', 'entries')}, ${size}`;
  if (cleared) return `${root}: ${total} removed`;
  const rows = entries.map(({ folder, source, rows, bytes: own, used }) => [
    basename(folder),
    source ?? 'not complete',
    rows ?? '',
    bytes(own),
    new Date(used).toISOString().slice(0, 16).replace('T', ' '),
  ]);
  return `${root}\n\n${table(['entry', 'source', 'rows', 'size', 'used (UTC)'], rows)}\n\n${total}`;
}
