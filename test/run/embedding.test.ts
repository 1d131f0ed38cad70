/** A table whose category column is too large for one-hot encoding, from the file to predictions. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModel } from '#src/model/index.js';
import { train } from '#src/run/train.js';
import type { EndEvent, StartEvent, TrainEvent } from '#src/train/events.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-embedding-'));
  const rows = Array.from({ length: 800 }, (_, i) => {
    const city = (i * 7) % 40;
    const size = (i * 13) % 17;
    return `city${city},${size},${(city % 4) * 10 + size}`;
  });
  writeFileSync(join(folder, 'houses.csv'), ['city,size,price', ...rows].join('\n'));
  writeFileSync(join(folder, 'new.csv'), 'size,city\n3,city2\n3,atlantis\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function events(options: object, out: string | null): Promise<TrainEvent[]> {
  const seen: TrainEvent[] = [];
  const run = train(
    { data: join(folder, 'houses.csv'), target: 'price', preset: 'none', optimizer: 'adam', ...options },
    { out },
  );
  for await (const event of run) if (event.type !== 'step') seen.push(event);
  return seen;
}

it('is embedded, said so, learned, and predicts', async () => {
  const out = join(folder, 'run');
  const seen = await events({ hidden: [16], epochs: 60, lr: 0.01, batch: 32 }, out);
  const start = seen[0] as StartEvent;
  expect(start.network.layers[0]).toEqual({ embedding: [{ categories: 40, size: 7 }] });
  expect(start.notes.join('\n')).toContain('40 categories, each a learned vector of 7 numbers');
  expect((seen.at(-1) as EndEvent).val?.rmse).toBeLessThan(2);
  const model = await loadModel(out);
  const predictions = await model.predict(join(folder, 'new.csv'));
  const [batch] = [...predictions.batches()];
  expect(Math.abs(Number(batch.predicted[0]) - 23)).toBeLessThan(4);
  expect(Number.isFinite(Number(batch.predicted[1]))).toBe(true);
  expect(predictions.notes.join('\n')).toContain('atlantis');
});

it('is one-hot encoded when asked', async () => {
  const seen = await events({ embedAbove: 50, epochs: 1 }, null);
  expect((seen[0] as StartEvent).network.layers[0]).toEqual({ dense: 256 });
  expect((seen[0] as StartEvent).network.inputs).toBe(41);
});

it('gives the same bits for any number of workers', async () => {
  const hashes = new Set<string>();
  for (const workers of [0, 1, 3]) {
    const seen = await events({ hidden: [9], epochs: 2, batch: 50, workers }, null);
    hashes.add((seen.at(-1) as EndEvent).weightsSha256);
  }
  expect(hashes.size).toBe(1);
});
