/**
 * A run that an earlier gradpool was interrupted in. test/fixtures/runs/0.1.0 was made at d27cc77 by `train
 * table.csv -t answer --hidden 5 --batch 16 --epochs 4 --optimizer adam --averaging ema --kernels portable
 * --workers 0 --checkpoint-every 3 --seed 3`, stopped after step 7 of 16; whole.safetensors is the model of
 * the same training when it is not interrupted. DATA stands for the path of table.csv.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '#src/model/index.js';
import { resume, train } from '#src/run/train.js';
import { unseal } from '../support/unsealed.js';

const FIXTURE = fileURLToPath(new URL('../fixtures/runs/0.1.0', import.meta.url));
const WHOLE = '272127b9c506c3d3fbad1100e818a5be45037e12d838d556f577cb661bae20dd';

let folder: string;
let run: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-older-'));
  run = join(folder, 'run');
  cpSync(join(FIXTURE, 'interrupted'), run, { recursive: true });
  const config = join(run, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('DATA', join(FIXTURE, 'table.csv')));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run of an earlier gradpool', () => {
  it('goes on to the bits that gradpool would have reached', async () => {
    const events = [];
    for await (const event of resume(run)) events.push(event);
    expect(events[0]).toMatchObject({ type: 'start', step: 7 });
    expect(events.at(-1)).toMatchObject({
      type: 'end',
      status: 'completed',
      steps: 16,
      weightsSha256: WHOLE,
    });
  });

  it('ends in a model that predicts like the one of that gradpool', async () => {
    const table = join(FIXTURE, 'table.csv');
    const [resumed, whole] = [run, join(FIXTURE, 'whole.safetensors')];
    const predict = async (path: string) => {
      const model = await loadModel(path, { kernels: 'portable' });
      const predictions = await model.predict(table);
      return { sha: model.weightsSha256, batches: [...predictions.batches()] };
    };
    expect(await predict(resumed)).toEqual(await predict(whole));
  });

  it('goes on where its configuration has a key that its loss does not use', async () => {
    const out = join(folder, 'numbers');
    const options = { data: join(FIXTURE, 'table.csv'), target: 'price', hidden: [3], workers: 0 };
    for await (const _ of train({ ...options, epochs: 2 }, { out }));
    const config = join(out, 'config.yaml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('labelSmoothing: 0', 'labelSmoothing: 0.1'));
    unseal(out);
    const events = [];
    for await (const event of resume(out, { epochs: 3 })) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'end', epochs: 3 });

    const asked = train({ ...options, labelSmoothing: 0.1 }, { out: null });
    await expect(asked.next()).rejects.toThrow('labelSmoothing: loss squaredError does not use it');
  });
});
