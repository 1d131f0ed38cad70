/** Arrays are predicted and evaluated some rows at a time, to the bits of the whole. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVALUATION_BLOCK } from '#src/forward/evaluation.js';
import { loadModel, type Model, train } from '#src/index.js';
import { writeNpy } from '../support/npy.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-arrays-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const ROWS = 700;
const WIDTH = 3;
const inputs = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => ((i * 37) % 101) / 16);
const labels = Uint8Array.from({ length: ROWS }, (_, i) => (inputs[WIDTH * i] > 3 ? 1 : 0));

/** Writes inputs and labels to a folder, and returns the file to name. */
function write(name: string, values: Float32Array, targets = labels): string {
  mkdirSync(path(name));
  writeNpy(path(`${name}/X.npy`), values, [targets.length, WIDTH]);
  writeNpy(path(`${name}/y.npy`), targets, [targets.length]);
  return path(`${name}/X.npy`);
}

let model: Model;
let source: string;
beforeAll(async () => {
  source = write('all', inputs);
  const options = { data: source, hidden: [5], epochs: 2, seed: 1, workers: 0 };
  for await (const _ of train(options, { out: path('run') }));
  model = await loadModel(path('run'));
});

/** Returns all predictions; `predicted` has those that came before an error. */
async function inBlocks(file: string, blockRows?: number, predicted: (number | string)[] = []) {
  for await (const event of model.predictStream(file, { ...(blockRows && { blockRows }), workers: 0 }))
    if (event.type === 'rows') predicted.push(...(event.predicted as (number | string)[]));
  return predicted;
}

describe('arrays in blocks', () => {
  it.each([1, 7, 256, 699, 5000, undefined])('of %s rows have the predictions of the whole', async (rows) => {
    const batches = [...(await model.predict(source)).batches()];
    const predicted = await inBlocks(source, rows);
    expect(predicted).toEqual(batches.flatMap((batch) => [...batch.predicted]));
    expect(predicted).toHaveLength(ROWS);
  });

  it('have the evaluation of the whole', async () => {
    // More than the 4 MiB that are read at a time.
    const rows = 400_000;
    const many = Float32Array.from({ length: rows * WIDTH }, (_, i) => ((i * 41) % 103) / 16);
    const targets = Uint8Array.from({ length: rows }, (_, i) =>
      many[WIDTH * i] + many[WIDTH * i + 1] > 6 ? 1 : 0,
    );
    const whole = await model.evaluate({ inputs: many, shape: [rows, WIDTH], labels: targets });
    const inParts = await model.evaluate(write('many', many, targets));
    expect(inParts).toEqual(whole);
    expect(whole.rows).toBe(rows);
  });

  it('name the row of an error in the whole file', async () => {
    const bad = inputs.slice();
    bad[500 * WIDTH + 1] = Number.NaN;
    const file = write('bad', bad);
    const before: (number | string)[] = [];
    await expect(inBlocks(file, 64, before)).rejects.toThrow(/X\.npy: row 501.* is not a finite number/);
    // A whole evaluation block has come out by then, which shows that the file was not read at once.
    expect(before).toHaveLength(EVALUATION_BLOCK);
  });
});
