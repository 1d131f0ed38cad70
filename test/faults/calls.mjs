/**
 * Lets calls to the system fail, one at a time, and looks at what a command that is killed before one would
 * leave. A command in which a call fails is run in a process that has run others; every tenth, and each that
 * is not right there, gets a process of its own, and that is what counts. The folder before each call is
 * copied by one run; every tenth time, a process is killed instead.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradpool, JOBS, outcome, prepared, undisturbed, warmProcess } from './jobs.mjs';
import { Control } from './shim.mjs';

const ALL = 'owsruml';

/** What goes wrong at a call: to which calls it applies, and whether it stays so. */
const FAULTS = {
  'killed before a call': { kind: 'kill', letters: ALL },
  ENOSPC: { kind: 'ENOSPC', letters: 'owsml', stays: true },
  EIO: { kind: 'EIO', letters: ALL },
  EACCES: { kind: 'EACCES', letters: 'orum' },
  EMFILE: { kind: 'EMFILE', letters: 'o' },
  EROFS: { kind: 'EROFS', letters: 'orum', stays: true },
  'short write': { kind: 'short', letters: 'w' },
};
/** Of so many tries, one is made by a process of its own. */
const SAMPLE = 10;
/** Commands that a process runs before another takes its place. */
const COMMANDS = 100;

export const calls = {
  rows: ({ shim }) =>
    shim === null
      ? []
      : Object.keys(JOBS).flatMap((job) =>
          Object.keys(FAULTS).map((fault) => ({
            what: `${job}, ${fault}`,
            job,
            fault,
            shim,
            only: { jobs: job, faults: fault },
          })),
        ),
  possible: ({ job, fault, shim }, folder) => numberOfCalls(job, FAULTS[fault], folder, shim),
  async attempt({ job, fault, shim }, { folder, index, place, trying }) {
    const at = place + 1;
    const expected = await undisturbed(job, folder);
    const own = join(folder, `${job}-${FAULTS[fault].kind}-${at}`);
    const where = `call ${at}`;
    trying(where);
    if (index % SAMPLE > 0) {
      const ended =
        fault === 'killed before a call'
          ? await copied(job, own, at, { folder, shim })
          : await disturbed(job, own, FAULTS[fault], at, { folder, shim, run: inWarmProcess });
      if (warm) asIfEnded(warm.child.pid, own);
      const result = await outcome(job, own, { expected, where, how: ended.how, wrong: badEnding(ended) });
      if (!result.wrong) return result;
      rmSync(own, { recursive: true, force: true });
    }
    const ended = await disturbed(job, own, FAULTS[fault], at, { folder, shim, run: inOwnProcess });
    return outcome(job, own, { expected, where, how: 'in its own process', wrong: badEnding(ended) });
  },
};

const inOwnProcess = (words, { env }) => gradpool(words, env);

const controls = new Map();

/** The control of those processes of this one that run with the library; `which` of them. */
function controlOf(which, { folder, shim }) {
  if (!controls.has(which)) controls.set(which, new Control(join(folder, which), shim));
  return controls.get(which);
}

/** Runs a job of which the call `at` goes wrong, counted from 1; none where that is 0. */
async function disturbed(job, own, { kind, letters, stays }, at, { folder, shim, run, copies }) {
  const control = controlOf(run.name, { folder, shim });
  const words = await prepared(job, own, folder);
  control.set({ kind, letters, stays, folder: own, at, copies });
  try {
    return await run(words, control);
  } finally {
    control.set({});
  }
}

const numbers = new Map();

/** Counts the calls of a job to which a fault applies. */
async function numberOfCalls(job, { letters }, folder, shim) {
  const key = `${job} ${letters}`;
  if (!numbers.has(key)) {
    const own = join(folder, `${job}-counted`);
    let counted;
    const run = async function counting(words, control) {
      await gradpool(words, control.env);
      counted = control.calls;
    };
    await disturbed(job, own, { kind: 'short', letters }, 0, { folder, shim, run });
    numbers.set(key, counted);
    rmSync(own, { recursive: true });
  }
  return numbers.get(key);
}

const copies = new Map();

/** Puts a job's folder as it was before a call in the place of `own`; once, all of them are copied. */
async function copied(job, own, at, { folder, shim }) {
  if (!copies.has(job)) {
    const all = join(folder, `${job}-copies`);
    const origin = join(folder, `${job}-copied`);
    mkdirSync(all);
    const run = function copying(words, { env }) {
      return gradpool(words, env);
    };
    await disturbed(job, origin, { kind: 'copy', letters: ALL }, 0, { folder, shim, run, copies: all });
    rmSync(origin, { recursive: true });
    copies.set(job, all);
  }
  renameSync(join(copies.get(job), `${at}`), own);
  return { signal: 'SIGKILL', how: 'copied' };
}

let warm = null;

/** Runs a command in a process that has run others. */
async function inWarmProcess(words, { env }) {
  if (warm === null || warm.commands === COMMANDS) {
    warm?.child.disconnect();
    warm = { child: warmProcess(env), commands: 0 };
  }
  warm.commands++;
  const { child } = warm;
  return new Promise((resolve) => {
    const answered = (ended) => {
      child.off('exit', exited);
      resolve({ ...ended, how: 'after others' });
    };
    const exited = (code, signal) => {
      child.off('message', answered);
      warm = null;
      resolve({ code, signal, said: 'the process ended', how: 'after others' });
    };
    child.once('message', answered).once('exit', exited);
    child.send(words);
  });
}

let ended;

/** Lets the locks that a process has left in a folder be those of one that has ended. */
function asIfEnded(pid, folder) {
  ended ??= spawnSync('true').pid;
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/(^|\/)lock$/.test(name)) continue;
    const held = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), held.replace(`"pid":${pid},`, `"pid":${ended},`));
  }
}

/** Says what is wrong with how a command ended: it may be killed, finish, or refuse in one line. */
function badEnding({ code, signal, said }) {
  if (signal === 'SIGKILL' || code === 0) return null;
  if (code === 3 && said.trim().split('\n').length === 1) return null;
  return `ended with ${code ?? signal}: ${said.trim().slice(0, 600)}`;
}
