// Uses gradpool as a library: trains on a CSV file, watches the epochs, loads the model and predicts.
//
//   node examples/train-from-script.mjs
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, train } from 'gradpool';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-example-'));
try {
  // The table has a column of numbers, a column of words, and the price that follows from both.
  const cities = { Bern: 9000, Basel: 7000, Chur: 5000 };
  const rows = Array.from({ length: 600 }, (_, i) => {
    const area = 20 + ((i * 37) % 180);
    const city = Object.keys(cities)[i % 3];
    return `${area},${city},${area * cities[city]}`;
  });
  const houses = join(folder, 'houses.csv');
  writeFileSync(houses, ['area,city,price', ...rows].join('\n'));

  const run = join(folder, 'run');
  const options = {
    data: houses,
    target: 'price',
    hidden: [32, 32],
    optimizer: 'adam',
    lr: 0.01,
    epochs: 60,
    dropout: 0, // the prices follow exactly, so there is no noise that a network could learn by heart
    schedule: 'cosine',
    seed: 1,
  };
  for await (const event of train(options, { out: run })) {
    if (event.type === 'start') console.log(`network ${event.widths}, ${event.rows.train} training rows`);
    if (event.type === 'epoch' && event.epoch % 10 === 0) {
      const { epoch, train, val } = event;
      console.log(`epoch ${epoch}: rmse ${train.rmse.toFixed(0)}, validation ${val.rmse.toFixed(0)}`);
    }
    if (event.type === 'end') console.log(`weights ${event.weightsSha256.slice(0, 16)}…`);
  }

  const wanted = join(folder, 'wanted.csv');
  // The columns in another order, without the target.
  writeFileSync(wanted, 'city,area\nBern,100\nBasel,100\nChur,50\n');
  const model = await loadModel(run);
  const predictions = await model.predict(wanted);
  for (const { predicted } of predictions.batches()) {
    for (const price of predicted) console.log(`predicted price ${Math.round(price)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
