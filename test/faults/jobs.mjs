/** What is disturbed: commands that write files, and how to tell that what they left comes to its end. */
import { fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const library = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url));

const NETWORK = '--val 0.2 --optimizer adam --batch 32 --checkpoint-every 4 --workers 0 --seed 3'.split(' ');
/** What each process of gradpool finds in its environment; calls by io_uring would not be disturbed. */
export const ENVIRONMENT = { NODE_COMPILE_CACHE: '', UV_USE_IO_URING: '0' };
const OPTIONS = {
  data: 'spirals',
  val: 0.2,
  optimizer: 'adam',
  batch: 32,
  checkpointEvery: 4,
  workers: 0,
  seed: 3,
  hidden: [12],
  epochs: 4,
};

/** Runs the command in a process of its own; resolves with how it ended and what it said on stderr. */
export function gradpool(words, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, ...ENVIRONMENT, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.once('close', (code, signal) => resolve({ code, signal, said }));
  });
}

/** Starts a process that runs commands one after another or at the same time, each of which is a message. */
export function warmProcess(env = {}) {
  const script = fileURLToPath(new URL('warm.mjs', import.meta.url));
  return fork(script, [PROGRAM], {
    env: { ...process.env, ...ENVIRONMENT, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function last(events) {
  let end;
  for await (const event of events) end = event;
  return end;
}

const record = (file) => JSON.parse(readFileSync(file, 'utf8'));
const digest = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Brings a run to its end; what it comes to is the digest of its weights. */
async function finishRun(run) {
  if (!existsSync(join(run, 'run.json'))) return { found: null };
  const { status, result } = record(join(run, 'run.json'));
  if (status === 'completed') return { found: result.weightsSha256, ended: true };
  const { resume } = await library('run/train.js');
  return { found: (await last(resume(run, { workers: 0 }))).weightsSha256, ended: false };
}

/** Makes a run that stopped after ten steps, once for all. */
async function halfRun(folder) {
  const run = join(folder, 'half');
  if (existsSync(run)) return run;
  const { train } = await library('run/train.js');
  const abort = new AbortController();
  for await (const event of train(OPTIONS, { out: run, signal: abort.signal })) {
    if (event.type === 'step' && event.step === 10) abort.abort();
  }
  return run;
}

/**
 * Each job has the words of its command in a folder, after what it needs is there, and a function that brings
 * to an end what the command has left; that returns what it has found in the end, null where nothing had
 * begun, and whether the command had ended.
 */
export const JOBS = {
  train: {
    prepare: async (folder) => [
      'train',
      'spirals',
      '--hidden',
      '12',
      '--epochs',
      '4',
      ...NETWORK,
      '--out',
      join(folder, 'run'),
      '--quiet',
    ],
    finish: (folder) => finishRun(join(folder, 'run')),
  },
  resume: {
    async prepare(folder, shared) {
      cpSync(await halfRun(shared), join(folder, 'run'), { recursive: true });
      return ['resume', join(folder, 'run'), '--quiet'];
    },
    finish: (folder) => finishRun(join(folder, 'run')),
  },
  sweep: {
    prepare: async (folder) => [
      'sweep',
      'spirals',
      '--grid',
      'lr=0.01,0.03',
      '--hidden',
      '8',
      '--epochs',
      '2',
      ...NETWORK,
      '--out',
      join(folder, 'sweep'),
      '--quiet',
    ],
    async finish(folder) {
      const sweep = join(folder, 'sweep');
      if (!existsSync(join(sweep, 'sweep.json'))) return { found: null };
      const ended = record(join(sweep, 'sweep.json')).status === 'completed';
      const { resumeSweep } = await library('experiment/sweep.js');
      await last(resumeSweep(sweep, { workers: 0, parallel: 1 }));
      return { found: digest(join(sweep, 'leaderboard.csv')), ended };
    },
  },
  predict: {
    async prepare(folder, shared) {
      const { train } = await library('run/train.js');
      const run = join(shared, 'model');
      if (!existsSync(run)) await last(train(OPTIONS, { out: run }));
      return ['predict', run, 'spirals', '--output', join(folder, 'predictions.csv')];
    },
    /** The file is there completely or not at all. */
    async finish(folder) {
      const file = join(folder, 'predictions.csv');
      const ended = existsSync(file);
      return { found: ended ? digest(file) : null, ended };
    },
  },
};

const sound = new Map();

/** Runs a job without a fault, once, and returns what it comes to. */
export async function undisturbed(name, folder) {
  if (!sound.has(name)) sound.set(name, await runSound(name, folder));
  return sound.get(name);
}

async function runSound(name, folder) {
  const own = join(folder, `${name}-sound`);
  const { code, said } = await gradpool(await prepared(name, own, folder));
  if (code !== 0) throw new Error(`${name} fails without any fault: ${said}`);
  const { found } = await JOBS[name].finish(own);
  rmSync(own, { recursive: true });
  return found;
}

/** Prepares a job in a new folder and returns its words. */
export async function prepared(name, folder, shared) {
  mkdirSync(folder, { recursive: true });
  return JOBS[name].prepare(folder, shared);
}

/**
 * Judges what a disturbed job has left in a folder, and removes the folder where nothing is wrong.
 * @param how it was disturbed
 * @param wrong what is wrong already; null where nothing is
 */
export async function outcome(name, own, { expected, where, how, wrong = null }) {
  const { as, wrong: found } = await judged(name, own, expected, how);
  const failure = wrong ?? found;
  if (failure !== null) return { wrong: `${where}: ${failure} (${own})` };
  rmSync(own, { recursive: true, force: true });
  return { as };
}

async function judged(name, folder, expected, how) {
  try {
    const { found, ended } = await JOBS[name].finish(folder);
    if (found === null) return { as: `${how}, nothing begun`, wrong: null };
    const wrong = found === expected ? null : `comes to ${found}, not ${expected}`;
    return { as: ended ? `${how}, had ended` : how, wrong };
  } catch (error) {
    return { as: how, wrong: `does not go on: ${error.message}` };
  }
}
