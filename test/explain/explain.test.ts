/**
 * The lecture on one instance: golden numbers, derivatives beside differences, paths beside backpropagation.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { explain } from '#src/explain/explain.js';
import { withScaledDerivatives } from '#src/explain/gradcheck.js';
import { findVariable, parameterVariable } from '#src/explain/names.js';
import { gradcheckNetwork } from '#src/explain/ownnetwork.js';
import { openSubject, type Subject } from '#src/explain/subject.js';
import { isOk } from '#src/explain/trace.js';
import { loadModel } from '#src/model/index.js';
import { parameterLayout } from '#src/network/layout.js';
import type { LayerSpec } from '#src/network/spec.js';
import { train } from '#src/run/train.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EXAMPLE = 'examples/lecture-2-2-2.yaml';

function write(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

let written = 0;
function subjectOf(layers: readonly LayerSpec[], loss: string, input: number[], target: number | number[]) {
  return openSubject({ path: write(`own-${written++}.json`, { layers, loss, explain: { input, target } }) });
}

function expectClose(
  actual: readonly number[] | undefined,
  expected: readonly number[],
  digits: number,
): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual![i]).toBeCloseTo(value, digits);
  });
}

describe('the 2-2-2 network of the lecture', async () => {
  const subject = await openSubject({ path: EXAMPLE });
  const { trace, paths, perturbations, small, influence } = explain(subject);
  const [first, second] = trace.layers;

  it('goes forward and back', () => {
    expect(small).toBe(true);
    expectClose(first.z?.values, [0.3775, 0.3925], 12);
    expectClose(first.y.values, [0.5932699921, 0.5968843783], 10);
    expectClose(
      first.slopes!,
      first.y.values.map((y) => y * (1 - y)),
      15,
    );
    expectClose(
      second.slopes!,
      second.y.values.map((y) => y * (1 - y)),
      15,
    );
    expectClose(second.z?.values, [1.1059059671, 1.2249214041], 10);
    expectClose(second.y.values, [0.7513650696, 0.7729284653], 10);
    expect(trace.divergence).toBeCloseTo(0.29837110876, 12);
    expectClose(first.z?.derivatives, [0.0087714, 0.0099543], 7);
    expectClose(first.y.derivatives, [0.0363503, 0.0413703], 7);
  });

  it('has every derivative beside its difference quotient', () => {
    const weights = trace.layers.flatMap((layer) => layer.weights);
    expect(weights.map(({ variable }) => variable.name)).toEqual(
      [1, 2].flatMap((k) => [1, 2].flatMap((j) => [0, 1, 2].map((i) => `w_${i}${j}(${k})`))),
    );
    for (const { derivative, numeric, error, factors } of weights) {
      expect(isOk(error)).toBe(true);
      expect(numeric).toBeCloseTo(derivative, 9);
      expect(factors![0] * factors![1]).toBeCloseTo(derivative, 15);
    }
    expect(weights[1].derivative).toBeCloseTo(0.000438567734, 12);
    expect(weights[7].derivative).toBeCloseTo(0.0821670406, 10);
    expect(trace).toMatchObject({ compared: 22, kinks: 0 });
  });

  it('is the sum of two paths, and predicts a nudge', () => {
    expectClose(
      paths[0].paths.map(({ product }) => product),
      [0.0006684, -0.00022983],
      8,
    );
    expect(paths[0].paths.map(({ via }) => via)).toEqual([['z_1(2)'], ['z_2(2)']]);
    expect(paths[0].sum).toBeCloseTo(paths[0].backpropagated, 15);
    const [{ predicted, actual, slope }] = perturbations;
    expect(predicted).toBeCloseTo(4.38568e-7, 12);
    expect(actual).toBeCloseTo(4.38566e-7, 12);
    expect(slope).toBeCloseTo(2, 2);
  });

  it('has the biases as weights from the constant 1', () => {
    const constants = influence!.nodes.filter(({ kind }) => kind === 'bias');
    expect(constants.map(({ name, value }) => [name, value])).toEqual([
      ['y_0(0)', 1],
      ['y_0(1)', 1],
    ]);
    const [dz1, dz2] = [first, second].map(({ z }) => z!.derivatives.reduce((sum, dz) => sum + dz));
    expectClose(
      constants.map(({ derivative }) => derivative),
      [0.35 * dz1, 0.6 * dz2],
      15,
    );
  });

  it('shows a wrong derivative as wrong', () => {
    const layers = subject.layers.map((layer, index) =>
      index === 1 ? withScaledDerivatives(layer, 1.001) : layer,
    );
    const wrong = explain({ ...subject, layers }).trace;
    expect(isOk(wrong.error)).toBe(false);
    expect(wrong.layers[0].weights.every(({ error }) => !isOk(error))).toBe(true);
    expect(wrong.layers[1].weights.every(({ error }) => isOk(error))).toBe(true);
  });
});

describe('other networks', () => {
  const networks: [string, LayerSpec[], string, number[], number | number[]][] = [
    [
      'scalar activations',
      [{ dense: 3 }, 'tanh', { dense: 2 }, 'sigmoid'],
      'squaredError',
      [0.3, -0.7],
      [0, 1],
    ],
    ['softmax at the end', [{ dense: 3 }, 'gelu', { dense: 3 }, 'softmax'], 'crossEntropy', [0.3, -0.7], 2],
    ['softmax in the middle', [{ dense: 3 }, 'softmax', { dense: 2 }], 'squaredError', [0.3, -0.7], [0, 1]],
    [
      'a skip connection',
      [{ dense: 3 }, { residual: [{ dense: 2 }, 'tanh', { dense: 3 }] }, { dense: 1 }],
      'squaredError',
      [0.3, -0.7],
      [1],
    ],
    [
      'a sum of branches',
      [{ add: [[{ dense: 2 }, 'tanh'], [{ dense: 2 }]] }, { dense: 1 }],
      'squaredError',
      [1, 2],
      [1],
    ],
    [
      'a product of branches',
      [{ multiply: [[{ dense: 2 }], [{ dense: 2 }, 'sigmoid']] }],
      'squaredError',
      [1, 2],
      [1, 0],
    ],
    [
      'branches beside each other',
      [{ concat: [['identity'], [{ dense: 2 }, 'tanh']] }, { dense: 1 }],
      'squaredError',
      [1, 2],
      [1],
    ],
    [
      'layer normalisation, gate, maxima',
      [{ dense: 4 }, 'layerNorm', { dense: 4 }, 'swiglu', { maxout: { units: 2, pieces: 2 } }],
      'squaredError',
      [1, 2],
      [1, 0],
    ],
    [
      'an activation first',
      ['tanh', { dense: 2 }, { prelu: { perUnit: true } }],
      'squaredError',
      [1, -2],
      [1, 0],
    ],
  ];

  it.each(networks)(
    '%s: all derivatives agree, and every path sum is backpropagation',
    async (_, layers, loss, input, target) => {
      const subject = await subjectOf(layers, loss, input, target);
      const { trace, influence } = explain(subject);
      expect(trace.error).toBeLessThanOrEqual(1e-7);
      expectClose(
        influence!.inputs.map((node) => influence!.nodes[node].derivative),
        trace.x.derivatives,
        13,
      );
      const layout = parameterLayout(subject.layers);
      for (const [view, { derivatives, shape }] of trace.parameters.entries()) {
        const count = shape.reduce((a, b) => a * b);
        for (let index = 0; index < count; index += 2) {
          const variable = parameterVariable(subject.layers, layout, view, index);
          expect(findVariable(variable.key, subject.layers, layout)).toEqual(variable);
          const [{ sum, backpropagated }] = explain(subject, { weight: variable.key }).paths;
          expect(backpropagated).toBe(derivatives[index]);
          expect(sum).toBeCloseTo(backpropagated, 13);
        }
      }
    },
  );

  it('the Jacobian of softmax is y_j(δ_ij − y_i)', async () => {
    const { trace } = explain(await subjectOf([{ dense: 4 }, 'softmax'], 'crossEntropy', [0.3, -0.7], 1));
    const { jacobian, y, slopes } = trace.layers[0];
    expect(slopes).toBeNull();
    for (const [j, row] of jacobian!.entries()) {
      expectClose(
        row,
        y.values.map((yi, i) => y.values[j] * (Number(i === j) - yi)),
        15,
      );
      expect(row.reduce((sum, value) => sum + value)).toBeCloseTo(0, 15);
    }
  });

  it('many paths are summed by the unit they go through', async () => {
    const layers: LayerSpec[] = [{ dense: 6 }, 'tanh', { dense: 6 }, 'tanh', { dense: 3 }];
    const [found] = explain(await subjectOf(layers, 'squaredError', [0.3, -0.7], [0, 1, 0]), {
      weight: 'w[1][2,3]',
    }).paths;
    expect(found).toMatchObject({ count: 18, enumerated: true });
    const deep: LayerSpec[] = [...layers.slice(0, 4), { dense: 6 }, 'tanh', { dense: 3 }];
    const [more] = explain(await subjectOf(deep, 'squaredError', [0.3, -0.7], [0, 1, 0]), {
      weight: 'w[1][2,3]',
    }).paths;
    expect(more).toMatchObject({ count: 108, enumerated: false });
    expect(more.paths).toHaveLength(6);
    expect(more.sum).toBeCloseTo(more.backpropagated, 14);
  });

  it('divergence and activation fused give what they give apart', async () => {
    const { fused } = explain(await subjectOf([{ dense: 3 }, 'softmax'], 'crossEntropy', [0.3, -0.7], 1));
    expect(fused!.difference).toBeLessThan(1e-12);
    expect(explain(await subjectOf([{ dense: 3 }], 'squaredError', [0.3, -0.7], [1, 1, 1])).fused).toBeNull();
  });

  it('a nudged input changes Div as predicted', async () => {
    const subject = await subjectOf([{ dense: 3 }, 'tanh', { dense: 1 }], 'squaredError', [0.3, -0.7], [1]);
    const [{ variable, predicted, actual, slope }] = explain(subject, { perturb: 'x2=1e-4' }).perturbations;
    expect(variable).toBe('x_2');
    expect(actual / predicted).toBeCloseTo(1, 3);
    expect(slope).toBeCloseTo(2, 2);
  });

  it('a kink is named: relu at exactly 0', async () => {
    const { trace } = explain(
      await subjectOf([{ dense: 2 }, 'relu', { dense: 1 }], 'squaredError', [0, 0], [1]),
    );
    expect(trace.kinks).toBeGreaterThan(0);
    expect(trace.error).toBeLessThanOrEqual(1e-7);
  });

  it('a large network is compared where its derivatives are largest', async () => {
    const found = explain(
      await openSubject({
        path: write('large.json', { data: 'spirals', hidden: [40, 40], loss: 'crossEntropy' }),
      }),
    );
    expect(found).toMatchObject({ small: false, influence: null, paths: [] });
    expect(found.trace.layers[1].weights).toHaveLength(16);
    expect(found.trace.layers[1].weightCount).toBe(40 * 41);
    expect(found.trace.error).toBeLessThanOrEqual(1e-7);
  });
});

describe('a trained run', async () => {
  const run = join(folder, 'run');
  for await (const _ of train(
    { data: 'iris', hidden: [5], activation: 'tanh', epochs: 3, workers: 0 },
    { out: run },
  ));

  it('is explained with its own weights and data', async () => {
    const subject = await openSubject({ path: run, row: 60 });
    expect(subject).toMatchObject({ origin: 'trained', instance: 'row 60 of iris', loss: 'crossEntropy' });
    const { trace } = explain(subject);
    expect(trace.error).toBeLessThanOrEqual(1e-7);
    const model = await loadModel(run, { kernels: 'reference' });
    const [batch] = (await model.predict('iris')).batches();
    const { values } = trace.layers[1].y;
    expectClose(values, [...batch.probabilities!.subarray(3 * 59, 3 * 60)], 6);
    expect(trace.divergence).toBeCloseTo(-Math.log(values[subject.d[0]]), 12);
  });

  it('takes an input and a class by its name', async () => {
    const { classes } = await loadModel(run);
    const request = { path: join(run, 'model.safetensors'), input: [0.1, 0.2, 0.3, 0.4] };
    expect((await openSubject({ ...request, target: classes![2] })).d).toEqual(Float64Array.of(2));
    await expect(openSubject({ ...request, target: 'rose' })).rejects.toThrow(
      /target: expected a class \(.*\), found "rose"/,
    );
    await expect(openSubject({ path: request.path })).rejects.toThrow(
      /a model file does not name its data: add it/,
    );
  });

  it('passes gradcheck, and fails it with one wrong layer', async () => {
    const subject = await openSubject({ path: run, rows: 6 });
    const report = gradcheckNetwork(subject);
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ rows: 6, controls: { total: 3, caught: 3 } });
    const wrong = gradcheckNetwork(subject, (layer) =>
      layer.kind === 'tanh' ? withScaledDerivatives(layer, 1 + 1e-5) : layer,
    );
    expect(wrong.failures[0]).toMatch(/dense 0\.\w+\[\d+\]: relative error/);
  });
});

describe('a mistake is said in one line', () => {
  const network = { layers: [{ dense: 2 }, 'sigmoid'], loss: 'squaredError' };
  const given = { input: [1, 2], target: [0, 1] };
  const mistakes: [string, object, RegExp][] = [
    ['no network', { loss: 'squaredError', explain: given }, /no network: give layers/],
    ['no instance', network, /no instance: give --input and --target, or data/],
    ['no loss', { layers: network.layers, explain: given }, /loss: without data it must be named/],
    ['no target', { ...network, explain: { input: [1, 2] } }, /target: give the desired output/],
    [
      'a short target',
      { ...network, explain: { input: [1, 2], target: [1] } },
      /target: the network has 2 outputs, found "1"/,
    ],
    [
      'a key',
      { ...network, explain: { ...given, weigths: [] } },
      /explain: unknown key 'weigths', did you mean 'weights'\?/,
    ],
    [
      'matrices',
      { ...network, explain: { ...given, weights: [] } },
      /weights: 0 matrices for 1 weighted combinations/,
    ],
    [
      'rows',
      { ...network, explain: { ...given, weights: [[[1, 2]]] } },
      /weights of layer 1: expected 3 rows .* of 2, found 1 of 2/,
    ],
    ['a layer', { ...network, layers: [{ dens: 2 }], explain: given }, /unknown layer 'dens'/],
  ];
  it.each(mistakes)('%s', async (name, config, message) => {
    await expect(openSubject({ path: write(`${name}.json`, config) })).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode: 2,
    });
  });

  it('data', async () => {
    await expect(openSubject({ path: join(folder, 'nowhere.yaml') })).rejects.toMatchObject({ exitCode: 3 });
    const path = write('rows.json', { data: 'iris', hidden: [3] });
    await expect(openSubject({ path, row: 151 })).rejects.toMatchObject({
      message: expect.stringMatching(/--row 151: iris has rows 1 to 150/),
      exitCode: 2,
    });
    await expect(openSubject({ path, input: [1, 2], target: '1' })).rejects.toMatchObject({ exitCode: 2 });
  });

  it('a variable', async () => {
    const subject: Subject = await openSubject({ path: EXAMPLE });
    const weights: [string, RegExp][] = [
      ['w[3][1,1]', /^w\[3\]\[1,1\]: the network has layers 1 to 2$/],
      ['w[1][3,1]', /out of range; w\[1\]\[i,j\] with i from 0 \(the bias\) to 2, j from 1 to 2$/],
      ['w[1][1]', /out of range/],
      ['v[1][1,1]', /layer 1 has no such weight/],
      ['w11', /expected an input such as x1, or a weight such as w\[1\]\[1,2\]/],
      ['x3', /inputs x1 to x2/],
    ];
    for (const [weight, message] of weights) expect(() => explain(subject, { weight })).toThrow(message);
    for (const perturb of ['x1', 'x1=', 'x1=a', 'x1=0', 'x1=1=2']) {
      expect(() => explain(subject, { perturb })).toThrow(/--perturb .*expected a variable and a step/);
    }
  });
});
