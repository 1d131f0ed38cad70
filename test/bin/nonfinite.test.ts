/** A metric that is not finite ends a run with exit code 4; whatever was saved before still opens. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '#src/run/checkpoint.js';
import type { TrainState } from '#src/train/state.js';
import { unseal } from '../support/unsealed.js';
import { Place } from './cli.js';

const place = new Place();
const table = (rows: number, first: (row: number) => number) =>
  ['a,b,price', ...Array.from({ length: rows }, (_, i) => `${first(i)},${(i * 7) % 11},${price(i)}`)].join(
    '\n',
  );
const price = (row: number) => 2 * row + 5 - (row % 5);
const gradpool = (line: string) => place.gradpool(line.split(' '));
// eˣ leaves the range of float32 for an input that the data may well have
const TRAIN =
  'train houses.csv -t price --preset none --hidden 4 --activation exp --lr 0.001 --seed 3 --workers 0 --epochs 4 --quiet';

beforeAll(() => {
  place.write(
    'houses.csv',
    table(60, (row) => row),
  );
  place.write(
    'outlier.csv',
    table(30, (row) => (row === 16 ? -1e6 : row)),
  );
});
afterAll(() => place.remove());

const record = (run: string) => JSON.parse(readFileSync(place.path(run, 'run.json'), 'utf8'));

it('of validation: names epoch and row, and leaves a run that opens', async () => {
  const { code, stderr, stdout } = await gradpool(`${TRAIN} --val outlier.csv --out val`);
  expect(stderr).toMatch(
    /^gradpool: diverged after epoch 1: the validation loss is not finite: layer 1 \(exp 4->4\) is not finite in the forward pass for validation row 17; .*\n$/,
  );
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(record('val')).toMatchObject({ status: 'diverged', exitCode: 4 });
  const inspected = await gradpool('inspect val');
  expect(inspected.code, inspected.stderr).toBe(0);
  expect(inspected.stdout).toMatch(/status +diverged: diverged after epoch 1/);
  const resumed = await gradpool('resume val --quiet');
  expect({ code: resumed.code, stderr: resumed.stderr }).toEqual({ code: 4, stderr });
});

it('of the test: keeps the model', async () => {
  const { code, stderr } = await gradpool(`${TRAIN} --test outlier.csv --out test`);
  expect(stderr).toMatch(/diverged after epoch 4: the test loss is not finite: .* for test row 17;/);
  expect(code).toBe(4);
  expect(existsSync(place.path('test', 'model.safetensors'))).toBe(true);
  const evaluated = await gradpool('evaluate test houses.csv');
  expect(evaluated.code, evaluated.stderr).toBe(0);
});

/** A run as earlier versions left it, which went on with NaN: JSON has null in its place. */
it('of a run by an earlier version: inspect shows it, resume goes on', async () => {
  const trained = await gradpool(`${TRAIN} --patience 9 --out old`);
  expect(trained.code, trained.stderr).toBe(0);
  const nothing = { loss: null, rmse: null };
  const metrics = readFileSync(place.path('old', 'metrics.jsonl'), 'utf8')
    .split('\n')
    .map((line) =>
      line.replace(/"crc32":"\w*",/, '').replace(/"val":\{[^}]*\}/, `"val":${JSON.stringify(nothing)}`),
    );
  place.write('old/metrics.jsonl', metrics.join('\n'));
  const { result } = record('old');
  unseal(place.path('old'), { result: { ...result, val: nothing, test: nothing } });
  for (const name of ['last', 'best']) {
    const file = place.path('old', 'checkpoints', `${name}.safetensors`);
    const { length, slots } = shape(file);
    const checkpoint = readCheckpoint(file, length, slots);
    const { epochWeight, ...state } = checkpoint.state;
    const metric = { loss: Number.NaN, rmse: Number.POSITIVE_INFINITY };
    const broken = { ...state, val: metric, best: { ...state.best!, val: metric } };
    await writeCheckpoint(file, { ...checkpoint, state: broken as TrainState });
    const read = readCheckpoint(file, length, slots);
    expect(read.state).toMatchObject({
      val: { loss: Number.NaN, rmse: Number.NaN },
      epochWeight: state.epochRows,
    });
  }
  const inspected = await gradpool('inspect old');
  expect(inspected.stderr).toBe('');
  expect(inspected.stdout).toMatch(/last +rmse NaN, loss NaN/);
  expect((await gradpool('inspect old --json')).code).toBe(0);
  const resumed = await gradpool('resume old --epochs 8 --quiet --json');
  expect(resumed.code, resumed.stderr).toBe(0);
  const { bestEpoch, val } = JSON.parse(resumed.stdout);
  expect(bestEpoch).toBeGreaterThan(4); // any loss is better than NaN
  expect(val.loss).toBeGreaterThan(0);
});

/** What `readCheckpoint` wants to know, from the file's header. */
function shape(file: string): { length: number; slots: number } {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8'));
  const slots = Object.keys(header).filter((name) => name.startsWith('slot.')).length;
  return { length: header.weights.shape[0], slots };
}
