/** Tests that no value which overflows when it is scaled reaches the arithmetic (promise P6). */
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dataset, Encoding, StoredArray } from '#src/data/dataset.js';
import { allocate } from '#src/data/elements.js';
import { findFarInput, findFarTarget } from '#src/data/finite.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { allRows } from '#src/data/split.js';
import { npy } from '../support/npy.js';
import { failure, file } from './helpers.js';

function numbers(type: Parameters<typeof allocate>[0], values: readonly number[]): StoredArray {
  const stored = allocate(type, values.length);
  stored.set(values);
  return stored;
}
function dataset(stored: StoredArray, width: number): Dataset {
  const codes = new Uint16Array(new SharedArrayBuffer(0));
  const rows = stored.length / width;
  const both = { numbers: stored, numberWidth: width, targets: stored, targetWidth: width };
  return { rows, ...both, codes, codeWidth: 0 };
}
function encoding(shift: number[], scale: number[]): Encoding {
  return { shift, scale, cardinalities: [], embeddings: [], targetShift: shift, targetScale: scale };
}

describe('findFarInput and findFarTarget', () => {
  it('find the first value beyond 1e15 of its own column, in these rows alone', () => {
    const data = dataset(numbers('f64', [0, 0, 3e15, 0, 0, -4e15, 5e15, 5e15]), 2);
    const own = encoding([0, 1e15], [0.25, 1]);
    for (const far of [findFarInput, findFarTarget]) {
      expect(far(data, own, allRows(4))).toEqual({ row: 2, column: 1, value: -4e15 });
      expect(far(data, own, Uint32Array.of(3))).toEqual({ row: 3, column: 0, value: 5e15 });
      expect(far(data, own, Uint32Array.of(0, 1))).toBe(null);
      expect(far(data, encoding([0], [0.2]), allRows(4))).toBe(null);
      expect(far(data, encoding([0], [1]), allRows(4))).toEqual({ row: 1, column: 0, value: 3e15 });
    }
  });

  it('take no value that is not finite, however wide the column is', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const type of ['f32', 'f64'] as const)
        expect(
          findFarInput(dataset(numbers(type, [1, value]), 1), encoding([0], [1e-300]), allRows(2)),
        ).toEqual({
          row: 1,
          column: 0,
          value,
        });
  });

  it('agree with the arithmetic: what they take is finite in float32', () => {
    for (const [shift, scale] of [
      [-1.7e308, 1e-300],
      [1e300, 1e-290],
      [0, 1e290],
      [5, 1e-3],
    ])
      for (let exponent = -300; exponent <= 308; exponent++)
        for (const value of [10 ** exponent, -(10 ** exponent), shift, shift + 1 / scale]) {
          const found = findFarInput(
            dataset(numbers('f64', [value]), 1),
            encoding([shift], [scale]),
            allRows(1),
          );
          const scaled = Math.fround((value - shift) * scale);
          if (found === null) expect(Math.abs(scaled)).toBeLessThan(1.1e15);
        }
  });

  it('an integer type is looked at where it can be beyond', () => {
    const data = (type: 'u8' | 'i16' | 'i32') => dataset(numbers(type, [0, 100]), 1);
    for (const type of ['u8', 'i16', 'i32'] as const) {
      expect(findFarInput(data(type), encoding([0], [1e3]), allRows(2))).toBe(null);
      expect(findFarInput(data(type), encoding([0], [1e14]), allRows(2))).toEqual({
        row: 1,
        column: 0,
        value: 100,
      });
    }
  });

  it('classes and rows without targets have no far target', () => {
    const none = { ...dataset(numbers('f64', [1]), 1), targets: allocate('f32', 0) };
    expect(findFarTarget(none, encoding([0], [1]), allRows(1))).toBe(null);
    const classes = { ...encoding([0], [1]), targetShift: [], targetScale: [] };
    expect(findFarTarget(dataset(numbers('u16', [1, 2]), 1), classes, allRows(2))).toBe(null);
  });
});

describe('arrays', () => {
  const x = (name: string, inputs: readonly number[], labels: readonly number[], type = '<f8') => {
    const Stored = type === '<f8' ? Float64Array : Float32Array;
    file(`${name}/y.npy`, npy(type, [labels.length], Stored.from(labels)));
    return dirname(file(`${name}/x.npy`, npy(type, [inputs.length / 2, 2], Stored.from(inputs))));
  };
  const rows = 40;
  const inputs = Array.from({ length: 2 * rows }, (_, i) => Math.sin(i));
  const labels = Array.from({ length: rows }, (_, i) => Math.cos(i) + i / 7);
  const train = (data: string, val: number | string = 0.2, test: number | string = 0.2) =>
    loadTrainingData({ data, task: 'auto', val, test, seed: 1 });
  const broken = (values: readonly number[], at: number, value: number) => values.with(at, value);
  const FAR =
    'lies too far from the training rows to compute with (beyond 1e15 of their standard deviations); correct or remove it';

  it('a value far out is refused in validation, test, evaluation and prediction', async () => {
    const sound = x('sound', inputs, labels);
    const { val, test, schema } = await train(sound);
    for (const part of [val!, test!]) {
      const row = part.rows[2];
      const far = x('far', broken(inputs, 2 * row + 1, 1e300), labels);
      const message = `x.npy: row ${row + 1}, column 2: 1e+300 ${FAR}`;
      expect(await failure(() => train(far))).toBe(`3: far/${message}`);
      expect(await failure(() => train(sound, far))).toBe(`3: far/${message}`);
      for (const needTargets of [true, false])
        expect(await failure(() => loadWithSchema(far, schema, { needTargets }))).toBe(`3: far/${message}`);

      const target = x('target', inputs, broken(labels, row, -1e17));
      const told = `3: target/y.npy: row ${row + 1}: -100000000000000000 ${FAR}`;
      expect(await failure(() => train(target))).toBe(told);
      expect(await failure(() => loadWithSchema(target, schema, { needTargets: true }))).toBe(told);
      expect((await loadWithSchema(target, schema, { needTargets: false })).rows).toBe(rows);
    }
  });

  it('float32 is finite in its file and far out all the same', async () => {
    const { schema } = await train(x('sound32', inputs, labels, '<f4'));
    const far = x('far32', broken(inputs, 4, 3e38), labels, '<f4');
    expect(await failure(() => loadWithSchema(far, schema, { needTargets: false }))).toMatch(
      /^3: far32\/x\.npy: row 3, column 1: 3\.0\d+e\+38 lies too far/,
    );
  });

  it('training values that cannot be scaled are refused', async () => {
    const huge = x(
      'huge',
      inputs.map((value, i) => (i % 2 ? 1e200 * value : value)),
      labels,
    );
    expect(await failure(() => train(huge))).toMatch(
      /^3: huge\/x\.npy: column 2: its values are too large or too close together to be scaled \(mean \S+, standard deviation Infinity\); divide or multiply them first$/,
    );
    const target = x(
      'targets',
      inputs,
      labels.map((value) => 1e200 * value),
    );
    expect(await failure(() => train(target))).toMatch(/^3: targets\/y\.npy: its values are too large /);
  });
});
