/**
 * Keeps a training going: a parent that starts the trainer again, from its last checkpoint, whatever it died
 * of. It does nothing else, so that little can end it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../src/errors.js';
import { readRegular } from '../src/regular.js';
import { RUN_FILES } from '../src/run/folder.js';
import { ranksOfThisProcess } from './ranks.js';
import { ENDING_SIGNALS, exitCodeOf } from './render/exit.js';
import { SUPERVISED } from './supervised.js';

/** Deaths without a new checkpoint in between after which the training is given up. */
const MOST_DEATHS = 5;
/** Milliseconds before the first start after a death; each further death in a row doubles them. */
const FIRST_PAUSE = 1000;

/** How a process ended. */
interface Ended {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a training in a process of its own, and again as often as it dies. Signals are passed on. Returns the
 * exit code of the last process.
 * @param first the words of the command line that begin it
 * @param again those that go on with it
 */
export async function supervise(
  folder: string,
  first: readonly string[],
  again: readonly string[],
): Promise<number> {
  if (ranksOfThisProcess()) {
    throw new UsageError(
      '--supervise: the launcher of several ranks ends all of them when one dies; leave it out, and resume the run',
    );
  }
  let child: ChildProcess | null = null;
  let stopped: NodeJS.Signals | null = null;
  const pass = (signal: NodeJS.Signals) => {
    stopped = signal;
    if (child === null) process.exit(exitCodeOf(signal));
    child.kill(signal);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, pass);
  for (let deaths = 0, before = ''; ; ) {
    child = start(existsSync(join(folder, RUN_FILES.record)) ? again : first);
    const ended = await ending(child);
    child = null;
    const died = ended.signal !== null || ended.code === 1 || ended.code > 128;
    if (!died || stopped !== null) return ended.code;
    const now = progress(folder);
    deaths = now === before ? deaths + 1 : 1;
    before = now;
    const how = ended.signal === null ? `exit code ${ended.code}` : ended.signal;
    if (deaths === MOST_DEATHS) {
      say(`${folder}: the training died (${how}), ${deaths} times without a new checkpoint: given up`);
      return ended.code;
    }
    const pause = FIRST_PAUSE * 2 ** (deaths - 1);
    say(
      `${folder}: the training died (${how}); starting it again from its last checkpoint in ${pause / 1000} s`,
    );
    await sleep(pause);
  }
}

/**
 * Starts a trainer in a process group of its own: a terminal sends Ctrl-C to the whole group, and the parent
 * passes it on, but a second one would end the trainer at once.
 */
function start(words: readonly string[]): ChildProcess {
  const env = { ...process.env, [SUPERVISED]: '1' };
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
  return spawn(process.execPath, [...process.execArgv, process.argv[1], ...words], {
    stdio: [...stdio],
    env,
    detached: true,
  });
}

function ending(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve({ code: code ?? 128 + constants.signals[signal!], signal });
    });
  });
}

/** Returns a digest of how far the checkpoints of a run are, its members and folds included. */
function progress(folder: string): string {
  const hash = createHash('sha256');
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).sort() : [];
  for (const name of names) if (name.endsWith(RUN_FILES.last)) hash.update(readRegular(join(folder, name)));
  return hash.digest('hex');
}

function say(line: string): void {
  process.stderr.write(`gradpool: ${line}\n`);
}
