import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { UsageError } from '#src/errors.js';
import { loadModel } from '#src/model/index.js';
import { train } from '#src/run/train.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import type { EndEvent, EpochEvent, TrainEvent } from '#src/train/events.js';
import { PRESETS } from '#src/train/presets.js';

const GRADPOOL = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));

let folder: string;
let table: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-presets-'));
  table = join(folder, 'points.csv');
  const rows = Array.from({ length: 400 }, (_, i) => [i % 20, (i * 7) % 13, (i * i) % 17]);
  const lines = rows.map(([a, b, c]) => `${a},${b},${c},${(a * b + 3 * c) % 29 < 12 ? 'yes' : 'no'}`);
  writeFileSync(table, ['a,b,c,y', ...lines].join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const known = (rows: number) =>
  ({ rows, validated: true, heldBack: true, problemType: 'classification' }) as const;

describe('a preset', () => {
  it('is chosen by the kind of data', () => {
    expect(resolveConfig({ data: 'iris' }).preset).toBe('images');
    expect(resolveConfig({ data: table }).preset).toBe('tabular');
    expect(resolveConfig({ data: { a: [1, 2], y: [1, 2] } }).preset).toBe('tabular');
    expect(resolveConfig({ data: 'nowhere.csv' }).preset).toBe('none');
  });

  it('is refused for the other kind of data, with the one to take', () => {
    expect(() => resolveConfig({ data: 'mnist', preset: 'tabular' })).toThrow(
      new UsageError(
        'preset tabular is for a table, but the data is arrays: take preset images, or leave it out',
      ),
    );
    expect(() => resolveConfig({ data: table, preset: 'images' })).toThrow(/take preset tabular/);
    for (const preset of ['none', 'lecture'] as const) {
      expect(resolveConfig({ data: table, preset }).preset).toBe(preset);
    }
  });

  it('gives every key a value that the key may have', () => {
    for (const [preset, { values }] of Object.entries(PRESETS)) {
      const data = 'data' in PRESETS[preset as 'tabular'] && preset === 'images' ? 'mnist' : table;
      const resolved = resolveConfig({ data, preset: preset as 'tabular' }, known(1000));
      expect(resolved).toMatchObject(values);
    }
  });

  it('is beaten by anything that is given', () => {
    const given = { hidden: [7], lr: 0.5, batch: 10, epochs: 3, val: 0.3, patience: 2, dropout: 0 };
    expect(resolveConfig({ data: table, ...given }, known(1000))).toMatchObject(given);
  });

  it('keeps nothing of another optimizer, network or way of ending than the one given', () => {
    const sgd = resolveConfig({ data: table, optimizer: 'sgd' });
    expect(sgd.lr).toBeUndefined();
    expect(sgd.weightDecay).toBe(0);
    const layers = resolveConfig({ data: table, layers: [{ dense: 2 }, 'softmax'] });
    expect(layers).toMatchObject({ dropout: 0 });
    expect(layers.hidden).toBeUndefined();
    expect(resolveConfig({ data: table, patience: 'none' }, known(1000)).patience).toBeUndefined();
    for (const ending of [{ schedule: 'cosine' }, { until: 'loss<0.1' }] as const) {
      expect(resolveConfig({ data: table, ...ending }, known(1000)).patience).toBeUndefined();
    }
    expect(
      resolveConfig({ data: table }, { ...known(1000), validated: false, heldBack: false }).patience,
    ).toBeUndefined();
  });

  it.each([
    ['tabular', 100, 32, 250],
    ['tabular', 1000, 64, 100],
    ['tabular', 1e6, 256, 100],
    ['images', 20, 20, 1000],
    ['images', 135, 32, 200],
    ['images', 54_000, 128, 10],
  ] as const)('%s: %i rows make batches of %i and %i epochs', (preset, rows, batch, epochs) => {
    const data = preset === 'tabular' ? table : 'mnist';
    expect(resolveConfig({ data }, known(rows))).toMatchObject({ preset, batch, epochs });
  });

  it('counts the epochs by the batch that is given', () => {
    expect(resolveConfig({ data: table, batch: 'all' }, known(500)).epochs).toBe(1000);
    expect(resolveConfig({ data: table, batch: 250 }, known(500)).epochs).toBe(500);
  });

  it('is stored as the values that it gave, which train to the same bits', async () => {
    const out = join(folder, 'stored');
    const first = await end({ data: table, target: 'y', epochs: 6, workers: 0 }, out);
    const stored = parse(readFileSync(join(out, 'config.yaml'), 'utf8'));
    expect(stored).toMatchObject({ preset: 'none', optimizer: 'adamw', batch: 32, epochs: 6, patience: 12 });
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).preset).toBe('tabular');
    const again = await end(stored, null);
    expect(again.weightsSha256).toBe(first.weightsSha256);
  });

  it('is what --print-config names as the source', () => {
    const printed = execFileSync(
      process.execPath,
      [GRADPOOL, 'train', table, '--print-config', '--lr', '1'],
      {
        encoding: 'utf8',
      },
    );
    expect(printed).toMatch(/^preset: tabular +# default$/m);
    expect(printed).toMatch(/^optimizer: adamw +# preset tabular$/m);
    expect(printed).toMatch(/^batch: auto +# preset tabular$/m);
    expect(printed).toMatch(/^lr: 1 +# --lr$/m);
    expect(printed).toMatch(/^# dropout: +# preset tabular: 0.1 for classification, 0.05 for regression$/m);
  });
});

describe('the best epoch', () => {
  const options: TrainOptions = { data: 'moons:200,noise=0.4', hidden: [32], lr: 1, epochs: 30, workers: 0 };

  it('is what is evaluated and saved', async () => {
    const out = join(folder, 'best');
    const events = await all(options, out);
    const result = events.at(-1) as EndEvent;
    const epochs = events.filter((event): event is EpochEvent => event.type === 'epoch');
    const best = epochs.reduce((one, other) => (other.val!.loss < one.val!.loss ? other : one));
    expect(best.epoch).toBeLessThan(30);
    expect(result).toMatchObject({ bestEpoch: best.epoch, val: best.val, train: best.train });
    const model = await loadModel(out);
    expect(model.weightsSha256).toBe(result.weightsSha256);
  });

  it('is given up for the last on request, and where no rows validate', async () => {
    const best = await end(options, null);
    const last = await end({ ...options, keep: 'last' }, null);
    expect(last.weightsSha256).not.toBe(best.weightsSha256);
    const without = { ...options, val: 0 };
    expect((await end(without, null)).weightsSha256).toBe(
      (await end({ ...without, keep: 'last' }, null)).weightsSha256,
    );
  });
});

async function all(options: TrainOptions, out: string | null): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(options, { out })) events.push(event);
  return events;
}

async function end(options: TrainOptions, out: string | null): Promise<EndEvent> {
  return (await all(options, out)).at(-1) as EndEvent;
}
