/**
 * One folder, one writer: the folder of a run or a sweep holds a file `lock` that names the process which may
 * write there. A process that was killed leaves its lock behind; the next one sees that it is gone.
 */
import { existsSync, linkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { createFolder, removeTemporaries, temporaryFor } from '../atomic.js';
import { DataError } from '../errors.js';
import { readRegularText } from '../regular.js';

const LOCK = 'lock';

const holderSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  /** When the process locked the folder. */
  since: z.string(),
  /** Tells the process from a later one of the same number; null where the system does not say. */
  process: z.string().nullable(),
  /** The folder's number on its disk, by which a copy of the folder is told from it. */
  folder: z.string(),
});
/** The contents of a lock: the process that holds it. */
type Holder = z.output<typeof holderSchema>;

/** A folder that this process alone writes to, until it gives it back. */
export interface FolderLock {
  release(): void;
}

/**
 * Makes a new folder, locks it, and lets `fill` write its first files. What was made is removed where that
 * fails.
 * @throws DataError where the folder exists already or cannot be written
 */
export function lockNewFolder(folder: string, fill: () => void): FolderLock {
  try {
    createFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'exists already' : `cannot be made (${message})`;
    throw new DataError(`${folder}: ${why}; take another --out`);
  }
  try {
    const lock = lockFolder(folder);
    fill();
    return lock;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Locks a folder, and removes the temporary files that an earlier process has left in it.
 * @throws DataError where another process holds it, or the folder of which it is a part
 */
export function lockFolder(folder: string): FolderLock {
  for (const above of [dirname(folder), dirname(dirname(folder))]) refuseHeldByOthers(above);
  const file = join(folder, LOCK);
  const own: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    process: processIdentity(process.pid),
    folder: folderIdentity(folder),
  };
  const contents = `${JSON.stringify(own)}\n`;
  if (!place(file, contents)) {
    refuseHeld(folder);
    discardStale(file);
    if (!place(file, contents)) refuseHeld(folder);
  }
  removeTemporaries(folder);
  return {
    release: () => {
      if (readIfThere(file) === contents) rmSync(file, { force: true });
    },
  };
}

/** Passes on events, and gives the folder back after the last one. */
export async function* whileLocked<T>(lock: FolderLock | null, events: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* events;
  } finally {
    lock?.release();
  }
}

/** Writes the file with all of its contents, or returns false where there is one already. */
function place(file: string, contents: string): boolean {
  const temporary = temporaryFor(file);
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, contents, { flag: 'wx' });
    try {
      linkSync(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      // A file system without second names: what is lost is that the file appears with all its contents.
      writeFileSync(file, contents, { flag: 'wx' });
    }
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new DataError(`${file}: cannot be written (${message})`);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Throws DataError where another process holds a folder: a sweep itself may write to the runs in it. */
function refuseHeldByOthers(folder: string): void {
  const holder = holderOf(readIfThere(join(folder, LOCK)) ?? '');
  if (holder?.host !== hostname() || holder.pid !== process.pid) refuseHeld(folder);
}

/** Throws DataError where a folder's lock is held by a process that runs, or may run on another machine. */
function refuseHeld(folder: string): void {
  const file = join(folder, LOCK);
  const text = readIfThere(file);
  if (text === null) return;
  const holder = holderOf(text);
  if (holder === null || holder.folder !== folderIdentity(folder) || isGone(holder)) return;
  const { pid, host, since } = holder;
  const remedy =
    host === hostname()
      ? 'wait for it, or stop it'
      : `wait for it; if that process has ended, remove ${file}`;
  throw new DataError(
    `${folder}: process ${pid}${host === hostname() ? '' : ` on ${host}`} has been writing here since ${since}; ${remedy}`,
  );
}

/** Removes a lock whose process is gone; puts it back if another process has just made a new one. */
function discardStale(file: string): void {
  const aside = `${temporaryFor(file)}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return; // another process was faster
  }
  const holder = holderOf(readIfThere(aside) ?? '');
  const current = holder !== null && holder.folder === folderIdentity(dirname(file)) && !isGone(holder);
  if (current && !existsSync(file)) renameSync(aside, file);
  rmSync(aside, { force: true });
}

function readIfThere(file: string): string | null {
  try {
    return readRegularText(file);
  } catch {
    return null;
  }
}

/** Returns the holder that a lock's text names; null where it is damaged, as after a loss of power. */
function holderOf(text: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function folderIdentity(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return `${dev}:${ino}`;
}

/** Whether a process of this machine has ended. */
function isGone({ pid, host, process: identity }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  // Another process may have the number by now.
  return identity !== null && processIdentity(pid) !== identity;
}

/** Returns what tells a process from others of the same number: when it began. Null where Linux is not. */
function processIdentity(pid: number): string | null {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id');
  const status = readIfThere(`/proc/${pid}/stat`);
  if (boot === null || status === null) return null;
  // The fields follow the name in parentheses, which may hold anything; the 20th is the time of the start.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  // A process that was killed keeps its number until its parent asks how it ended, which some never do.
  const ended = fields[0] === 'Z' || fields[0] === 'X' ? ' ended' : '';
  return `${boot.trim()} ${fields[19]}${ended}`;
}
