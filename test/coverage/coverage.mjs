/**
 * Measures on held-back rows of real tables how often intervals and sets hold the right answer, and what the
 * temperature does to the log loss: the numbers of docs/uncertainty.md.
 *
 *     node test/coverage/coverage.mjs FOLDER [key=value …]
 *
 * FOLDER holds the tables as CSV files; a key, such as quantiles=0.05,0.5,0.95, goes into the configuration.
 * The tables of scikit-learn are those that `npm run bench:tables` fetches: breast-cancer, wine, digits and
 * diabetes.
 * A line of JSON is printed for each table and seed, and the means over the tables at the end.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meanLogLoss } from '../../dist/src/calibration/temperature.js';
import { loadWithSchema } from '../../dist/src/data/load.js';
import { loadModel, train } from '../../dist/src/index.js';
import { PURPOSE, permute } from '../../dist/src/random.js';

/** The tables: file, target, seeds. */
const CLASSES = [
  ['weka_credit-g', 'class', 3],
  ['mlbench_Sonar', 'Class', 4],
  ['weka_diabetes', 'class', 3],
  ['mlbench_Vehicle', 'Class', 3],
  ['mlbench_Ionosphere', 'Class', 4],
  ['modeldata_attrition', 'Attrition', 2],
  ['modeldata_mlc_churn', 'churn', 1],
  ['mlbench_Vowel', 'Class', 3],
  ['weka_segment-challenge', 'class', 2],
  ['mlbench_Satellite', 'classes', 1],
  ['weka_glass', 'Type', 4],
  ['mlbench_LetterRecognition', 'lettr', 1],
  ['breast-cancer', 'class', 10],
  ['wine', 'class', 10],
  ['digits', 'class', 4],
];
const NUMBERS = [
  ['mlbench_BostonHousing', 'medv', 14],
  ['modeldata_concrete', 'compressive_strength', 14],
  ['modeldata_Sacramento', 'price', 14],
  ['modeldata_ames', 'Sale_Price', 2],
  ['mlbench_Ozone', 'V4', 14],
  ['weka_cpu.with.vendor', 'class', 14],
  ['modeldata_Chicago', 'ridership', 1],
  ['mlbench_Servo', 'Class', 14],
  ['diabetes', 'progression', 14],
];

const [source, ...given] = process.argv.slice(2);
if (source === undefined) throw new Error('usage: node test/coverage/coverage.mjs FOLDER [key=value …]');
const keys = Object.fromEntries(
  given.map((text) => {
    const [key, value] = text.split('=');
    const numbers = value.split(',').map(Number);
    return [key, numbers.some(Number.isNaN) ? value : value.includes(',') ? numbers : numbers[0]];
  }),
);
const folder = mkdtempSync(join(tmpdir(), 'gradpool-coverage-'));
const found = new Map();
try {
  for (const [tables, task] of [
    [CLASSES, 'classification'],
    [NUMBERS, 'regression'],
  ]) {
    if (task === 'classification' && keys.quantiles) continue;
    for (const [name, target, seeds] of tables) {
      const file = join(source, `${name}.csv`);
      if (!existsSync(file)) continue;
      for (let seed = 1; seed <= seeds; seed++) {
        const line = { name, task, seed, ...(await measure(file, target, task, seed)) };
        console.log(JSON.stringify(line));
        found.set(name, [...(found.get(name) ?? []), line]);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const task of ['classification', 'regression']) {
  const lines = [...found.values()].filter(([line]) => line.task === task);
  if (lines.length === 0) continue;
  const mean = (of) => average(lines.map((one) => average(one.map(of))));
  const [coverage, promised] = [mean((line) => line.coverage), mean((line) => line.promised)];
  const change =
    task === 'classification' ? mean((line) => line.logLoss.after / line.logLoss.before - 1) : null;
  console.log(JSON.stringify({ task, tables: lines.length, coverage, promised, change }));
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Trains on two thirds of a table and evaluates the rest. */
async function measure(file, target, task, seed) {
  const [header, ...rows] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const order = Uint32Array.from(rows.keys());
  permute(order, seed, PURPOSE.shuffle, 0);
  const cut = Math.floor(0.67 * rows.length);
  const [data, test] = [order.subarray(0, cut), order.subarray(cut)].map((part, i) => {
    const path = join(folder, `${i}.csv`);
    writeFileSync(path, [header, ...Array.from(part, (row) => rows[row])].join('\n'));
    return path;
  });
  const batch = Math.min(256, Math.max(32, 2 ** Math.round(Math.log2(cut / 16))));
  const training = { hidden: [128, 128], optimizer: 'adamw', lr: 1e-3, epochs: 100, patience: 15, batch };
  const out = join(folder, 'run');
  const options = { data, target, task, val: 0.2, seed, workers: 0, ...training, ...keys };
  for await (const event of train(options, { out })) void event;
  const model = await loadModel(out);
  const { uncertainty, ece } = await model.evaluate(test);
  const { rows: n } = model.calibration;
  const promised = Math.ceil(0.9 * (n + 1) - 1e-9) / (n + 1);
  const line = { rows: rows.length, n, promised, ...uncertainty, ece };
  rmSync(out, { recursive: true });
  if (task === 'regression') return line;
  const { subset } = await loadWithSchema(test, model.schema, { needTargets: true });
  const labels = Array.from(subset.rows, (row) => subset.dataset.targets[row]);
  const probabilities = [];
  for (const batch of (await model.predict(test)).batches()) probabilities.push(...batch.probabilities);
  const known = { classes: model.classes.length, labels, probabilities };
  const { temperature } = model.calibration;
  const logLoss = { before: meanLogLoss(known, 1), after: meanLogLoss(known, temperature) };
  return { ...line, temperature, logLoss };
}
