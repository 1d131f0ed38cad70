/**
 * Tests that capitals in file names do not matter, since cameras, archives and Windows write them as they
 * like.
 */
import { dirname } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { npy } from '../../support/npy.js';
import { failure, file, idx } from '../helpers.js';

const X = npy('<f4', [4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 9));
const Y = npy('|u1', [4], Uint8Array.of(0, 1, 1, 0));
const train = async (data: string) => {
  const { train, test } = await loadTrainingData({ data, task: 'auto', val: 0, seed: 1 });
  return [Array.from(train.dataset.targets), test?.rows.length ?? 0];
};

/** Builds a ZIP archive whose members are stored without compression. */
function npz(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt32LE(crc32(bytes), 16);
    entry.writeUInt32LE(bytes.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, Buffer.from(name), Buffer.from(bytes));
    entries.push(entry, Buffer.from(name));
    at += 30 + name.length + bytes.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...entries, end]);
}

describe('NPY and NPZ', () => {
  it.each([
    ['X.NPY', 'Y.NPY'],
    ['X.npy', 'y.NPY'],
    ['x.NPY', 'Y.npy'],
    ['X_TRAIN.NPY', 'Y_Train.Npy'],
  ])('%s with %s, as a folder and as a file', async (inputs, labels) => {
    const x = file(`${inputs}-${labels}/${inputs}`, X);
    file(`${inputs}-${labels}/${labels}`, Y);
    expect(await train(dirname(x))).toEqual([[0, 1, 1, 0], 0]);
    expect(await train(x)).toEqual([[0, 1, 1, 0], 0]);
  });

  it.each(['data.NPZ', 'Train.NPZ'])('%s, and its members', async (name) => {
    const archive = file(`${name}-npz/${name}`, npz({ 'X_TRAIN.NPY': X, 'Y_train.npy': Y }));
    expect(await train(archive)).toEqual([[0, 1, 1, 0], 0]);
    expect(await train(dirname(archive))).toEqual([[0, 1, 1, 0], 0]);
  });

  it('TRAIN.NPZ and TEST.NPZ are the two parts', async () => {
    const archive = file('parts/TRAIN.NPZ', npz({ 'x.npy': X, 'y.npy': Y }));
    file('parts/TEST.NPZ', npz({ 'x.npy': X, 'y.npy': Y }));
    expect(await train(dirname(archive))).toEqual([[0, 1, 1, 0], 4]);
  });

  it('two arrays of one name', async () => {
    const x = file('two/x.npy', X);
    file('two/y.npy', Y);
    file('two/more.npz', npz({ 'X.npy': X }));
    expect(await failure(() => train(dirname(x)))).toBe(
      '3: two/more.npz[X]: which array is meant? two/x.npy has the same name; keep one of them, or give one file as DATA',
    );
  });

  it.skipIf(process.platform !== 'linux')(
    'labels in two cases, and the one that is written as usual',
    async () => {
      const x = file('cases/x.npy', X);
      file('cases/Y.npy', Y);
      file('cases/Y.NPY', Y);
      expect(await failure(() => train(x))).toBe(
        '3: cases: which file is meant? Found Y.NPY, Y.npy; keep one of them, or name it y.npy',
      );
      file('cases/y.npy', Y);
      expect(await train(x)).toEqual([[0, 1, 1, 0], 0]);
    },
  );
});

describe('IDX', () => {
  const images = idx(8, [4, 2, 2], [...Array(16).keys()]);
  const labels = idx(8, [4], [0, 1, 1, 0]);
  it.each([
    ['TRAIN-IMAGES-IDX3-UBYTE', 'TRAIN-LABELS-IDX1-UBYTE'],
    ['Train-Images-Idx3-Ubyte.GZ', 'train-labels-idx1-ubyte.Gz'],
    ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.GZ'],
    ['train-images-idx3-ubyte', 'Train-Labels-IDX1-ubyte'],
  ])('%s with %s', async (inputs, targets) => {
    const packed = (name: string, bytes: Uint8Array) => (/gz$/i.test(name) ? gzipSync(bytes) : bytes);
    const x = file(`${inputs}/${inputs}`, packed(inputs, images));
    file(`${inputs}/${targets}`, packed(targets, labels));
    expect(await train(dirname(x))).toEqual([[0, 1, 1, 0], 0]);
    expect(await train(x)).toEqual([[0, 1, 1, 0], 0]);
  });

  it('missing labels are asked for in the same folder', async () => {
    const { schema } = await loadTrainingData({
      data: dirname(file('own/X.NPY', X) && file('own/Y.NPY', Y)),
      task: 'auto',
      val: 0,
      seed: 1,
    });
    const alone = file('alone/X.NPY', X);
    const load = (needTargets: boolean) => loadWithSchema(alone, schema, { needTargets });
    expect((await load(false)).rows).toBe(4);
    expect(await failure(() => load(true))).toBe(
      '3: alone/y.npy: the labels are missing; put them there, beside the inputs',
    );
  });
});
