import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stream } from '#src/random.js';

/** Writes a folder of IDX files, named as MNIST's are, with noisy 4×4 images of `classes` kinds. */
export function writeIdxFolder(folder: string, rows: { train: number; test: number }, classes = 3): string {
  mkdirSync(folder, { recursive: true });
  const stream = new Stream(7, 99, 1);
  for (const [prefix, count] of [
    ['train', rows.train],
    ['t10k', rows.test],
  ] as const) {
    const images = Buffer.alloc(16 + 16 * count);
    const labels = Buffer.alloc(8 + count);
    for (const [index, value] of [0x803, count, 4, 4].entries()) images.writeUInt32BE(value, 4 * index);
    for (const [index, value] of [0x801, count].entries()) labels.writeUInt32BE(value, 4 * index);
    for (let row = 0; row < count; row++) {
      const label = stream.below(classes);
      labels[8 + row] = label;
      for (let pixel = 0; pixel < 16; pixel++) {
        images[16 + 16 * row + pixel] = (pixel % classes === label ? 120 : 40) + stream.below(100);
      }
    }
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), images);
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), labels);
  }
  return folder;
}
