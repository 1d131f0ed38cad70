/** Tests that tables in memory are read by the same rules as files, through the library. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTrainingData } from '#src/data/load.js';
import type { TableRows } from '#src/data/tables/records.js';
import { loadModel } from '#src/model/index.js';
import { resume, train } from '#src/run/train.js';
import type { TrainEvent } from '#src/train/events.js';
import { failure, file } from '../helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-records-'));
afterAll(() => rmSync(folder, { recursive: true }));

const homes = Array.from({ length: 40 }, (_, i) => ({
  area: 20 + ((i * 37) % 90),
  sold: new Date(Date.UTC(2020, i % 12, 1 + (i % 28))),
  kind: i % 3 === 0 ? 'flat' : 'house',
  garden: i % 2 === 0,
  price: `${100 + i},5`,
}));
const load = (data: TableRows, options: object = {}) =>
  loadTrainingData({ data, task: 'auto', val: 0, seed: 1, ...options });

describe('arrays in memory', () => {
  const inputs = Uint8Array.from({ length: 20 * 4 }, (_, i) => (i * 37) % 256);

  it('are read as files of arrays are, in the type that they have', async () => {
    const labels = Int32Array.from({ length: 20 }, (_, i) => i % 2);
    const data = await loadTrainingData({
      data: { inputs, shape: [20, 2, 2], labels },
      task: 'auto',
      val: 0,
      seed: 1,
    });
    expect(data.schema).toMatchObject({ kind: 'arrays', type: 'u8', shape: [2, 2] });
    expect(data.classes).toEqual(['0', '1']);
    expect(data.train.dataset.numbers).toEqual(
      new Uint8Array(data.train.dataset.numbers.buffer, 0, 80).map((_, i) => inputs[i]),
    );
    const values = Float64Array.from({ length: 40 }, (_, i) => i / 3);
    const two = await loadTrainingData({
      data: { inputs, labels: values, shape: [20, 4] },
      task: 'auto',
      val: 0,
      seed: 1,
    });
    expect(two).toMatchObject({ task: 'regression', outputs: 2 });
  });

  it('are refused where their sizes do not fit', async () => {
    const labels = new Uint8Array(20);
    const load = (shape: number[]) =>
      failure(() => loadTrainingData({ data: { inputs, shape, labels }, task: 'auto', val: 0, seed: 1 }));
    expect(await load([20, 5])).toBe(
      '3: arrays: inputs have 80 numbers, which is not 20 x 5; give their shape: [rows, …]',
    );
    expect(await load([40, 2])).toBe('3: arrays: 20 labels for 40 rows; give every row the same number');
  });
});

describe('a table in memory', () => {
  it('gives what the same table in a file gives', async () => {
    const rows = homes.map(({ sold, ...home }) => ({ ...home, sold: sold.toISOString().slice(0, 10) }));
    const source = file('homes.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const expected = await loadTrainingData({ data: source, target: 'price', task: 'auto', val: 0, seed: 1 });
    const found = await load(homes, { target: 'price' });
    const byName = ({ schema }: typeof found) =>
      schema.kind === 'table'
        ? Object.fromEntries(schema.columns.map((column) => [column.name, column]))
        : {};
    expect(byName(found)).toEqual(byName(expected));
    expect(Array.from(found.train.dataset.targets)).toEqual(homes.map((_, i) => 100.5 + i));
    expect(found.name).toBe('rows');
  });

  it('may come as an async iterable, or as columns', async () => {
    async function* stream() {
      yield* homes;
    }
    const expected = await load(homes, { target: 'price' });
    expect((await load(stream(), { target: 'price' })).fingerprint).toBe(expected.fingerprint);
    const columns = {
      area: Float64Array.from(homes, ({ area }) => area),
      sold: homes.map(({ sold }) => sold),
      kind: homes.map(({ kind }) => kind),
      garden: homes.map(({ garden }) => garden),
      price: homes.map(({ price }) => price),
    };
    expect((await load(columns, { target: 'price' })).fingerprint).toBe(expected.fingerprint);
  });

  it('takes null, undefined, NaN and an absent key as missing, and leaves nested values out', async () => {
    const gaps = [{ x: null }, { x: undefined }, { x: Number.NaN }, {}];
    const rows = [...gaps, ...Array.from({ length: 8 }, (_, x) => ({ x }))].map((row, i) => ({
      ...row,
      list: [1] as never,
      y: i % 2 ? 'a' : 'b',
    }));
    const { notes, schema } = await load(rows);
    expect(schema).toMatchObject({ columns: [{ name: 'x', fill: 3.5 }] });
    expect(notes).toContain('column "x": 4 missing values filled with the median, 3.5');
    expect(notes).toContain('column "list": its type list is neither a number, a date nor text; left out');
  });

  it.each([
    [[null], 'row 1: expected a record by column name, found null'],
    [[{ x: 1, y: 0 }, [1, 2]], 'row 2: expected a record by column name, found an array'],
    [{ x: [1, 2], y: [1] }, 'column "y" has 1 values and column "x" 2; give columns of one length'],
    [{ x: [1, 2], y: 'ab' }, 'column "y": expected an array of values, found string'],
  ])('is refused with the row or column that is wrong: %j', async (rows, message) => {
    expect(await failure(() => load(rows as never, { target: 'y' }))).toContain(message);
  });

  it('names a value that does not fit', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      x: i === 11 ? Number.POSITIVE_INFINITY : i,
      y: i % 2,
    }));
    expect(await failure(() => load(rows))).toBe(
      '3: rows: row 12, column "x": "Infinity" is not a finite number; correct or empty the cell',
    );
    const days = Array.from({ length: 30 }, (_, i) => ({
      x: new Date(i === 5 ? Number.NaN : 1e9 * i),
      y: i % 2,
    }));
    expect(await failure(() => load(days))).toMatch(
      /^3: rows: row 6, column "x": "Invalid Date" is not a date/,
    );
  });

  it('trains, resumes with the rows given again, and predicts', async () => {
    const run = join(folder, 'run');
    const end = async (events: AsyncGenerator<TrainEvent>) => {
      let last: TrainEvent | undefined;
      for await (const event of events) last = event;
      if (last?.type !== 'end') throw new Error('the last event is the end');
      return last;
    };
    const options = { target: 'price', hidden: [4], epochs: 4, workers: 0 } as const;
    const whole = await end(train({ data: homes, val: homes, ...options }, { out: null }));
    await end(train({ data: homes, val: homes, ...options, epochs: 2 }, { out: run }));
    expect(await failure(() => end(resume(run, { epochs: 4 })))).toBe(
      '2: the run was begun on rows in memory: give them again, as in resume(run, { data: rows })',
    );
    const others = homes.map((home) => ({ ...home, area: home.area + 1 }));
    expect(await failure(() => end(resume(run, { epochs: 4, data: others, val: homes })))).toMatch(
      /^3: \(rows in memory\): not the data that .* was trained on/,
    );
    expect(await failure(() => end(resume(run, { epochs: 4, data: homes, val: others })))).toMatch(
      /^3: \(rows in memory\): not the validation data that .* was trained on/,
    );
    const resumed = await end(resume(run, { epochs: 4, data: homes, val: homes }));
    expect(resumed.weightsSha256).toBe(whole.weightsSha256);

    const model = await loadModel(run);
    const values = (batches: Iterable<{ predicted: readonly unknown[] }>) =>
      Array.from(batches, ({ predicted }) => predicted).flat();
    const fromRows = values(model.predictRows(homes).batches());
    expect(values((await model.predict(homes)).batches())).toEqual(fromRows);
    expect((await model.evaluate(homes)).rows).toBe(40);
    const { kept } = await model.predict(homes, { keep: ['kind', 'price'] });
    expect(kept.map(({ name, text }) => [name, text(0), text(1)])).toEqual([
      ['kind', 'flat', 'house'],
      ['price', '100,5', '101,5'],
    ]);
  });
});
