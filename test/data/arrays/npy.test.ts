import { copyFileSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readNpy } from '#src/data/arrays/npy.js';
import { readNpz } from '#src/data/arrays/npz.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { failure, file } from '../helpers.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/data/${name}`, import.meta.url));
const counting = Array.from({ length: 24 }, (_, i) => i);

describe('arrays that numpy saved', () => {
  it.each([
    ['c_f4.npy', Float32Array, counting.map((i) => i / 8)],
    ['fortran_f8.npy', Float64Array, counting.map((i) => i / 8)],
    ['big_i2.npy', Int16Array, counting.map((i) => i - 12)],
    ['u1.npy', Uint8Array, counting],
    ['bool.npy', Uint8Array, counting.map((i) => (i % 3 === 0 ? 1 : 0))],
    ['i8.npy', Float64Array, counting.map((i) => i * 2 ** 33)],
  ])('%s', (name, Stored, expected) => {
    const { shape, data } = readNpy(fixture(name));
    expect(shape).toEqual([4, 3, 2]);
    expect(data).toBeInstanceOf(Stored);
    expect(Array.from(data)).toEqual(expected);
    expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.each(['stored.npz', 'compressed.npz'])('%s in the naming of Keras', async (name) => {
    const data = await loadTrainingData({ data: fixture(name), task: 'auto', val: 0, seed: 1 });
    expect(data).toMatchObject({ task: 'classification', classes: ['0', '1'], inputWidth: 6 });
    expect(Array.from(data.train.dataset.numbers)).toEqual(counting);
    expect(Array.from(data.train.dataset.targets)).toEqual([0, 1, 1, 0]);
    expect(Array.from(data.test!.dataset.numbers)).toEqual(counting.slice(0, 12));
    expect(Array.from(data.test!.dataset.targets)).toEqual([1, 0]);
  });

  it('a directory with X.npy and y.npy, a column of numbers at a time', async () => {
    const x = file('xy/X.npy', '');
    copyFileSync(fixture('c_f4.npy'), x);
    copyFileSync(fixture('c_f4.npy'), `${dirname(x)}/y.npy`);
    const data = await loadTrainingData({ data: dirname(x), task: 'auto', val: 0, seed: 1 });
    expect(data).toMatchObject({ task: 'regression', classes: null, inputWidth: 6, outputs: 6 });
    expect(data.encoding.targetShift).toEqual([9, 10, 11, 12, 13, 14].map((i) => i / 8));
    const { subset } = await loadWithSchema(x, data.schema, { needTargets: true });
    expect(subset.dataset.targetWidth).toBe(6);
  });
});

describe('bad NPY', () => {
  const bytes = (name: string) => new Uint8Array(readFileSync(fixture(name)));
  const read = (name: string, content: Uint8Array) => failure(() => readNpy(file(name, content)));

  it('not NPY at all', async () => {
    expect(await read('magic.npy', Buffer.from('hello, this is text'))).toBe(
      '3: magic.npy: not an NPY file: it does not start with \\x93NUMPY; write it with numpy.save',
    );
  });
  it('text elements', async () => {
    expect(await read('text.npy', bytes('text.npy'))).toBe(
      "3: text.npy: elements of type U1 cannot be read; save numbers, for instance with .astype('float32')",
    );
  });
  it('truncated', async () => {
    expect(await read('cut.npy', bytes('c_f4.npy').subarray(0, 200))).toBe(
      '3: cut.npy: truncated: 24 bytes missing: the sizes 4 x 3 x 2 need 224 bytes, the file has 200; download or write it again',
    );
  });
  it('a value that is not finite', async () => {
    const broken = bytes('c_f4.npy');
    new DataView(broken.buffer).setFloat32(128 + 4 * 7, Number.NaN, true);
    const x = file('nan/X.npy', broken);
    file('nan/y.npy', bytes('c_f4.npy'));
    const load = () => loadTrainingData({ data: dirname(x), task: 'auto', val: 0, seed: 1 });
    expect(await failure(load)).toBe(
      '3: nan/X.npy: row 2, column 2: NaN is not a finite number; fill or remove it',
    );
  });
  it.each([0, 10, 300, 600])('an NPZ file cut at byte %i', async (length) => {
    const message = await failure(() =>
      readNpz(file(`cut${length}.npz`, bytes('stored.npz').subarray(0, length))),
    );
    expect(message).toMatch(
      /the file is empty|not a valid NPZ \(ZIP\) file: it has no directory; write it again with numpy\.savez/,
    );
  });
  it('an NPZ member that does not unpack', async () => {
    const broken = bytes('compressed.npz').fill(0xff, 60, 100);
    const arrays = readNpz(file('packed.npz', broken));
    expect(await failure(() => arrays.get('x_train')!())).toMatch(
      /^3: packed\.npz(\[x_train\.npy\]: not an NPY file|: not a valid NPZ \(ZIP\) file: x_train\.npy cannot be unpacked)/,
    );
  });
});
