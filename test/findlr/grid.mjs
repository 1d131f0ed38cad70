/**
 * Measures how good the suggestions of find-lr are, by hand:
 *
 *   node test/findlr/grid.mjs [--only PATTERN] [--trial-steps N]
 *
 * For each problem, network and optimiser it trains with the suggested rate and with each rate of a grid
 * (1e-5 … 10 in half decades) for the same epochs, and compares the best epoch's validation loss. A
 * suggestion is good if its loss is within 10 % of the grid's best, or above it by at most 0.5 % of the
 * untrained loss (the best of easy problems is 0, of which nothing is within 10 %). scikit-learn's tables are
 * written by /usr/bin/python3.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findLearningRate, train } from '../../dist/src/index.js';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, 'trial-steps': { type: 'string', default: '500' } },
});
const trialSteps = Number(values['trial-steps']);

const folder = mkdtempSync(join(tmpdir(), 'gradpool-grid-'));
const TABLES = `
import sys
from sklearn import datasets as d
def write(name, X, y):
    with open(sys.argv[1] + '/' + name + '.csv', 'w') as f:
        f.write(','.join(f'x{i}' for i in range(X.shape[1])) + ',y\\n')
        for a, b in zip(X, y): f.write(','.join(f'{v:.6g}' for v in a) + f',{b}\\n')
for n in ['breast_cancer', 'wine', 'digits']:
    b = getattr(d, 'load_' + n)()
    write(n, b.data, [f'c{t}' for t in b.target])
b = d.load_diabetes()
write('diabetes', b.data, b.target)
X, y = d.make_friedman1(2000, noise=1, random_state=0)
write('friedman', X, 100 * y)
`;
execFileSync('/usr/bin/python3', ['-c', TABLES, folder]);
const csv = (name) => join(folder, `${name}.csv`);

/** Data, epochs, batch: from 150 steps in all to 10,000, so that trials are whole trainings or parts. */
const PROBLEMS = [
  ['iris', 30, 16],
  ['iris', 100, 'all'],
  ['spirals', 60, 32],
  ['moons', 20, 32],
  ['moons', 100, 32],
  ['circles', 20, 32],
  ['blobs', 10, 32],
  ['sine', 20, 32],
  [csv('breast_cancer'), 30, 32],
  [csv('breast_cancer'), 100, 16],
  [csv('wine'), 30, 32],
  [csv('digits'), 20, 64],
  [csv('digits'), 60, 32],
  [csv('diabetes'), 30, 32],
  [csv('friedman'), 20, 64],
  [csv('friedman'), 100, 32],
  ['mnist', 3, 128],
];
const HIDDEN = [[16], [128, 64]];
const OPTIMIZERS = [
  { optimizer: 'sgd', momentum: 0.9 },
  { optimizer: 'sgd', momentum: 0 },
  { optimizer: 'adam' },
  { optimizer: 'adamw' },
  { optimizer: 'lion' },
  { optimizer: 'adagrad' },
  { optimizer: 'rmsprop' },
  { optimizer: 'lamb' },
];
const GRID = Array.from({ length: 13 }, (_, i) => 10 ** (-5 + i / 2));

/** Returns the least validation loss after an epoch; infinite where training diverges. */
async function bestEpoch(options) {
  let least = Number.POSITIVE_INFINITY;
  try {
    for await (const event of train(options, { out: null })) {
      if (event.type === 'epoch') least = Math.min(least, event.val.loss);
    }
    return least;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const row = (...cells) =>
  console.log(cells.map((cell, i) => String(cell).padEnd([30, 9, 13, 7, 9, 9, 9][i] ?? 0)).join(' '));
const short = (loss) => (Number.isFinite(loss) ? String(Number(loss.toPrecision(3))) : 'diverged');
row('data', 'hidden', 'optimizer', 'steps', 'suggested', 'loss', "grid's", 'rate');
let good = 0;
let count = 0;
try {
  for (const [data, epochs, batch] of PROBLEMS) {
    for (const hidden of HIDDEN) {
      for (const rule of OPTIMIZERS) {
        const name = `${data.replace(folder, '').replace('/', '')} x${epochs}/${batch}`;
        const label = `${name} ${hidden} ${rule.optimizer}${rule.momentum ?? ''}`;
        if (!label.includes(values.only)) continue;
        const options = { data, epochs, batch, hidden, ...rule, val: 0.2, workers: 0 };
        const { suggestion, totalSteps, untrainedLoss } = await findLearningRate(options, { trialSteps });
        let [best, at] = [Number.POSITIVE_INFINITY, 0];
        for (const lr of GRID) {
          const loss = await bestEpoch({ ...options, lr });
          if (loss < best) [best, at] = [loss, lr];
        }
        const found = suggestion === null ? untrainedLoss : await bestEpoch({ ...options, lr: suggestion });
        const isGood = found <= 1.1 * best + 0.005 * untrainedLoss;
        count++;
        if (isGood) good++;
        const optimizer = rule.optimizer + (rule.momentum ?? '');
        row(
          name,
          hidden,
          optimizer,
          totalSteps,
          suggestion,
          short(found),
          short(best),
          `${at.toPrecision(1)}${isGood ? '' : ' *'}`,
        );
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${good} of ${count} suggestions are within 10 % of the grid's best; the others are marked *`);
