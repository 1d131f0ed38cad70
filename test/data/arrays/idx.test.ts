import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readIdx } from '#src/data/arrays/idx.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { failure, file, idx, smallIdx } from '../helpers.js';

const train = (data: string) => loadTrainingData({ data, task: 'auto', val: 0, seed: 1 });

describe('IDX elements', () => {
  const big = (write: (view: DataView) => void, bytes: number) => {
    const view = new DataView(new ArrayBuffer(bytes));
    write(view);
    return new Uint8Array(view.buffer);
  };
  it.each([
    ['u8', 0x08, [0, 255], Uint8Array.of(0, 255)],
    ['i8', 0x09, [0x80, 0x7f], Int8Array.of(-128, 127)],
    ['i16', 0x0b, [0x80, 0x00, 0x01, 0x02], Int16Array.of(-32768, 258)],
    ['i32', 0x0c, [0xff, 0xff, 0xff, 0xfe, 0, 1, 0, 0], Int32Array.of(-2, 65536)],
    ['f32', 0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], Float32Array.of(1, -2.5)],
    [
      'f64',
      0x0e,
      big((view) => [view.setFloat64(0, Math.PI), view.setFloat64(8, -1)], 16),
      Float64Array.of(Math.PI, -1),
    ],
  ])('%s is read from big-endian bytes', (name, type, body, expected) => {
    const tensor = readIdx(file(`${name}.idx1`, idx(type, [2], body)));
    expect(tensor.shape).toEqual([2]);
    expect(tensor.data.constructor).toBe(expected.constructor);
    expect(Array.from(tensor.data)).toEqual(Array.from(expected));
    expect(tensor.data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe('IDX files', () => {
  it('a directory becomes images, labels and a test set, plain or packed', async () => {
    const directory = smallIdx('set');
    file('set/t10k-images-idx3-ubyte.gz', gzipSync(idx(8, [1, 2, 2], [9, 9, 9, 9])));
    file('set/t10k-labels-idx1-ubyte.gz', gzipSync(idx(8, [1], [1])));
    const data = await train(directory);
    expect(data).toMatchObject({
      name: 'set',
      task: 'classification',
      classes: ['0', '1'],
      inputWidth: 4,
      outputs: 2,
    });
    expect(Array.from(data.train.dataset.numbers)).toEqual([...Array(16).keys()]);
    expect(Array.from(data.train.dataset.targets)).toEqual([0, 1, 1, 0]);
    expect(Array.from(data.test!.dataset.numbers)).toEqual([9, 9, 9, 9]);
    expect(data.encoding.shift).toEqual([7.5]);
    expect(data.encoding.scale[0]).toBeCloseTo(1 / Math.sqrt((16 * 16 - 1) / 12), 14);
  });

  it('an images file finds its labels by name', async () => {
    const data = await train(`${smallIdx('single')}/train-images-idx3-ubyte`);
    expect(Array.from(data.train.dataset.targets)).toEqual([0, 1, 1, 0]);
  });

  it('labels that do not count from 0 become indices of the sorted labels', async () => {
    const data = await train(smallIdx('gaps', { labels: [7, 3, 7, 9] }));
    expect(data.classes).toEqual(['3', '7', '9']);
    expect(Array.from(data.train.dataset.targets)).toEqual([1, 0, 1, 2]);
  });

  it('images without labels can be predicted, not evaluated', async () => {
    const { schema } = await train(smallIdx('known'));
    const images = file('alone/images-idx3-ubyte', idx(8, [1, 2, 2], [1, 2, 3, 4]));
    const { subset, rows } = await loadWithSchema(images, schema, { needTargets: false });
    expect(rows).toBe(1);
    expect(subset.dataset.targetWidth).toBe(0);
    expect(await failure(() => loadWithSchema(images, schema, { needTargets: true }))).toBe(
      '3: alone/labels-idx1-ubyte: the labels are missing; put them there, beside the inputs',
    );
  });
});

describe('bad IDX', () => {
  const read = (name: string, bytes: Uint8Array) => failure(() => readIdx(file(name, bytes)));

  it('a wrong magic', async () => {
    expect(await read('magic-idx3', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3, 4))).toBe(
      '3: magic-idx3: not an IDX file: it starts with 0x89504e47, where 0x00000803 (images) or 0x00000801 (labels) is expected',
    );
    expect(await read('type-idx3', idx(0x0a, [1], [1]))).toContain('it starts with 0x00000a01');
  });
  it('an empty file', async () => {
    expect(await read('empty-idx3', new Uint8Array(0))).toBe(
      '3: empty-idx3: the file is empty; download or write it again',
    );
  });
  it('a header cut short', async () => {
    expect(await read('header-idx3', Uint8Array.of(0, 0, 8, 3, 0, 0))).toBe(
      '3: header-idx3: truncated: a header of 3 sizes takes 16 bytes, the file has 6; download it again',
    );
  });
  it('sizes that promise more than there is', async () => {
    expect(await read('lying-idx3', idx(8, [60000, 28, 28], [1, 2]))).toBe(
      '3: lying-idx3: truncated: 47039998 bytes missing: the sizes 60000 x 28 x 28 need 47040016 bytes, the file has 18; download or write it again',
    );
    expect(await read('huge-idx3', idx(8, [0xffffffff, 0xffffffff, 0xffffffff], [1]))).toContain('truncated');
  });
  it('trailing bytes', async () => {
    expect(await read('long-idx1', idx(8, [2], [1, 2, 3]))).toBe(
      '3: long-idx1: 1 trailing byte after the data: the sizes 2 need 10 bytes, the file has 11; download or write it again',
    );
  });
  it('no instances', async () => {
    expect(await read('none-idx3', idx(8, [0, 28, 28], []))).toBe(
      '3: none-idx3: it holds no data: its sizes are 0 x 28 x 28',
    );
  });
  it('images and labels of different counts', async () => {
    expect(await failure(() => train(smallIdx('counts', { labels: [1, 0, 1] })))).toBe(
      '3: counts/train-labels-idx1-ubyte: 3 labels for the 4 instances of counts/train-images-idx3-ubyte; the two do not belong together',
    );
  });
  it('one class only', async () => {
    expect(await failure(() => train(smallIdx('one', { labels: [5, 5, 5, 5] })))).toBe(
      '3: one/train-labels-idx1-ubyte: every label is 5; a classifier needs at least two classes',
    );
  });
  it('a packed file that is none', async () => {
    expect(await read('broken-idx1.gz', Uint8Array.of(1, 2, 3))).toBe(
      '3: broken-idx1.gz: not a valid gzip file (incorrect header check); download it again, or rename it if it is not packed',
    );
  });
  it('instances of another size, and a label that the model does not know', async () => {
    const { schema } = await train(smallIdx('fit'));
    const wide = file('wide/images-idx3-ubyte', idx(8, [1, 3, 3], Array(9).fill(1)));
    file('wide/labels-idx1-ubyte', idx(8, [1], [1]));
    expect(await failure(() => loadWithSchema(wide, schema, { needTargets: true }))).toBe(
      '3: wide/images-idx3-ubyte: its instances are 3 x 3, the model was trained on 2 x 2; give data of that size',
    );
    const other = `${smallIdx('other', { labels: [0, 1, 7, 0] })}/train-images-idx3-ubyte`;
    expect(await failure(() => loadWithSchema(other, schema, { needTargets: true }))).toBe(
      "3: other/train-labels-idx1-ubyte: row 3: the label 7 is none of the model's 2 classes (0, 1)",
    );
  });
});
