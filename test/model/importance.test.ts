/** Importances and dependences against scikit-learn (test/fixtures/sklearn/insight.py) and by hand. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadWithSchema } from '#src/data/load.js';
import type { TableSchema } from '#src/data/schema.js';
import { chooseKernels } from '#src/kernels/choose.js';
import { columnFeatures } from '#src/model/columnfeatures.js';
import { IMPORTANCE_METRICS } from '#src/model/importancemetrics.js';
import { type Importance, type ImportanceOptions, loadModel } from '#src/model/index.js';
import { readModel } from '#src/model/read.js';
import { createRunner } from '#src/model/runner.js';
import { ShuffledScorer } from '#src/model/shuffled.js';
import { saveModel } from '#src/model/write.js';
import { parameterLayout } from '#src/network/layout.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';

interface Linear {
  coef: number[];
  intercept: number;
  orders: number[][];
}
const fixture: {
  x: number[];
  y: number[];
  label: number[];
  linear: Linear & { mse: number[][] };
  logistic: Linear & { logLoss: number[][]; accuracy: number[][]; baseline: number };
  dependence: [number, number][];
  student: [number, number][];
} = JSON.parse(readFileSync(new URL('../fixtures/sklearn/insight.json', import.meta.url), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'gradpool-importance-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = ['a', 'b', 'c'];
const column = (j: number) => fixture.y.map((_, i) => fixture.x[3 * i + j]);
const inputs = { a: column(0), b: column(1), c: column(2) };
const numbers = NAMES.map(
  (name) => ({ kind: 'number', name, type: 'number', shift: 0, scale: 1, fill: 0 }) as const,
);

/** Saves a network of one dense layer, and returns the path of its model. */
function saved(
  name: string,
  parts: { weights: number[][]; layers: LayerSpec[]; loss: 'squaredError' | 'crossEntropy'; inputs?: number },
  schema: TableSchema,
): string {
  const layers = buildLayers(parts.layers, parts.inputs ?? 3);
  const layout = parameterLayout(layers);
  const weights = new Float32Array(layout.length);
  layout.views.forEach(({ offset }, i) => {
    weights.set(parts.weights[i], offset);
  });
  const file = join(folder, `${name}.safetensors`);
  const network = { inputs: parts.inputs ?? 3, layers: parts.layers, loss: parts.loss };
  saveModel(file, { network, schema, layout, weights, facts: {} });
  return file;
}

const linear = saved(
  'linear',
  {
    weights: [fixture.linear.coef, [fixture.linear.intercept]],
    layers: [{ dense: 1 }],
    loss: 'squaredError',
  },
  {
    kind: 'table',
    numberType: 'f64',
    columns: numbers,
    target: { kind: 'values', names: ['y'], type: 'number', shift: [0], scale: [1] },
  },
);
const { coef, intercept } = fixture.logistic;
const logistic = saved(
  'logistic',
  {
    weights: [coef.flatMap((w) => [0, w]), [0, intercept]],
    layers: [{ dense: 2 }, 'softmax'],
    loss: 'crossEntropy',
  },
  {
    kind: 'table',
    numberType: 'f64',
    columns: numbers,
    target: { kind: 'classes', name: 'y', type: 'number', classes: ['0', '1'] },
  },
);
const quantities = { ...inputs, y: fixture.y };
const classes = { ...inputs, y: fixture.label };

const kernels = () => chooseKernels({ kernels: 'portable', precision: 'f32' });

async function importance(file: string, data: object, options?: ImportanceOptions): Promise<Importance> {
  const model = await loadModel(file, { kernels: 'portable' });
  for await (const event of model.importance(data as typeof quantities, options)) {
    if (event.type === 'end') {
      const { type, ...result } = event;
      return result;
    }
  }
  throw new Error('no end');
}

describe('a column in the order that scikit-learn drew', () => {
  const cases = [
    ['mse', linear, quantities, fixture.linear.orders, fixture.linear.mse],
    ['logLoss', logistic, classes, fixture.logistic.orders, fixture.logistic.logLoss],
    ['accuracy', logistic, classes, fixture.logistic.orders, fixture.logistic.accuracy],
  ] as const;
  it.each(cases)('makes %s worse by as much', async (metric, file, data, orders, expected) => {
    const model = readModel(file);
    const { subset } = await loadWithSchema(data, model.schema, { needTargets: true });
    const scorer = new ShuffledScorer(model, createRunner(model, kernels()), subset, 'rows');
    const { value } = IMPORTANCE_METRICS[metric];
    columnFeatures(model.schema)!.forEach((features, j) => {
      for (let repeat = 0; repeat < 3; repeat++) {
        const sums = scorer.shuffled(features, Uint32Array.from(orders[3 * j + repeat]));
        expect(value(sums) - value(scorer.baseline())).toBeCloseTo(expected[j][repeat], 5);
      }
    });
  });
});

describe('importance', () => {
  it('is exactly 0 for a column that the model ignores, and sorted', async () => {
    const found = await importance(linear, quantities, { repeats: 4 });
    expect(found.columns.map(({ column }) => column)).toEqual(['a', 'b', 'c']);
    expect(found.columns[2]).toMatchObject({ mean: 0, low: 0, high: 0, repeats: [0, 0, 0, 0] });
    expect(found).toMatchObject({ rows: 40, metric: 'rmse' });
  });

  it('has the interval of Student’s t', async () => {
    for (const [freedom, quantile] of fixture.student) {
      const { columns } = await importance(linear, quantities, { repeats: freedom + 1 });
      const { mean, high, repeats } = columns[0];
      const variance = repeats.reduce((sum, one) => sum + (one - mean) ** 2, 0) / freedom;
      expect((high! - mean) / Math.sqrt(variance / (freedom + 1)) / quantile).toBeCloseTo(1, 3);
    }
    const { columns } = await importance(linear, quantities, { repeats: 1 });
    expect(columns[0]).toMatchObject({ low: null, high: null });
  });

  it('does not depend on the workers, but on the seed', async () => {
    const alone = await importance(logistic, classes, { workers: 0 });
    expect(alone.metric).toBe('logLoss');
    expect(alone.baseline.logLoss).toBeCloseTo(fixture.logistic.baseline, 6);
    for (const workers of [1, 2, 3]) expect(await importance(logistic, classes, { workers })).toEqual(alone);
    expect(await importance(logistic, classes, { seed: 2 })).not.toEqual(alone);
  });

  it('names columns that say the same', async () => {
    const twin = { ...quantities, c: inputs.a.map((value) => -2 * value) };
    expect((await importance(linear, twin)).related).toEqual([
      { columns: ['a', 'c'], association: expect.closeTo(1, 10) },
    ]);
    expect((await importance(linear, quantities)).related).toEqual([]);
  });

  it('refuses what it cannot measure', async () => {
    await expect(importance(linear, quantities, { metric: 'accuracy' })).rejects.toThrow(
      '--metric accuracy: the model allows rmse, mse, mae',
    );
    await expect(importance(linear, quantities, { repeats: 0 })).rejects.toThrow('--repeats 0: expected');
    await expect(importance(linear, { a: [1], b: [1], c: [1], y: [1] })).rejects.toThrow(
      '1 rows cannot be permuted',
    );
    await expect(importance(linear, inputs)).rejects.toThrow('the column "y" is missing');
  });
});

describe('dependence', () => {
  it('is the mean prediction with the column set, as scikit-learn has it', async () => {
    const model = await loadModel(linear, { kernels: 'portable' });
    const [a] = await model.dependence(quantities, ['a']);
    expect(a).toMatchObject({ column: 'a', rows: 40, outputs: ['y'] });
    expect(a.values).toHaveLength(20);
    const expected = new Map(fixture.dependence);
    a.numbers.forEach((value, i) => {
      expect(a.means[i][0]).toBeCloseTo(expected.get(value!)!, 5);
    });
    expect(a.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
  });

  it('takes every category, and every value where there are few', async () => {
    const file = saved(
      'colours',
      { weights: [[1, 2, 3, 10], [0.5]], layers: [{ dense: 1 }], loss: 'squaredError', inputs: 4 },
      {
        kind: 'table',
        numberType: 'f64',
        columns: [
          { kind: 'category', name: 'colour', type: 'text', categories: ['blue', 'red'], missing: true },
          { ...numbers[0], name: 'size' },
        ],
        target: { kind: 'values', names: ['y'], type: 'number', shift: [0], scale: [1] },
      },
    );
    // The inputs are size, then blue, red and missing: 1·size + 2·blue + 3·red + 10·missing + 0.5.
    const model = await loadModel(file, { kernels: 'portable' });
    const rows = { colour: ['red', 'blue', null, 'red'], size: [1, 2, 3, 2], y: [0, 0, 0, 0] };
    const [colour, size] = await model.dependence(rows, ['colour', 'size']);
    expect(colour).toMatchObject({
      values: ['blue', 'red', null],
      numbers: [null, null, null],
      shares: [0.25, 0.5, 0.25],
    });
    expect(colour.means).toEqual([[4.5], [5.5], [12.5]]);
    expect(size).toMatchObject({ values: ['1', '2', '3'], numbers: [1, 2, 3], shares: [0.25, 0.5, 0.25] });
    expect(size.means).toEqual([[6], [7], [8]]);
  });

  it('is of probabilities where there are classes, and knows its columns', async () => {
    const model = await loadModel(logistic, { kernels: 'portable' });
    const [b] = await model.dependence(inputs, ['b']);
    for (const [no, yes] of b.means) expect(no + yes).toBeCloseTo(1, 6);
    await expect(model.dependence(inputs, ['A'])).rejects.toThrow('--dependence A: ');
  });
});
