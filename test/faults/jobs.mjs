/** What is disturbed: commands that write files, and how to tell that what they left comes to its end. */
import { spawn } from 'node:child_process';
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

/**
 * Runs the command; resolves with how it ended, what it said on stderr, and how many milliseconds passed from
 * when `from` was first true.
 * @param killAfter such milliseconds after which it is killed
 */
export function gradpool(words, { env = {}, killAfter, from } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, ...ENVIRONMENT, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    let begin;
    const look = () => {
      if (begin === undefined && from()) begin = performance.now();
      if (performance.now() >= begin + killAfter) child.kill('SIGKILL');
    };
    const timer = from === undefined ? undefined : setInterval(look, 1);
    child.once('close', (code, signal) => {
      clearInterval(timer);
      resolve({ code, signal, said, writing: performance.now() - begin });
    });
  });
}

async function last(events) {
  let end;
  for await (const event of events) end = event;
  return end;
}

/** Brings a run to its end and returns the digest of its weights; null where it had not begun. */
async function finishRun(run) {
  if (!existsSync(join(run, 'run.json'))) return null;
  const { status, result } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
  if (status === 'completed') return result.weightsSha256;
  const { resume } = await library('run/train.js');
  return (await last(resume(run, { workers: 0 }))).weightsSha256;
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
 * to an end what the command has left; that returns what came of it, null where nothing had begun.
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
      if (!existsSync(join(sweep, 'sweep.json'))) return null;
      const { resumeSweep } = await library('experiment/sweep.js');
      await last(resumeSweep(sweep, { workers: 0, parallel: 1 }));
      return createHash('sha256')
        .update(readFileSync(join(sweep, 'leaderboard.csv')))
        .digest('hex');
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
      return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null;
    },
  },
};

const sound = new Map();

/** Runs a job without a fault, once: what comes of it, and for how many milliseconds it writes. */
export async function undisturbed(name, folder, beginning = () => () => false) {
  const key = `${name} ${beginning.name}`;
  if (!sound.has(key)) sound.set(key, await runSound(name, folder, beginning));
  return sound.get(key);
}

async function runSound(name, folder, beginning) {
  const own = join(folder, `${name}-sound`);
  const words = await prepared(name, own, folder);
  const { code, said, writing } = await gradpool(words, { from: beginning(name, own) });
  if (code !== 0) throw new Error(`${name} fails without any fault: ${said}`);
  const expected = await JOBS[name].finish(own);
  rmSync(own, { recursive: true });
  return { expected, writing };
}

/** Prepares a job in a new folder and returns its words. */
export async function prepared(name, folder, shared) {
  mkdirSync(folder);
  return JOBS[name].prepare(folder, shared);
}

/**
 * Judges what a disturbed job has left in a folder, and removes the folder where nothing is wrong.
 * @param how it was disturbed
 * @param wrong what is wrong already; null where nothing is
 */
export async function outcome(name, own, { expected, where, how, wrong = null }) {
  const { begun, wrong: found } = await judged(name, own, expected);
  const failure = wrong ?? found;
  if (failure !== null) return { wrong: `${where}: ${failure} (${own})` };
  rmSync(own, { recursive: true, force: true });
  return { as: `${how}${begun ? '' : ', nothing begun'}` };
}

async function judged(name, folder, expected) {
  try {
    const found = await JOBS[name].finish(folder);
    if (found === null) return { begun: false, wrong: null };
    return { begun: true, wrong: found === expected ? null : `comes to ${found}, not ${expected}` };
  } catch (error) {
    return { begun: true, wrong: `does not go on: ${error.message}` };
  }
}
