/** Saved models against PyTorch (test/fixtures/pytorch/models.py), and against damage. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Schema } from '#src/data/schema.js';
import { DataError } from '#src/errors.js';
import { type Evaluation, loadModel, type PredictionBatch, type Predictions } from '#src/model/index.js';
import { readModel } from '#src/model/read.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '#src/model/safetensors.js';
import { saveModel } from '#src/model/write.js';
import { initialize } from '#src/network/initialize.js';
import { parameterLayout } from '#src/network/layout.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';
import { layerTable } from '#src/network/table.js';
import { train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import { writeNpy } from '../support/npy.js';

const fixtures = new URL('../fixtures/pytorch/', import.meta.url);
const fixture = (name: string) => fileURLToPath(new URL(`${name}.safetensors`, fixtures));
const torch: {
  inputs: number[];
  models: Record<
    string,
    {
      weightsSha256: string;
      targets: (number | number[])[];
      predictions: number[][];
      metrics: Record<string, unknown>;
    }
  >;
} = JSON.parse(readFileSync(new URL('models.json', fixtures), 'utf8'));
const NAMES = ['classes', 'binary', 'values'] as const;
const ROWS = torch.inputs.length / 4;

const folder = mkdtempSync(join(tmpdir(), 'gradpool-model-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inputs = join(folder, 'rows.npy');
writeNpy(inputs, Float32Array.from(torch.inputs), [ROWS, 4]);

/** A folder with x.npy and y.npy. */
function labelled(name: string): string {
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  writeNpy(join(data, 'x.npy'), Float32Array.from(torch.inputs), [ROWS, 4]);
  const targets = torch.models[name].targets;
  if (name === 'values') writeNpy(join(data, 'y.npy'), Float32Array.from(targets.flat()), [ROWS, 2]);
  else writeNpy(join(data, 'y.npy'), Uint8Array.from(targets as number[]), [ROWS]);
  return data;
}

function all(predictions: Predictions): { predicted: (string | number)[]; probabilities: number[] | null } {
  const batches: PredictionBatch[] = [...predictions.batches()];
  expect(batches.map(({ from }) => from)).toEqual([0, 256]);
  return {
    predicted: batches.flatMap(({ predicted }) => [...predicted]),
    probabilities: batches[0].probabilities && batches.flatMap(({ probabilities }) => [...probabilities!]),
  };
}

const worst = (a: ArrayLike<number>, b: readonly number[]) =>
  b.reduce((max, value, i) => Math.max(max, Math.abs(a[i] - value) / Math.max(1, Math.abs(value))), 0);

describe.each(['reference', 'portable', 'wasm'] as const)(
  'a model that PyTorch wrote, with %s kernels',
  (kernels) => {
    it.each(['classes', 'binary'])('%s: probabilities and classes', async (name) => {
      const { predictions: expected } = torch.models[name];
      const model = await loadModel(fixture(name), { kernels });
      const result = await model.predict(inputs);
      expect(result).toMatchObject({ rows: ROWS, classes: model.classes, targets: ['label'] });
      const { predicted, probabilities } = all(result);
      expect(probabilities).toHaveLength(ROWS * model.classes!.length);
      expect(worst(probabilities!, expected.flat())).toBeLessThan(2e-6);
      expect(predicted).toEqual(expected.map((p) => model.classes![p.indexOf(Math.max(...p))]));
    });

    it('values: in their own units', async () => {
      const model = await loadModel(fixture('values'), { kernels });
      const result = await model.predict(inputs);
      expect(result).toMatchObject({ rows: ROWS, classes: null, targets: ['label1', 'label2'] });
      const { predicted, probabilities } = all(result);
      expect(probabilities).toBeNull();
      expect(predicted).toHaveLength(2 * ROWS);
      expect(worst(predicted as number[], torch.models.values.predictions.flat())).toBeLessThan(2e-6);
    });

    it.each(NAMES)("%s: the evaluation is scikit-learn's", async (name) => {
      const model = await loadModel(fixture(name), { kernels });
      const { rows, metrics, confusion, mae, r2 }: Evaluation = await model.evaluate(labelled(name));
      expect(rows).toBe(ROWS);
      const found: Record<string, unknown> = { ...metrics, confusion, mae, r2 };
      for (const [key, value] of Object.entries(torch.models[name].metrics)) {
        if (typeof value === 'number') expect((found[key] as number) / value, key).toBeCloseTo(1, 6);
        else expect(found[key], key).toEqual(value);
      }
      if (name === 'values') expect(confusion).toBeNull();
      else expect({ mae, r2 }).toEqual({ mae: null, r2: null });
    });
  },
);

describe('a model', () => {
  it('says what it is', async () => {
    const model = await loadModel(fixture('classes'));
    expect(model).toMatchObject({
      path: fixture('classes'),
      task: 'classification',
      classes: ['3', '5', '8'],
      parameters: 4 * 5 + 5 + 5 * 4 + 4 + 4 * 3,
      weightsSha256: torch.models.classes.weightsSha256,
      facts: { epochs: 3, by: 'hand' },
      network: { inputs: 4, loss: 'crossEntropy' },
    });
    expect(
      model.layers.map(({ kind, inputs, outputs, parameters }) => ({ kind, inputs, outputs, parameters })),
    ).toEqual([
      { kind: 'dense', inputs: 4, outputs: 5, parameters: 25 },
      { kind: 'gelu', inputs: 5, outputs: 5, parameters: 0 },
      { kind: 'dense', inputs: 5, outputs: 4, parameters: 24 },
      { kind: 'leakyRelu', inputs: 4, outputs: 4, parameters: 0 },
      { kind: 'dense', inputs: 4, outputs: 3, parameters: 12 },
      { kind: 'softmax', inputs: 3, outputs: 3, parameters: 0 },
    ]);
  });

  it.each(NAMES)('%s: saved again, it holds what PyTorch wrote, and the same bytes every time', (name) => {
    const copy = join(folder, `${name}.safetensors`);
    saveModel(copy, readModel(fixture(name)));
    const [written, original] = [copy, fixture(name)].map((file) =>
      decodeSafetensors(readFileSync(file), file),
    );
    expect([...written.tensors]).toEqual([...original.tensors]);
    const plain = (text: string) => (/^[[{]/.test(text) ? JSON.parse(text) : text);
    for (const [key, value] of Object.entries(original.metadata)) {
      expect(plain(written.metadata[key]), key).toEqual(plain(value));
    }
    const bytes = readFileSync(copy);
    saveModel(copy, readModel(copy));
    expect(readFileSync(copy).equals(bytes)).toBe(true);
  });

  it('is found in its run', async () => {
    const run = join(folder, 'run');
    mkdirSync(run);
    await expect(loadModel(run)).rejects.toThrow(/run: holds no model\.safetensors: .*\(gradpool resume /);
    copyFileSync(fixture('binary'), join(run, 'model.safetensors'));
    expect((await loadModel(run)).path).toBe(join(run, 'model.safetensors'));
    await expect(loadModel(join(folder, 'none'))).rejects.toThrow(/none: there is no such run or model/);
  });

  it('gives a row the same prediction alone as among others', async () => {
    const model = await loadModel(fixture('classes'));
    const { probabilities } = all(await model.predict(inputs));
    const one = join(folder, 'one.npy');
    writeNpy(one, Float32Array.from(torch.inputs.slice(4 * 270, 4 * 271)), [1, 4]);
    const [batch] = [...(await model.predict(one)).batches()];
    expect([...batch.probabilities!]).toEqual(probabilities!.slice(3 * 270, 3 * 271));
  });

  it('takes rows in hand', async () => {
    const model = await loadModel(fixture('classes'));
    const rows = Array.from({ length: ROWS }, (_, row) => torch.inputs.slice(4 * row, 4 * row + 4));
    expect(all(model.predictRows(rows))).toEqual(all(await model.predict(inputs)));
    expect(model.predictRows([]).rows).toBe(0);
    expect(() => model.predictRows([...rows, [1, 2, 3]])).toThrow(/^row 301: expected 4 numbers, found 3$/);
    expect(() => model.predictRows([[1, 2, Number.NaN, 4]])).toThrow(
      /^row 1, number 3: expected a finite number, found/,
    );
  });

  it('names the row for which its output is not finite', async () => {
    const large = join(folder, 'large.safetensors');
    const original = readModel(fixture('values'));
    saveModel(large, { ...original, weights: original.weights.map((weight) => 1e14 * weight) });
    const model = await loadModel(large);
    const far = Float32Array.from(torch.inputs);
    far[4 * 261 + 2] = 1e14;
    writeNpy(join(folder, 'far.npy'), far, [ROWS, 4]);
    const predictions = await model.predict(join(folder, 'far.npy'));
    expect(() => [...predictions.batches()]).toThrow(/far\.npy: row 262: the network's output is not finite/);
    expect(() => [...predictions.batches()]).toThrow(DataError);
  });
});

describe('the model of a run', () => {
  it.each(NAMES)('%s: is evaluated to the bits that training printed', async (name) => {
    const data = labelled(name);
    const run = join(folder, `run-${name}`);
    const loss: TrainOptions['loss'] = name === 'binary' ? 'binaryCrossEntropy' : 'auto';
    const options = { data, test: data, loss, hidden: [6], epochs: 2, workers: 0, seed: 2 };
    for await (const event of train(options, { out: run })) {
      if (event.type !== 'end') continue;
      const model = await loadModel(run);
      expect(model.weightsSha256).toBe(event.weightsSha256);
      expect(model.facts).toMatchObject({ epochs: 2, seed: 2 });
      expect((await model.evaluate(data)).metrics).toEqual(event.test);
    }
    expect.assertions(3);
  });
});

describe('a model of tables', () => {
  const column = { kind: 'number', type: 'number', shift: 1, scale: 0.5, fill: 4 } as const;
  const schema: Schema = {
    kind: 'table',
    numberType: 'f64',
    columns: [
      { ...column, name: 'size' },
      { kind: 'category', name: 'kind', type: 'text', categories: ['a', 'null'], missing: true },
      { ...column, name: 'day', type: 'date', shift: 19_000, scale: 0.01 },
      { kind: 'category', name: 'new', type: 'boolean', categories: ['false', 'true'], missing: false },
    ],
    target: { kind: 'values', names: ['price'], type: 'number', shift: [100], scale: [0.1] },
  };
  // the weights are powers of ten, so that the price shows what each input was
  const layers = buildLayers([{ dense: 1 }], 7);
  const layout = parameterLayout(layers);
  const weights = new Float32Array(layout.length);
  weights.set([1, 10, 1000, 10_000, 100, 100_000, 200_000]); // size, day, a, 'null', missing, false, true
  const file = join(folder, 'table.safetensors');
  saveModel(file, {
    network: { inputs: 7, layers: [{ dense: 1 }], loss: 'squaredError' },
    schema,
    layout,
    weights,
    facts: {},
  });
  const price = async (row: Record<string, unknown>) => {
    const [batch] = [...(await loadModel(file)).predictRows([row]).batches()];
    return ((batch.predicted[0] as number) - 100) / 10;
  };
  const day = new Date('2022-01-18T00:00:00Z'); // 19,010 days after 1970

  it('takes records: numbers first, then a slot for each category', async () => {
    expect(await price({ size: 3, kind: 'a', day, new: false })).toBeCloseTo(1 + 1 + 1000 + 100_000, 1);
    expect(await price({ size: 3, kind: 'null', day, new: true })).toBeCloseTo(1 + 1 + 10_000 + 200_000, 1);
  });

  it('fills what is missing, and knows what it does not know', async () => {
    expect(await price({ size: null, kind: null, day, new: null })).toBeCloseTo(1.5 + 1 + 100, 1);
    expect(await price({ size: 3, kind: 'c', day: 19_010, new: 'maybe' })).toBeCloseTo(1 + 1 + 100, 1);
  });

  it('reads text as a file would be read, and the two values of a boolean however they are given', async () => {
    const expected = 1 + 1 + 1000 + 200_000;
    for (const yes of [true, 1, 'true', 'True', 'TRUE', '1']) {
      expect(await price({ size: ' 3.0 ', kind: 'a', day: '2022-01-18', new: yes })).toBeCloseTo(expected, 1);
    }
  });

  it('refuses what it cannot take', async () => {
    await expect(price({ size: 3, kind: 'a', day })).rejects.toThrow(
      /^row 1: the column "new" is missing; give null/,
    );
    await expect(price({ size: 'three', kind: 'a', day, new: 1 })).rejects.toThrow(
      /^row 1, column "size": "three" is not a number/,
    );
    await expect(price({ size: Number.NaN, kind: 'a', day, new: 1 })).rejects.toThrow(
      /^row 1, column "size": expected a finite number, found NaN; give null for a missing value$/,
    );
    await expect(price({ size: Number.POSITIVE_INFINITY, kind: 'a', day, new: 1 })).rejects.toThrow(
      /^row 1, column "size": "Infinity" is not a finite number/,
    );
    await expect(price({ size: day, kind: 'a', day, new: 1 })).rejects.toThrow(
      /^row 1, column "size": "2022-01-18T00:00:00.000Z" is not a number/,
    );
    await expect(price({ size: 1, kind: 'a', day: 'today', new: 1 })).rejects.toThrow(
      /^row 1, column "day": "today" is not a date of the form yyyy-mm-dd/,
    );
    const model = await loadModel(file);
    expect(() => model.predictRows([null as never])).toThrow(
      /^row 1: expected a record by column name, found null$/,
    );
    expect(() => model.predictRows([[1, 2] as never])).toThrow(
      /^row 1: expected a record by column name, found a list$/,
    );
  });
});

describe('every kind of layer', () => {
  const layers: LayerSpec[] = [
    { embedding: [{ categories: 3, size: 2 }] },
    { residual: ['layerNorm', { dense: 10 }, 'swiglu', { dense: 5 }] },
    'batchNorm',
    { concat: [[{ dense: 2 }], [{ maxout: { units: 2, pieces: 3 } }, 'prelu']] },
    { dropout: 0.5 },
    { dense: 3 },
    'softmax',
  ];
  const schema = readModel(fixture('classes')).schema;

  it('is saved and read; tables of embeddings lie as in PyTorch, weights are turned', () => {
    const built = buildLayers(layers, 4);
    const layout = parameterLayout(built);
    const weights = new Float32Array(layout.length);
    initialize(weights, layout, 'auto', 1);
    const network = { inputs: 4, layers, loss: 'crossEntropy' as const };
    const file = join(folder, 'kinds.safetensors');
    saveModel(file, { network, schema, layout, weights, facts: {} });
    expect(readModel(file).weights).toEqual(weights);
    expect(layerTable(built).reduce((sum, { parameters }) => sum + parameters, 0)).toBe(layout.count);
    const { tensors } = decodeSafetensors(readFileSync(file), file);
    expect(tensors.get('0.0.weight')?.shape).toEqual([3, 2]);
    expect(tensors.get('1.1.weight')?.shape).toEqual([10, 5]);
    expect([...tensors.keys()]).toEqual(layout.views.map(({ name }) => name));
  });
});

describe('a model file that is not one', () => {
  const sound = readFileSync(fixture('classes'));
  const { tensors, metadata } = decodeSafetensors(sound, 'classes');
  const file = join(folder, 'damaged.safetensors');
  const named = [...tensors].map(([name, tensor]): NamedTensor => ({ name, ...tensor }));

  const refusal = (bytes: Uint8Array): string => {
    writeFileSync(file, bytes);
    return refusalOfFile();
  };
  const refusalOfFile = (): string => {
    try {
      readModel(file);
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      const { message } = error as DataError;
      expect(message.startsWith(`${file}: `)).toBe(true);
      expect(message).not.toContain('\n');
      return message.slice(file.length + 2);
    }
    return 'accepted';
  };
  const withMetadata = (change: Record<string, string>) =>
    encodeSafetensors(named, { ...metadata, ...change });
  const withNetwork = (change: object) =>
    withMetadata({ network: JSON.stringify({ ...JSON.parse(metadata.network), ...change }) });
  const withSchema = (change: object) =>
    withMetadata({ preprocessing: JSON.stringify({ ...JSON.parse(metadata.preprocessing), ...change }) });
  const withTensor = (change: (tensor: NamedTensor) => NamedTensor | []) =>
    encodeSafetensors(named.flatMap(change), metadata);

  it('is refused wherever it ends', () => {
    expect(refusal(sound)).toBe('accepted');
    for (let length = sound.length - 1; length >= 0; length--) {
      truncateSync(file, length);
      expect(refusalOfFile(), `at ${length}`).not.toBe('accepted');
    }
  });

  it('is refused with any one bit of its weights changed', () => {
    const start = 8 + Number(sound.readBigUInt64LE());
    for (let at = start; at < sound.length; at++) {
      const bytes = Uint8Array.from(sound);
      bytes[at] ^= 1 << (at % 8);
      expect(refusal(bytes), `byte ${at}`).toMatch(
        /^(damaged: its weightsSha256|parameter .* is not finite)/,
      );
    }
  });

  // biome-ignore format: one line a case
  const cases: [string, () => Uint8Array, RegExp][] = [
    ['of another format', () => withMetadata({ format: 'pt' }), /^not a gradpool model: its format is pt/],
    ['without metadata', () => encodeSafetensors(named, {}), /^not a gradpool model: its format is not given/],
    ['of another version', () => withMetadata({ version: '3' }), /^a model of format version 3; this gradpool reads versions 1 and 2/],
    ['of a checkpoint', () => withMetadata({ format: 'gradpool.checkpoint' }), /gradpool\.checkpoint, expected gradpool\.model/],
    ['with another task', () => withMetadata({ task: 'regression' }), /^damaged: its task is classification, but it says regression/],
    ['with other classes', () => withMetadata({ classes: '["3","5","9"]' }), /^damaged: its classes/],
    ['with another loss beside the network', () => withMetadata({ loss: 'squaredError' }), /^damaged: its loss/],
    ['with another checksum', () => withMetadata({ weightsSha256: '0'.repeat(64) }), /^damaged: its weightsSha256/],
    ['with a network that is no JSON', () => withMetadata({ network: '{' }), /^damaged: its metadata has no valid network/],
    ['with a network of another shape', () => withNetwork({ layers: [{ dense: 3 }, 'softmax'] }), /^parameter 0\.weight is F32 \[5,4\], its network needs F32 \[3,4\]/],
    ['with an unknown layer', () => withNetwork({ layers: ['evaluate'] }), /^layers\[0\]: unknown layer 'evaluate'/],
    ['with an unknown loss', () => withNetwork({ loss: 'x' }), /^its network is not valid at loss/],
    ['with an unknown key', () => withNetwork({ code: 'x' }), /^its network is not valid at the top/],
    ['without layers', () => withNetwork({ layers: [] }), /^its network is not valid at layers/],
    ['with a network too large for memory', () => withNetwork({ layers: [{ dense: 2 ** 40 }, { dense: 3 }] }), /^parameter 0\.weight is F32 \[5,4\], its network needs/],
    ['with inputs that do not match', () => withNetwork({ inputs: 5 }), /^its network is 5 to 3, its preprocessing 4 to 3/],
    ['with preprocessing that is not valid', () => withSchema({ scale: [1, 0, 1, 1] }), /^its preprocessing is not valid at scale\.1/],
    ['with preprocessing of another width', () => withSchema({ shape: [2, 2, 1], shift: [1] , scale: [1], target: { kind: 'classes', name: 'x', type: 'text', classes: ['a', 'b'] } }), /^its network is 4 to 3, its preprocessing 4 to 2/],
    ['with facts that are not facts', () => withMetadata({ training: '{"a":[1]}' }), /^its training is not valid at a/],
    ['without a tensor', () => withTensor((tensor) => (tensor.name === '2.bias' ? [] : tensor)), /^parameter 2\.bias is missing/],
    ['with a tensor too many', () => encodeSafetensors([...named, { name: 'x', shape: [1], data: Float32Array.of(1) }], metadata), /^holds 6 tensors, its network has 5 parameters/],
    ['with a tensor of another type', () => withTensor((tensor) => ({ ...tensor, data: Int32Array.from(tensor.data) })), /^parameter 0\.weight is I32/],
    ['with a tensor turned', () => withTensor((tensor) => ({ ...tensor, shape: tensor.shape.toReversed() })), /^parameter 0\.weight is F32 \[4,5\], its network needs F32 \[5,4\]/],
    ['with a weight that is not a number', () => withTensor((tensor) => ({ ...tensor, data: Float32Array.from(tensor.data, () => Number.NaN) })), /^parameter 0\.weight is not finite/],
  ];
  it.each(cases)('%s', (_, bytes, message) => {
    expect(refusal(bytes())).toMatch(message);
  });
});
