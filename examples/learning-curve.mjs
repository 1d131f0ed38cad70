// Draws a learning curve: how accurate is a network with ever more training rows, and would more rows help?
//
//   node examples/learning-curve.mjs
import { sweep } from 'gradpool';

const ROWS = [25, 50, 100, 200, 400, 800];
const base = {
  val: 'moons:2000,noise=0.25,seed=2', // measured on the same other rows throughout
  hidden: [16],
  batch: 16,
  lr: 0.03,
  keep: 'last',
};

// The data is an axis like any other key. Epochs belong to the rows: all sizes make 600 steps.
const steps = (rows) => Math.ceil(600 / Math.ceil(rows / base.batch));
const sizes = ROWS.map((rows) => ({ data: `moons:${rows},noise=0.25`, epochs: steps(rows) }));
const options = {
  base: { ...base, data: sizes[0].data },
  search: function everySize({ number }) {
    return number === 0 ? sizes : [];
  },
  trials: 3 * sizes.length,
  seeds: 3,
  score: 'val_accuracy',
};

for await (const event of sweep(options, { out: null })) {
  if (event.type !== 'end') continue;
  for (const [index, { data }] of sizes.entries()) {
    const { score, low, high } = event.leaderboard.find(({ axes }) => axes.data === data);
    const bar = '█'.repeat(Math.round(500 * (score - 0.9)));
    const [mean, least, most] = [score, low, Math.min(1, high)].map((share) => (100 * share).toFixed(1));
    console.log(`${String(ROWS[index]).padStart(4)} rows  ${mean} % [${least}, ${most}]  ${bar}`);
  }
}
