/** Kills commands at random instants and before each call to the system, and lets such calls fail. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gradpool, judged, prepared, undisturbed } from './jobs.mjs';

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

/**
 * Kills a job at `count` random instants, from when its first file is there.
 * @param random returns a number from 0 to 1
 */
export async function killAtRandom(name, { count, folder, random }) {
  const { expected, ms } = await undisturbed(name, folder);
  const row = newRow(`${name}, killed at random`);
  for (let i = 0; i < count; i++) {
    const own = join(folder, `${name}-kill-${i}`);
    const killAfter = random() * ms;
    const args = await prepared(name, own, folder);
    const before = readdirSync(own).length;
    await gradpool(args, { killAfter, from: () => name === 'resume' || readdirSync(own).length > before });
    await record(row, name, own, expected, `after ${killAfter.toFixed(0)} ms`);
  }
  return row;
}

/** Lets calls of a job go wrong: `count` of them, evenly spread, or all. */
export async function* disturbCalls(name, { count, folder, shim, faults = Object.keys(FAULTS) }) {
  const { expected } = await undisturbed(name, folder);
  for (const fault of faults) {
    const { kind, calls, stays } = FAULTS[fault];
    const row = newRow(`${name}, ${fault}`);
    const disturbed = async (at) => {
      const own = join(folder, `${name}-${kind}-${at}`);
      const args = await prepared(name, own, folder);
      const counted = join(folder, 'count');
      const env = {
        LD_PRELOAD: shim,
        FAULTS_FOLDER: `${own}/`,
        FAULTS_CALLS: calls,
        FAULTS_KIND: `${kind}`,
        FAULTS_AT: `${at}`,
        FAULTS_STAY: stays ? '1' : '0',
        ...(at === 0 ? { FAULTS_COUNT: counted } : {}),
      };
      const ended = await gradpool(args, { env });
      const number = at === 0 && existsSync(counted) ? statSync(counted).size : 0;
      rmSync(counted, { force: true });
      return { own, ended, number };
    };
    const { own, number } = await disturbed(0);
    rmSync(own, { recursive: true });
    row.of = number;
    const places = Math.min(count, number);
    for (let i = 0; i < places; i++) {
      const at = 1 + Math.floor((i * number) / places);
      const { own, ended } = await disturbed(at);
      const said = badEnding(ended);
      await record(row, name, own, expected, `call ${at}`, said);
    }
    yield row;
  }
}

/** Says what is wrong with how a command ended: it may be killed, finish, or refuse in one line. */
function badEnding({ code, signal, said }) {
  if (signal === 'SIGKILL' || code === 0) return null;
  if (code === 3 && said.trim().split('\n').length === 1) return null;
  return `ended with ${code ?? signal}: ${said.trim().slice(0, 600)}`;
}

const newRow = (what) => ({ what, tried: 0, begun: 0, right: 0, failures: [] });

/** Judges what is left in a folder, counts it, and removes the folder where nothing is wrong. */
async function record(row, name, own, expected, where, said = null) {
  const { begun, wrong } = await judged(name, own, expected);
  row.tried++;
  if (begun) row.begun++;
  const failure = said ?? wrong;
  if (failure === null) {
    row.right++;
    rmSync(own, { recursive: true, force: true });
  } else row.failures.push(`${where}: ${failure} (${own})`);
}
