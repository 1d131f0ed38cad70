/** The mean of a bag's members against means taken by hand in float64. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Schema } from '#src/data/schema.js';
import { DataError } from '#src/errors.js';
import type { SavedModel } from '#src/model/format.js';
import { loadModel } from '#src/model/index.js';
import { memberMean } from '#src/model/members.js';
import { readModel } from '#src/model/read.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '#src/model/safetensors.js';
import { saveModel } from '#src/model/write.js';
import { membersSha256, weightsSha256 } from '#src/network/digest.js';
import type { DivergenceName } from '#src/network/divergences.js';
import { initialize } from '#src/network/initialize.js';
import { parameterLayout } from '#src/network/layout.js';
import { objective } from '#src/network/network.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';
import { withoutChecksum } from '../support/unsealed.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-members-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value) / values.length;
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
function softmax(z: readonly number[]): number[] {
  const e = z.map(Math.exp);
  const sum = e.reduce((a, b) => a + b);
  return e.map((value) => value / sum);
}

/** Averages outputs [members][R·N] by the code under test. */
function averaged(last: LayerSpec, loss: DivergenceName, outputs: readonly number[][], N: number): number[] {
  const rows = outputs[0].length / N;
  const layers = buildLayers([{ dense: N }, last], 2);
  const total = memberMean(objective(layers, loss), rows + 3);
  const output = new Float32Array(N * (rows + 3));
  for (let twice = 0; twice < 2; twice++) {
    for (const values of outputs) {
      output.set(values);
      total.add(output, rows);
    }
    total.write(output, rows);
  }
  return Array.from(output.subarray(0, rows * N));
}

const OUTPUTS = [
  [0.5, -1.25, 2, 0, 3, -2],
  [1.5, 0.25, -1, 0.5, 0.5, 0.75],
  [-4, 2, 0, 1, -1, 6],
];
const column = (i: number, f: (z: number) => number = (z) => z) => mean(OUTPUTS.map((one) => f(one[i])));

describe('the mean of members', () => {
  it.each([
    ['softmax', 'crossEntropy'],
    ['softmax', 'focal'],
    ['logSoftmax', 'nll'],
  ] as const)('of %s with %s is that of the probabilities', (last, loss) => {
    const logits = averaged(last, loss, OUTPUTS, 3);
    for (const row of [0, 3]) {
      const expected = [0, 1, 2].map((j) => mean(OUTPUTS.map((one) => softmax(one.slice(row, row + 3))[j])));
      softmax(logits.slice(row, row + 3)).forEach((p, j) => {
        expect(p).toBeCloseTo(expected[j], 7);
      });
    }
  });

  it('of a sigmoid is that of the probabilities, each output on its own', () => {
    averaged('sigmoid', 'binaryCrossEntropy', OUTPUTS, 3).forEach((z, i) => {
      expect(sigmoid(z)).toBeCloseTo(column(i, sigmoid), 7);
    });
  });

  it('of exp with poisson is that of the rates', () => {
    averaged('exp', 'poisson', OUTPUTS, 2).forEach((z, i) => {
      expect(Math.exp(z) / column(i, Math.exp)).toBeCloseTo(1, 6);
    });
  });

  it.each([
    ['softmax', 'squaredError'],
    ['tanh', 'squaredError'],
    ['sigmoid', 'hinge'],
  ] as const)('of %s with %s is that of the outputs', (last, loss) => {
    averaged(last, loss, OUTPUTS, 3).forEach((y, i) => {
      expect(y).toBeCloseTo(column(i), 6);
    });
  });

  it('stays finite where probabilities are too small for any float', () => {
    const [a, b] = averaged(
      'softmax',
      'crossEntropy',
      [
        [2000, 0],
        [1500, 0],
      ],
      2,
    );
    expect(a).toBeCloseTo(0, 6);
    expect(b).toBeCloseTo(-1500 - Math.log(2), 2); // (e^−2000 + e^−1500)/2
    const [z] = averaged('sigmoid', 'binaryCrossEntropy', [[900], [1000]], 1);
    expect(z).toBeCloseTo(900 + Math.log(2), 2);
  });
});

/** A bag of networks with the weights of different seeds. */
function bagOf(layers: readonly LayerSpec[], loss: DivergenceName, target: Schema['target'], count = 3) {
  const built = buildLayers(layers, 4);
  const layout = parameterLayout(built);
  const bag = Array.from({ length: count }, (_, seed) => {
    const weights = new Float32Array(layout.length);
    initialize(weights, layout, 'auto', seed + 1, 0);
    return weights;
  });
  const schema: Schema = { kind: 'arrays', type: 'f32', shape: [4], shift: [0.5], scale: [2], target };
  return { network: { inputs: 4, layers, loss }, schema, layout, weights: bag[0], bag, facts: {} };
}
const CLASSES = { kind: 'classes', name: 'c', type: 'text', classes: ['a', 'b', 'c'] } as const;
const TWO = { ...CLASSES, classes: ['a', 'b'] };
const VALUES = {
  kind: 'values',
  names: ['u', 'v'],
  type: 'number',
  shift: [3, -1],
  scale: [0.5, 2],
} as const;

const ROWS = Array.from({ length: 300 }, (_, i) => [i % 7, i % 3, (i * i) % 5, -i % 11].map((x) => x / 5));
const save = (name: string, model: SavedModel) => {
  const file = join(folder, `${name}.safetensors`);
  saveModel(file, model);
  return file;
};

describe('the model of a bag', () => {
  // biome-ignore format: one line a case
  const cases: [string, LayerSpec[], DivergenceName, Schema['target']][] = [
    ['softmax', [{ dense: 5 }, 'tanh', { dense: 3 }, 'softmax'], 'crossEntropy', CLASSES as unknown as Schema['target']],
    ['sigmoid', [{ dense: 5 }, 'relu', { dense: 1 }, 'sigmoid'], 'binaryCrossEntropy', TWO as unknown as Schema['target']],
    ['values', [{ dense: 5 }, 'relu', { dense: 2 }], 'squaredError', VALUES as unknown as Schema['target']],
    ['rates', [{ dense: 5 }, 'relu', { dense: 2 }, 'exp'], 'poisson', VALUES as unknown as Schema['target']],
  ];
  it.each(cases)('with %s predicts the mean of its members', async (name, layers, loss, target) => {
    const model = bagOf(layers, loss, target);
    const load = async (file: string) => {
      const [first, second] = (await loadModel(file, { kernels: 'portable' })).predictRows(ROWS).batches();
      expect(second.from).toBe(256);
      return [first, second].flatMap(({ predicted, probabilities }) =>
        probabilities ? [...probabilities] : (predicted as number[]),
      );
    };
    const together = await load(save(name, model));
    const { bag, ...single } = model;
    const each = await Promise.all(
      bag.map((weights, member) => load(save(`${name}-${member}`, { ...single, weights }))),
    );
    expect(together.length).toBeGreaterThan(ROWS.length);
    together.forEach((value, i) => {
      const expected = mean(each.map((values) => values[i]));
      expect(Math.abs(value - expected)).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected)));
    });
    expect(together).not.toEqual(each[0]);
  });

  it('is read as it was written, and says what it is', async () => {
    const model = bagOf(cases[0][1], 'crossEntropy', CLASSES as unknown as Schema['target']);
    const file = save('round', model);
    const read = readModel(file);
    expect(read.bag).toEqual(model.bag);
    expect(read.weights).toEqual(model.bag[0]);
    const digests = model.bag.map((weights) => weightsSha256(model.layout, weights));
    expect(read.weightsSha256).toBe(membersSha256(digests));
    expect(membersSha256(digests)).not.toBe(membersSha256(digests.toReversed()));
    expect(membersSha256([digests[0]])).toBe(digests[0]);
    expect(await loadModel(file)).toMatchObject({ members: 3, parameters: 3 * model.layout.count });
    const bytes = readFileSync(file);
    saveModel(file, readModel(file));
    expect(readFileSync(file).equals(bytes)).toBe(true);
    const { tensors } = decodeSafetensors(bytes, file);
    expect([...tensors.keys()].slice(3, 5)).toEqual(['members.0.2.bias', 'members.1.0.weight']);
  });
});

describe('a file that says it is a bag', () => {
  const model = bagOf([{ dense: 3 }, 'softmax'], 'crossEntropy', CLASSES as unknown as Schema['target']);
  const sound = readFileSync(save('sound', model));
  const { tensors, metadata } = decodeSafetensors(sound, 'sound');
  const named = Array.from(tensors, ([name, tensor]): NamedTensor => ({ name, ...tensor }));
  const refusal = (list: readonly NamedTensor[], changed: Record<string, string>) => {
    const file = join(folder, 'hostile.safetensors');
    writeFileSync(file, encodeSafetensors(list, withoutChecksum({ ...metadata, ...changed })));
    try {
      readModel(file);
      return 'accepted';
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      return (error as Error).message.replace(`${file}: `, '');
    }
  };

  it.each(['1e9', '1000000000', '1001', '1', '0', '-3', '3.5', '03', '', 'three'])(
    'of %s members is refused',
    (members) => {
      expect(refusal(named, { members })).toMatch(/^damaged: a bag of .* members, expected 2 to 1000/);
    },
  );

  it.each([
    ['1000', /^parameter members\.3\.0\.weight is missing/],
    ['2', /^holds 6 tensors, the networks of its 2 members have 4 parameters/],
  ])('of %s members with the tensors of 3 is refused', (members, message) => {
    expect(refusal(named, { members })).toMatch(message);
  });

  it('is refused without its number, with a tensor missing, renamed or of another shape', () => {
    expect(refusal(named, { version: '1' })).toMatch(/^parameter 0\.weight is missing/);
    expect(refusal(named.slice(1), {})).toMatch(/^parameter members\.0\.0\.weight is missing/);
    const renamed = named.map((one, i) => (i === 5 ? { ...one, name: 'members.3.0.bias' } : one));
    expect(refusal(renamed, {})).toMatch(/^parameter members\.2\.0\.bias is missing/);
    const large = JSON.stringify({ ...model.network, layers: [{ dense: 2 ** 40 }, { dense: 3 }, 'softmax'] });
    expect(refusal(named, { network: large })).toMatch(
      /^parameter members\.0\.0\.weight is F32 \[3,4\], its network needs/,
    );
    const swapped = named.map((one, i) => ({ ...one, data: named[(i + 2) % 6].data }));
    expect(refusal(swapped, {})).toMatch(/^damaged: its weightsSha256/);
  });
});
