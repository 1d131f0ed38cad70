/** Kills commands at random instants and before each call to the system, and lets such calls fail. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gradpool, JOBS, judged, prepared, undisturbed } from './jobs.mjs';

const SOURCE = fileURLToPath(new URL('./shim.c', import.meta.url));
const ALL = 'owsruml';
const { ENOSPC, EIO, EACCES, EMFILE, EROFS } = constants.errno;

/** What goes wrong at a call: to which calls it applies, and whether it stays so. */
const FAULTS = {
  'killed before a call': { kind: 'kill', calls: ALL },
  ENOSPC: { kind: ENOSPC, calls: 'owsml', stays: true },
  EIO: { kind: EIO, calls: ALL },
  EACCES: { kind: EACCES, calls: 'orum' },
  EMFILE: { kind: EMFILE, calls: 'o' },
  EROFS: { kind: EROFS, calls: 'orum', stays: true },
  'short write': { kind: 'short', calls: 'w' },
};

/** Builds the library that lets calls fail; null where there is no compiler. */
export function buildShim(folder) {
  const library = join(folder, 'shim.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'], { stdio: 'ignore' });
    return library;
  } catch {
    return null;
  }
}

/** Commands that are killed at a random instant, from when their first file is there. */
export const kills = {
  rows: () =>
    Object.keys(JOBS).map((job) => ({ what: `${job}, killed at random`, job, only: { jobs: job } })),
  possible: () => Number.POSITIVE_INFINITY,
  async attempt({ job }, { folder, index, random, trying }) {
    const { expected, ms } = await undisturbed(job, folder);
    const own = join(folder, `${job}-kill-${index}`);
    const killAfter = random() * ms;
    const where = `after ${killAfter.toFixed(0)} ms`;
    trying(where);
    const args = await prepared(job, own, folder);
    const before = readdirSync(own).length;
    await gradpool(args, { killAfter, from: () => job === 'resume' || readdirSync(own).length > before });
    return outcome(job, own, expected, where);
  },
};

/** Commands that are killed before a call to the system, and those in which such a call fails. */
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
  async possible({ job, fault, shim }, folder) {
    await undisturbed(job, folder);
    return numberOfCalls(job, FAULTS[fault], folder, shim);
  },
  async attempt({ job, fault, shim }, { folder, place, trying }) {
    const at = place + 1;
    const { expected } = await undisturbed(job, folder);
    const own = join(folder, `${job}-${FAULTS[fault].kind}-${at}`);
    trying(`call ${at}`);
    const ended = await disturbed(job, own, { ...FAULTS[fault], shim, folder }, at);
    return outcome(job, own, expected, `call ${at}`, badEnding(ended));
  },
};

/** Runs a job of which the call `at` goes wrong, counted from 1; none where that is 0. */
async function disturbed(job, own, { kind, calls, stays, shim, folder, counted }, at) {
  const args = await prepared(job, own, folder);
  const env = {
    LD_PRELOAD: shim,
    FAULTS_FOLDER: `${own}/`,
    FAULTS_CALLS: calls,
    FAULTS_KIND: `${kind}`,
    FAULTS_AT: `${at}`,
    FAULTS_STAY: stays ? '1' : '0',
    ...(counted ? { FAULTS_COUNT: counted } : {}),
  };
  return gradpool(args, { env });
}

const numbers = new Map();

/** Counts the calls of a job to which a fault applies. */
async function numberOfCalls(job, fault, folder, shim) {
  const key = `${job} ${fault.calls}`;
  if (!numbers.has(key)) {
    const own = join(folder, `${job}-counted`);
    const counted = join(folder, 'count');
    await disturbed(job, own, { ...fault, shim, folder, counted }, 0);
    numbers.set(key, existsSync(counted) ? statSync(counted).size : 0);
    rmSync(counted, { force: true });
    rmSync(own, { recursive: true });
  }
  return numbers.get(key);
}

/** Says what is wrong with how a command ended: it may be killed, finish, or refuse in one line. */
function badEnding({ code, signal, said }) {
  if (signal === 'SIGKILL' || code === 0) return null;
  if (code === 3 && said.trim().split('\n').length === 1) return null;
  return `ended with ${code ?? signal}: ${said.trim().slice(0, 600)}`;
}

/** Judges what is left in a folder, and removes the folder where nothing is wrong. */
async function outcome(job, own, expected, where, said = null) {
  const { begun, wrong } = await judged(job, own, expected);
  const failure = said ?? wrong;
  if (failure !== null) return { wrong: `${where}: ${failure} (${own})` };
  rmSync(own, { recursive: true, force: true });
  return { as: begun ? 'had begun' : 'had not begun' };
}
