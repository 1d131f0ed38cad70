// Uses gradpool as a library: trains on rows that the program holds in memory, and predicts others.
//
//   node examples/train-on-rows.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, train } from 'gradpool';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-example-'));
try {
  // Rows as a query or a service may return them: numbers, dates, booleans, and text, which is read like a
  // file's.
  const rows = Array.from({ length: 600 }, (_, i) => ({
    area: 20 + ((i * 37) % 180),
    sold: new Date(Date.UTC(2015 + (i % 10), i % 12, 1 + (i % 28))),
    city: ['Bern', 'Basel', 'Chur'][i % 3],
    garden: i % 4 === 0,
    price: `CHF ${(20 + ((i * 37) % 180)) * [9000, 7000, 5000][i % 3] + (i % 4 === 0 ? 50_000 : 0)}`,
  }));

  const run = join(folder, 'run');
  const options = {
    data: rows,
    target: 'price',
    hidden: [32, 32],
    optimizer: 'adam',
    lr: 0.01,
    epochs: 60,
    schedule: 'cosine',
  };
  for await (const event of train(options, { out: run })) {
    if (event.type === 'start') for (const note of event.notes) console.log(note);
    if (event.type === 'end') console.log(`validation rmse ${event.val.rmse.toFixed(0)}`);
  }

  const model = await loadModel(run);
  const wanted = [
    { area: 100, sold: new Date('2024-05-01'), city: 'Bern', garden: false },
    { area: '100', sold: '2024-05-01', city: 'Chur', garden: 'true' }, // values may also be text
  ];
  for (const { predicted } of model.predictRows(wanted).batches()) {
    for (const price of predicted) console.log(`predicted price ${Math.round(price)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
