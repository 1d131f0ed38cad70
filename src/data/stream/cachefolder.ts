/** Where the cache of streamed data lies, what is in it, and how it is cleared. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { DataError } from '../../errors.js';
import { readEntryHead } from './entryformat.js';

/** Returns the folder of the cache: the one that is given, or the user's folder for such files. */
export function cacheRoot(given?: string): string {
  if (given !== undefined) return resolve(given);
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gradpool');
}

/** Matches the name of an entry, and of one that is or was being written by a process. */
const ENTRY_NAME = /^[\w-]+-[0-9a-f]{16}(?:\.(\d+)\.tmp)?$/;

/** An entry of the cache: the rows of one source as one configuration reads them. */
export interface CacheEntry {
  readonly folder: string;
  /** What the user called the source; null where the entry is not complete, or not readable. */
  readonly source: string | null;
  readonly rows: number | null;
  readonly bytes: number;
  /** When it was last used, in milliseconds since 1970. */
  readonly used: number;
}

/** Returns the entries of a cache, those that were used last first; none where there is no such folder. */
export function listCache(root: string): CacheEntry[] {
  return entryNames(root)
    .map((name): CacheEntry => {
      const folder = join(root, name);
      const files = filesBelow(folder);
      const head = readEntryHead(folder);
      return {
        folder,
        source: head?.source ?? null,
        rows: head?.rows ?? null,
        bytes: files.reduce((sum, { size }) => sum + size, 0),
        used: Math.max(0, ...files.map(({ atimeMs, mtimeMs }) => Math.max(atimeMs, mtimeMs))),
      };
    })
    .sort((a, b) => b.used - a.used);
}

/** Removes all entries of a cache, and nothing else that lies there. @throws DataError where one stays */
export function clearCache(root: string): CacheEntry[] {
  const entries = listCache(root);
  for (const { folder } of entries) removeEntry(folder);
  return entries;
}

/** Removes the folders that processes which no longer run have left half written. */
export function removeUnfinished(root: string): void {
  for (const name of entryNames(root)) {
    const pid = Number(ENTRY_NAME.exec(name)?.[1] ?? 0);
    if (pid > 0 && pid !== process.pid && !isRunning(pid)) removeEntry(join(root, name));
  }
}

/** Removes an entry, complete or not. @throws DataError where the system refuses */
export function removeEntry(folder: string): void {
  try {
    // A thread may still write a file of an entry that does not come about.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    throw new DataError(
      `${folder}: the cached data cannot be removed (${(error as Error).message}); check the permissions of the folder`,
    );
  }
}

function entryNames(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && ENTRY_NAME.test(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new DataError(
      `${root}: the cache cannot be read (${(error as Error).message}); give another folder with --cache`,
    );
  }
}

function filesBelow(folder: string) {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const found = entry.isFile()
      ? statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })
      : undefined;
    return found === undefined ? [] : [found];
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
