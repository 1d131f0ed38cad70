// Trains the MNIST examples with several seeds and prints the mean test errors beside those of the
// literature.
//
//   node examples/mnist-literature.mjs [seeds, default 3] [workers, default auto]
import { readFileSync } from 'node:fs';
import { argv, stderr } from 'node:process';
import { train } from 'gradpool';
import { parse } from 'yaml';

const ROWS = [
  { file: 'mnist-300-squared-tanh.yaml', source: 'LeCun et al. 1998', error: 4.7 },
  { file: 'mnist-300-100.yaml', source: 'LeCun et al. 1998', error: 3.05 },
  { file: 'mnist-100-100.yaml', source: 'scikit-learn, adam', error: 2.24 },
  { file: 'mnist-800.yaml', source: 'Simard et al. 2003', error: 1.6 },
  { file: 'mnist-500-300.yaml', source: 'Hinton 2005', error: 1.53 },
];
const seeds = Number(argv[2] ?? 3);
const workers = argv[3] === undefined ? 'auto' : Number(argv[3]);

async function testAccuracy(options) {
  let end;
  for await (end of train(options, { out: null }));
  return 100 * end.test.accuracy;
}

console.log('configuration                 test accuracy              error    literature');
for (const { file, source, error } of ROWS) {
  const config = parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
  const accuracies = [];
  for (let seed = 1; seed <= seeds; seed++) {
    accuracies.push(await testAccuracy({ ...config, seed, workers }));
    stderr.write(`${file}, seed ${seed}: ${accuracies.at(-1).toFixed(2)}\n`);
  }
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / seeds;
  const variance = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, seeds - 1);
  const summary = `${mean.toFixed(2)} ± ${Math.sqrt(variance).toFixed(2)} over ${seeds} seeds`;
  console.log(
    `${file.padEnd(29)} ${summary.padEnd(26)} ${(100 - mean).toFixed(2)} %   ${error} % (${source})`,
  );
}
