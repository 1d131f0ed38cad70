/** Tests how labels are interpreted: as classes, by index or one-hot, or as numbers. */
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { npy } from '../../support/npy.js';
import { failure, file } from '../helpers.js';

const inputs = (rows: number) => npy('<f4', [rows, 2], new Float32Array(2 * rows).map(Math.sin));
const flat = (rows: readonly (readonly number[])[]) => rows.flat();
const ONE_HOT = [
  [0, 1, 0],
  [1, 0, 0],
  [0, 0, 1],
  [0, 1, 0],
];

/** Writes x.npy and y.npy, and returns their folder. */
function folder(name: string, labels: Uint8Array, rows = 4): string {
  file(`${name}/x.npy`, inputs(rows));
  return dirname(file(`${name}/y.npy`, labels));
}
const train = (data: string, task: 'auto' | 'classification' | 'regression' = 'auto') =>
  loadTrainingData({ data, task, val: 0, seed: 1 });

describe('one-hot labels', () => {
  const values = flat(ONE_HOT);
  it.each([
    ['|b1', Uint8Array.from(values)],
    ['|u1', Uint8Array.from(values)],
    ['|i1', Int8Array.from(values)],
    ['<i2', Int16Array.from(values)],
    ['<i4', Int32Array.from(values)],
    ['<i8', BigInt64Array.from(values, BigInt)],
    ['<f4', Float32Array.from(values)],
    ['<f8', Float64Array.from(values)],
  ])('of type %s are classes', async (type, stored) => {
    const data = await train(folder(`hot${type.slice(1)}`, npy(type, [4, 3], stored)));
    expect(data).toMatchObject({ task: 'classification', classes: ['0', '1', '2'], outputs: 3 });
    expect(Array.from(data.train.dataset.targets)).toEqual([1, 0, 2, 1]);
    expect(data.train.dataset.targetWidth).toBe(1);
    expect(data.notes).toContain(
      'labels: one-hot [4, 3], read as 3 classes; --task regression keeps the numbers',
    );
  });

  it('stay numbers for --task regression, without a word', async () => {
    const data = await train(
      folder('kept', npy('|u1', [4, 3], Uint8Array.from(flat(ONE_HOT)))),
      'regression',
    );
    expect(data).toMatchObject({ task: 'regression', classes: null, outputs: 3 });
    expect(data.notes.filter((note) => note.startsWith('labels'))).toEqual([]);
  });

  it('and plain indices are read alike for a model of either', async () => {
    const hot = folder('hot', npy('<f4', [4, 3], Float32Array.from(flat(ONE_HOT))));
    const plain = folder('plain', npy('<i4', [4, 1], Int32Array.of(1, 0, 2, 1)));
    for (const trained of [hot, plain]) {
      const { schema } = await train(trained);
      for (const given of [hot, plain]) {
        const { subset } = await loadWithSchema(given, schema, { needTargets: true });
        expect(Array.from(subset.dataset.targets)).toEqual([1, 0, 2, 1]);
        expect(subset.dataset.targetWidth).toBe(1);
      }
    }
  });

  it('say which classes never occur', async () => {
    const two = npy('|u1', [2, 4], Uint8Array.of(0, 0, 0, 1, 0, 1, 0, 0));
    const { notes } = await train(folder('absent', two, 2));
    expect(notes).toContain('labels: no row is of 2 classes (0, 2)');
  });

  it('of one class only', async () => {
    const one = npy('|u1', [2, 2], Uint8Array.of(0, 1, 0, 1));
    expect(await failure(() => train(folder('single', one, 2)))).toBe(
      '3: single/y.npy: every label is 1; a classifier needs at least two classes',
    );
  });
});

describe('rows that are not one-hot', () => {
  const almost = (...row: number[]) =>
    npy('<f8', [4, 3], Float64Array.from(flat([...ONE_HOT.slice(0, 3), row])));
  it.each([
    ['probabilities', [0.2, 0.7, 0.1]],
    ['two ones', [1, 1, 0]],
    ['no one', [0, 0, 0]],
    ['a two', [2, 0, 0]],
    ['minus one', [1, -1, 0]],
  ])('%s are numbers, and a note says so', async (name, row) => {
    const data = await train(folder(name, almost(...row)));
    expect(data).toMatchObject({ task: 'regression', outputs: 3 });
    expect(data.notes).toContain(
      `labels: [4, 3], read as 3 numbers to predict, since row 4 (${row.join(', ')}) is not one-hot; if they are classes, save the index of the class`,
    );
  });

  it('are refused where classes are asked for', async () => {
    expect(await failure(() => train(folder('asked', almost(0.5, 0.5, 0)), 'classification'))).toBe(
      '3: asked/y.npy: sizes 4 x 3, where one class label a row is expected, or one-hot rows (row 4 (0.5, 0.5, 0) is not one-hot); save the index of the class, or use --task regression',
    );
  });

  it('are refused by a model of classes, and so is another number of columns', async () => {
    const { schema } = await train(folder('model', npy('|u1', [4, 3], Uint8Array.from(flat(ONE_HOT)))));
    const evaluate = (data: string) => failure(() => loadWithSchema(data, schema, { needTargets: true }));
    expect(await evaluate(folder('soft', almost(0.5, 0.5, 0)))).toBe(
      '3: soft/y.npy: row 4 (0.5, 0.5, 0) is not one-hot, and the model was trained on classes; give one-hot rows, or the index of the class',
    );
    expect(await evaluate(folder('four', npy('|u1', [4, 2], Uint8Array.of(1, 0, 1, 0, 1, 0, 0, 1))))).toBe(
      '3: four/y.npy: 2 numbers in a row, where the model expects one of its 3 classes (0, 1, 2); give the label of each row',
    );
  });
});

describe('single labels', () => {
  it.each([[[8]], [[8, 1]]])('whole numbers stored as float, sizes %j, are classes', async (shape) => {
    const labels = npy('<f4', shape, Float32Array.of(3, 7, 3, 7, 7, 3, 3, 7));
    const data = await train(folder(`float${shape.length}`, labels, 8));
    expect(data).toMatchObject({ task: 'classification', classes: ['3', '7'] });
    expect(Array.from(data.train.dataset.targets)).toEqual([0, 1, 0, 1, 1, 0, 0, 1]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is named with its file and row', async (value) => {
    const broken = npy('<f8', [4], Float64Array.of(0, 1, value, 1));
    const message = `/y.npy: row 3: ${value} is not a finite number; fill or remove it`;
    for (const task of ['auto', 'regression'] as const)
      expect(await failure(() => train(folder('broken', broken), task))).toBe(`3: broken${message}`);
    for (const labels of [Uint8Array.of(0, 1, 1, 0), Uint8Array.of(0, 10, 20, 30)]) {
      const { schema } = await train(
        folder('sound', npy('|u1', [4], labels)),
        labels[1] === 1 ? 'auto' : 'regression',
      );
      const load = () => loadWithSchema(folder('broken', broken), schema, { needTargets: true });
      expect(await failure(load)).toBe(`3: broken${message}`);
    }
  });
});
