import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { UserError } from '#src/errors.js';

const directory = mkdtempSync(join(tmpdir(), 'gradpool-data-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes a file into this test file's temporary directory and returns its path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/**
 * Returns exit code and one-line message of the error that an action throws; paths are cut to the file's
 * name.
 */
export async function failure(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    const { message, exitCode } = error as UserError;
    if (exitCode === undefined) throw error;
    expect(message).not.toContain('\n');
    return `${exitCode}: ${message.replaceAll(`${directory}/`, '')}`;
  }
  throw new Error('nothing failed');
}

/** Builds an IDX file from type code, sizes and the elements' bytes. */
export function idx(type: number, sizes: readonly number[], body: ArrayLike<number>): Uint8Array {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header[2] = type;
  header[3] = sizes.length;
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, Uint8Array.from(body)]);
}

/** Writes four images of 2 x 2 and their labels, named as MNIST's; returns their folder. */
export function smallIdx(name: string, { labels = [0, 1, 1, 0] } = {}): string {
  const images = file(`${name}/train-images-idx3-ubyte`, idx(8, [4, 2, 2], [...Array(16).keys()]));
  file(`${name}/train-labels-idx1-ubyte`, idx(8, [labels.length], labels));
  return dirname(images);
}
