/**
 * One SHA-256 for every way to train: one process with 0 to 3 workers; 1 to 4 ranks with 0 to 2 workers each;
 * and a run begun on 3 ranks, of which one is killed, gone on with 2 ranks, stopped, and ended by one
 * process. MNIST and a table, SGD and Adam, dropout and batch normalisation, for each of the kernels. It
 * takes minutes, so it is no test:
 *   node test/ranks/matrix.mjs [--kernels portable,native] [--mpiexec 'mpiexec -hosts a,b']
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stream } from '../../dist/src/random.js';
import { resume, train } from '../../dist/src/run/train.js';

const SCRIPT = fileURLToPath(new URL('../fixtures/ranks.mjs', import.meta.url));
const { values } = parseArgs({
  options: {
    kernels: { type: 'string', default: 'wasm,jit,portable,native' },
    mpiexec: { type: 'string', default: 'mpiexec' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'gradpool-matrix-'));

/** A table of numbers and a category, of which the class is a noisy function. */
function writeTable() {
  const stream = new Stream(5, 99, 0);
  const lines = Array.from({ length: 1500 }, () => {
    const numbers = Array.from({ length: 6 }, () => stream.uniform());
    const colour = stream.below(4);
    const kind = numbers[0] + numbers[1] * numbers[2] + 0.2 * colour + 0.3 * stream.uniform() > 1 ? 'a' : 'b';
    return [...numbers.map((number) => number.toFixed(4)), `c${colour}`, kind].join(',');
  });
  const file = join(folder, 'table.csv');
  writeFileSync(file, `u,v,w,x,y,z,colour,kind\n${lines.join('\n')}\n`);
  return file;
}

const hidden = [{ dense: 48 }, 'batchNorm', 'relu', { dropout: 0.25 }];
const DATA = {
  mnist: { data: 'mnist', layers: [...hidden, { dense: 10 }, 'softmax'], batch: 1000, epochs: 1 },
  table: {
    ...{ data: writeTable(), target: 'kind', batch: 300, epochs: 4 },
    layers: [...hidden, { dense: 2 }, 'softmax'],
  },
};
const RULES = { sgd: { optimizer: 'sgd', momentum: 0.9, lr: 0.05 }, adam: { optimizer: 'adam', lr: 0.003 } };
const COMMON = { preset: 'none', seed: 7, checkpointEvery: 5 };

async function endOf(events) {
  let last;
  for await (const event of events) last = event;
  return last.weightsSha256;
}

/** Lets ranks do what test/fixtures/ranks.mjs is asked for, and returns what rank 0 prints. */
function among(ranks, wish) {
  const [command, ...words] = values.mpiexec.split(' ');
  const { status, signal, stdout, stderr, error } = spawnSync(
    command,
    [...words, '-n', `${ranks}`, process.execPath, SCRIPT, JSON.stringify(wish)],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (error) throw error;
  if (/signal 11|Segmentation/.test(stderr)) console.log(`  SIGSEGV of a rank: ${stderr.slice(0, 400)}`);
  const first = stdout.split('\n')[0];
  if (!wish.killed && (status !== 0 || !first)) throw new Error(`${status ?? signal}: ${stderr.slice(-800)}`);
  return { status, found: first ? JSON.parse(first) : null };
}

let failed = 0;
function say(name, shas) {
  const [first] = shas;
  const same = shas.filter((sha) => sha === first).length;
  if (same < shas.length) failed++;
  console.log(`${same === shas.length ? 'same' : 'DIFFER'}  ${name}: ${same} of ${shas.length}, ${first}`);
}

const cases = values.kernels.split(',').flatMap((kernels) =>
  Object.entries(DATA).flatMap(([data, options]) =>
    Object.entries(RULES).map(([rule, more]) => ({
      name: `${data} ${rule} ${kernels}`,
      options: { ...COMMON, ...options, ...more, kernels },
      shas: [],
    })),
  ),
);
for (const { options, shas } of cases) {
  for (const workers of [0, 1, 2, 3]) shas.push(await endOf(train({ ...options, workers }, { out: null })));
}
for (const ranks of [1, 2, 3, 4]) {
  const trainings = cases.flatMap(({ options }) =>
    [0, 1, 2].map((workers) => [{ ...options, workers }, null]),
  );
  const { ends } = among(ranks, { trainings }).found;
  for (const [i, { weightsSha256 }] of ends.entries()) cases[Math.floor(i / 3)].shas.push(weightsSha256);
}
for (const [i, { name, options, shas }] of cases.entries()) {
  const out = join(folder, `killed-${i}`);
  const { status } = among(3, { killed: { options: { ...options, workers: 1 }, out, step: 7, rank: 1 } });
  if (status === 0) throw new Error(`${name}: a rank was killed, and mpiexec says 0`);
  const { resumed } = among(2, { resumed: { folder: out, stopAt: 11, stopRank: 1 } }).found;
  if (resumed.status !== 'interrupted') throw new Error(`${name}: ${JSON.stringify(resumed)}`);
  shas.push(await endOf(resume(out)));
  say(name, shas);
}
rmSync(folder, { recursive: true });
console.log(failed === 0 ? 'all the same' : `${failed} differ`);
process.exitCode = failed === 0 ? 0 : 1;
