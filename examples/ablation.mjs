// An ablation: takes one ingredient at a time out of a recipe, and asks what each of them was worth.
//
//   node examples/ablation.mjs
import { compareWithMany, sweep } from 'gradpool';

// One axis holds the whole recipe: what is taken out stands there as its plain counterpart.
const RECIPE = { momentum: 0.9, schedule: 'cosine', activation: 'relu' };
const WITHOUT = {
  momentum: { ...RECIPE, momentum: 0 },
  'the schedule': { ...RECIPE, schedule: 'constant' },
  relu: { ...RECIPE, activation: 'sigmoid' },
};

// A metric of one's own: the share of wrong rows, of which less is better. Trainings and sweep go by it.
const errorRate = {
  name: 'errorRate',
  greaterIsBetter: false,
  value({ predicted, targets }) {
    const wrong = Array.from(targets, (target, row) => Number(predicted[row] !== target));
    return wrong.reduce((sum, one) => sum + one, 0) / targets.length;
  },
};

const SEEDS = 6;
const base = {
  data: 'circles:300,noise=0.12',
  val: 'circles:1000,noise=0.12,seed=2',
  hidden: [16],
  batch: 16,
  lr: 0.05,
  epochs: 15,
  metric: errorRate,
};
const configurations = [RECIPE, ...Object.values(WITHOUT)];
const search = function eachWithoutOne({ number }) {
  return number === 0 ? configurations : [];
};

const values = configurations.map(() => []);
// With a function among the options, trials run one after the other in this thread; these need no helpers.
const run = { out: null, workers: 0 };
for await (const event of sweep({ base, search, seeds: SEEDS, trials: SEEDS * 4 }, run)) {
  if (event.type !== 'trialEnd') continue;
  const { axes, seed } = event.result;
  const at = configurations.findIndex((one) => JSON.stringify(one) === JSON.stringify(axes));
  values[at][seed - 1] = event.score;
}

const [all, ...others] = [
  'the whole recipe',
  ...Object.keys(WITHOUT).map((name) => `the one without ${name}`),
].map((name, at) => ({ name, values: values[at] }));
const reading = { greaterIsBetter: false, scale: 100, unit: 'points of error' };
for (const { sentence } of compareWithMany(all, others, reading)) console.log(sentence);
