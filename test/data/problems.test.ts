import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeSource } from '#src/data/describe.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { PROBLEM_NAMES } from '#src/data/problems/index.js';
import { absoluteSources } from '#src/run/sources.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { failure, file } from './helpers.js';

const load = (data: string, val: number | string = 'auto', seed = 1) =>
  loadTrainingData({ data, task: 'auto', val, seed });

/** Returns the points, row by row, and the labels. */
async function sample(data: string) {
  const { numbers, numberWidth, targets, rows } = (await load(data, 0)).train.dataset;
  const row = (r: number) => Array.from(numbers.subarray(r * numberWidth, (r + 1) * numberWidth));
  return { points: Array.from({ length: rows }, (_, r) => row(r)), labels: Array.from(targets) };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the points', () => {
  it('of the spirals are those of Lang & Witbrock', async () => {
    const { points, labels } = await sample('spirals');
    expect(points).toHaveLength(194);
    for (let i = 0; i <= 96; i++) {
      const angle = (i * Math.PI) / 16;
      const radius = (6.5 * (104 - i)) / 104;
      const [inner, outer] = [points[2 * i], points[2 * i + 1]];
      expect(outer[0]).toBeCloseTo(radius * Math.sin(angle), 13);
      expect(outer[1]).toBeCloseTo(radius * Math.cos(angle), 13);
      expect([inner[0] + outer[0], inner[1] + outer[1]]).toEqual([0, 0]);
      expect(labels.slice(2 * i, 2 * i + 2)).toEqual([0, 1]);
    }
  });

  it('of xor and parity are truth tables', async () => {
    expect(await sample('xor')).toEqual({
      points: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      labels: [0, 1, 1, 0],
    });
    expect((await sample('parity:3')).labels).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
    const { points, labels } = await sample('parity');
    expect(new Set(points.map((bits) => bits.join(''))).size).toBe(16);
    expect(points[6]).toEqual([0, 1, 1, 0]);
    points.forEach((bits, row) => {
      expect(labels[row]).toBe(bits.filter((bit) => bit === 1).length % 2);
    });
  });

  it('of moons, circles and blobs lie on their curves without noise', async () => {
    const far = ([x, y]: number[], [a, b]: number[], radius: number) => Math.hypot(x - a, y - b) - radius;
    const moons = await sample('moons:101,noise=0');
    moons.points.forEach((point, row) => {
      const upper = moons.labels[row] === 0;
      expect(far(point, upper ? [0, 0] : [1, 0.5], 1)).toBeCloseTo(0, 14);
      expect(upper ? point[1] : 0.5 - point[1]).toBeGreaterThan(-1e-15);
    });
    const circles = await sample('circles:64,noise=0');
    circles.points.forEach((point, row) => {
      expect(far(point, [0, 0], circles.labels[row] === 0 ? 1 : 0.5)).toBeCloseTo(0, 14);
    });
    expect(new Set(circles.points.map(String)).size).toBe(64);
    const blobs = await sample('blobs:6,noise=0');
    expect(new Set(blobs.points.map(String)).size).toBe(3);
    for (const point of blobs.points) expect(far(point, [0, 0], 4)).toBeCloseTo(0, 14);
  });

  it('of sine are its graph', async () => {
    const { points, labels } = await sample('sine:20000,noise=0');
    labels.forEach((y, row) => {
      expect(Math.abs(y - Math.sin(points[row][0]))).toBeLessThan(1e-15);
    });
    const x = points.flat();
    expect(Math.abs(mean(x))).toBeLessThan((4 * Math.PI) / Math.sqrt(3 * 20000));
    expect(mean(x.map((value) => value * value))).toBeCloseTo(Math.PI ** 2 / 3, 0);
    expect([Math.min(...x) < -3.14, Math.max(...x) > 3.14, Math.max(...x) < Math.PI]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('of iris are Fisher’s', async () => {
    const { points, labels } = await sample('iris');
    const means = [0, 1, 2].map((species) => {
      const flowers = points.filter((_, row) => labels[row] === species);
      expect(flowers).toHaveLength(50);
      return [0, 1, 2, 3].map((j) => Number(mean(flowers.map((flower) => flower[j])).toFixed(3)));
    });
    expect(means).toEqual([
      [5.006, 3.428, 1.462, 0.246],
      [5.936, 2.77, 4.26, 1.326],
      [6.588, 2.974, 5.552, 2.026],
    ]);
  });
});

describe('a sample', () => {
  it('has balanced classes, whatever its size', async () => {
    const names = fc.constantFrom('moons', 'circles', 'spirals', 'blobs');
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 4, max: 300 }), async (name, size) => {
        const { labels, points } = await sample(`${name}:${size}`);
        expect(labels).toHaveLength(size);
        expect(points.flat().every(Number.isFinite)).toBe(true);
        const classes = [...new Set(labels)].map((label) => labels.filter((other) => other === label).length);
        expect(classes).toHaveLength(name === 'blobs' ? 3 : 2);
        expect(Math.max(...classes) - Math.min(...classes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('has normal noise of the deviation asked for', async () => {
    const rows = 20_000;
    const quiet = (await sample(`moons:${rows},noise=0`)).points.flat();
    const noise = (await sample(`moons:${rows},noise=0.3`)).points.flat().map((value, i) => value - quiet[i]);
    const standard = noise.map((value) => value / 0.3);
    const moment = (power: number) => mean(standard.map((value) => value ** power));
    const error = 4 / Math.sqrt(standard.length); // four standard errors, for the moments 1, 2 and 4
    expect(Math.abs(moment(1))).toBeLessThan(error);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(error * Math.sqrt(2));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(error * Math.sqrt(96));
    const products = standard.flatMap((value, i) => (i % 2 === 0 ? [value * standard[i + 1]] : []));
    expect(Math.abs(mean(products))).toBeLessThan(error * Math.sqrt(2));
  });

  it('has the same bits on every run and machine, and others for another seed', async () => {
    const fingerprints = await Promise.all(
      PROBLEM_NAMES.map(async (name) => [name, (await load(name)).fingerprint.slice(0, 16)]),
    );
    expect(Object.fromEntries(fingerprints)).toMatchInlineSnapshot(`
      {
        "blobs": "058dde61bdae9043",
        "circles": "e54a5b98b25e3ed1",
        "iris": "847e22450a2d5e7d",
        "moons": "7ead347c24624836",
        "parity": "e9dde4a82cc57d44",
        "sine": "5c9dd06e119679fe",
        "spirals": "9852dbbf62bcd2d0",
        "xor": "6ae46c73bbfb4d81",
      }
    `);
    expect((await load('moons', 0, 7)).fingerprint).toBe((await load('moons')).fingerprint);
    expect((await load('moons:seed=2')).fingerprint).not.toBe((await load('moons')).fingerprint);
    expect((await load('moons:1000,noise=0.1,seed=1')).fingerprint).toBe((await load('moons')).fingerprint);
  });

  it('of the same problem is what a model is evaluated on', async () => {
    const { schema } = await load('moons');
    const { rows, subset } = await loadWithSchema('moons:300,seed=2', schema, { needTargets: true });
    expect([rows, subset.dataset.targets.length]).toEqual([300, 300]);
    expect(schema).toMatchObject({
      kind: 'arrays',
      shape: [2],
      target: { kind: 'classes', classes: ['0', '1'] },
    });
  });

  it('is described by inspect', async () => {
    expect((await describeSource('xor')).parts).toMatchObject([{ name: 'train', rows: 4 }]);
  });
});

it('species are named in the model, and found again by their names', async () => {
  const { schema, classes } = await load('iris');
  expect(classes).toEqual(['setosa', 'versicolor', 'virginica']);
  const { subset } = await loadWithSchema('iris', schema, { needTargets: true });
  expect(subset.dataset.targets[100]).toBe(2);
});

describe('validation', () => {
  it('takes nothing from the problems that are complete, unless it is told to', async () => {
    for (const name of ['xor', 'parity', 'spirals']) {
      const { val, notes, train } = await load(name);
      expect(val).toBeNull();
      expect(notes).toContain(
        `validation: none, since the ${train.rows.length} rows are all there is of ${name}; --val 0.1 keeps some back`,
      );
    }
    expect((await load('parity', 0.25)).val!.rows.length).toBe(4);
  });

  it('takes a tenth of the others', async () => {
    const { val, train } = await load('moons');
    expect([train.rows.length, val!.rows.length]).toEqual([900, 100]);
    expect((await load(file('t.csv', `x,y\n${'1,0\n2,1\n'.repeat(20)}`))).val!.rows.length).toBe(4);
    expect((await load('moons', 0)).val).toBeNull();
  });

  it('is what patience needs', async () => {
    expect(await failure(() => plan({ data: 'xor', patience: 3 }))).toMatch(/^2: patience .*set val 0.1/);
    expect((await plan({ data: 'moons', patience: 3 })).config.patience).toBe(3);
  });
});

async function plan(options: TrainOptions) {
  const config = resolveConfig(options);
  return planTraining(config, await loadTrainingData(config));
}

it('the batch is 128 rows, or all where there are fewer; a larger one that was asked for is refused', async () => {
  expect(await plan({ data: 'xor' })).toMatchObject({ batch: 4, stepsPerEpoch: 1 });
  expect((await plan({ data: 'xor' })).notes).toContain('batch: all 4 rows');
  expect(await plan({ data: 'spirals' })).toMatchObject({ batch: 128, stepsPerEpoch: 2 });
  expect(await failure(() => plan({ data: 'xor', batch: 5 }))).toBe(
    '2: batch: 5 is larger than the 4 training rows; take --batch all, or at most 4',
  );
});

describe('a name', () => {
  const names = ['mnist', ...PROBLEM_NAMES].join(', ');
  it.each([
    [
      'parity-4',
      `3: parity-4: neither a file, a directory nor a built-in data set (${names}), did you mean "parity:4"?`,
    ],
    [
      'moon500',
      `3: moon500: neither a file, a directory nor a built-in data set (${names}), did you mean "moons:500"?`,
    ],
    [
      'spiral',
      `3: spiral: neither a file, a directory nor a built-in data set (${names}), did you mean "spirals"?`,
    ],
    ['xor:2', '2: xor:2: unknown option "2"; xor has nothing to choose'],
    ['parity:4,seed=2', '2: parity:4,seed=2: unknown option "seed=2"; known: bits'],
    ['moons:size=9', '2: moons:size=9: unknown option "size=9"; known: points, noise, seed'],
    ['parity:17', '2: parity:17: bits must be a whole number from 2 to 16, found "17"'],
    ['parity:2.5', '2: parity:2.5: bits must be a whole number from 2 to 16, found "2.5"'],
    ['moons:', '2: moons:: points must be a whole number from 4 to 10000000, found ""'],
    ['moons:noise=-1', '2: moons:noise=-1: noise must be a number from 0 to 1000000, found "-1"'],
    [
      'moons:seed=many',
      '2: moons:seed=many: seed must be a whole number from 0 to 9007199254740991, found "many"',
    ],
  ])('that is wrong is refused in one line: %s', async (name, message) => {
    expect(await failure(() => load(name))).toBe(message);
  });

  it('comes before a file that has it too, and stays a name in the record of the run', () => {
    mkdirSync(file('xor/inner', '').replace(/inner$/, 'xor'));
    const before = process.cwd();
    process.chdir(dirname(file('xor/inner', '')));
    try {
      const sources = absoluteSources(resolveConfig({ data: 'xor', val: 'xor', test: 'inner' }));
      expect(sources).toMatchObject({ data: 'xor', val: 'xor' });
      expect(sources.test).toMatch(/\/inner$/);
    } finally {
      process.chdir(before);
    }
  });
});
