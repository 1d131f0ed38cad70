// Compares optimisers over seeds: does one of them beat the others, or is it the luck of a seed?
//
//   node examples/compare-optimisers.mjs
import { compareWithMany, sweep } from 'gradpool';

// Every optimiser has a rate of its own, so the configurations are a list and no grid. A search is a function
// that proposes configurations; this one proposes all of them at first, and then no more.
const CONFIGURATIONS = [
  { optimizer: 'sgd', lr: 0.01 },
  { optimizer: 'adam', lr: 0.01 },
  { optimizer: 'rmsprop', lr: 0.003 },
];
const listed = ({ number }) => (number === 0 ? CONFIGURATIONS : []);

const SEEDS = 6;
const base = {
  data: 'moons:300,noise=0.25',
  val: 'moons:1000,noise=0.25,seed=2', // another sample, the same for all seeds
  hidden: [16],
  batch: 16,
  epochs: 12,
  keep: 'last', // the best epoch would be chosen by the rows that compare the optimisers
};

const accuracies = new Map();
const options = {
  base,
  search: listed,
  trials: SEEDS * CONFIGURATIONS.length,
  seeds: SEEDS,
  score: 'val_accuracy',
};
for await (const event of sweep(options, { out: null })) {
  if (event.type !== 'trialEnd') continue;
  const { axes, seed } = event.result;
  const values = accuracies.get(axes.optimizer) ?? [];
  values[seed - 1] = event.score; // trials end in any order, and pairs are of the same seed
  accuracies.set(axes.optimizer, values);
}

const [first, ...others] = CONFIGURATIONS.map(({ optimizer }) => ({
  name: optimizer,
  values: accuracies.get(optimizer),
}));
for (const { name, values } of [first, ...others]) {
  console.log(`${name.padEnd(8)} ${values.map((value) => (100 * value).toFixed(1)).join('  ')} %`);
}
const reading = { greaterIsBetter: true, scale: 100, unit: 'points' };
for (const { sentence } of compareWithMany(first, others, reading)) console.log(sentence);
