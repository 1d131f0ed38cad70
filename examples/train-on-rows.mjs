// gradpool as a library: train on rows that the program has in memory, and ask the model about others.
//
//   node examples/train-on-rows.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, train } from 'gradpool';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-example-'));
try {
  // what a query or a service may have returned: numbers, dates, booleans, and text that is read as a file's would be
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
    { area: '100', sold: '2024-05-01', city: 'Chur', garden: 'true' }, // as text, the same values
  ];
  for (const { predicted } of model.predictRows(wanted).batches()) {
    for (const price of predicted) console.log(`predicted price ${Math.round(price)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
