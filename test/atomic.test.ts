import {
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFileAtomic, writeFileAtomicLater } from '#src/atomic.js';
import { DataError } from '#src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-atomic-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeFileAtomic', () => {
  it('writes bytes and text, replaces what was there, and leaves nothing else behind', () => {
    const path = join(folder, 'a');
    writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    writeFileAtomic(path, 'ü');
    expect(readFileSync(path, 'utf8')).toBe('ü');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('writes beside the old file, never into it: another name of it keeps the old contents', () => {
    const path = join(folder, 'new');
    const other = join(folder, 'old');
    writeFileSync(path, 'old');
    linkSync(path, other);
    writeFileAtomic(path, 'new');
    expect([readFileSync(path, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['new', 'old']);
  });

  it('replaces a link and does not follow it: a run from elsewhere must not lead out of its folder', async () => {
    const outside = join(folder, 'outside');
    const link = join(folder, 'link');
    writeFileSync(outside, 'mine');
    for (const write of [
      () => writeFileAtomic(link, 'new'),
      () => writeFileAtomicLater(link, [Buffer.from('new')]),
    ]) {
      symlinkSync('outside', link);
      await write();
      expect([readFileSync(link, 'utf8'), readFileSync(outside, 'utf8')]).toEqual(['new', 'mine']);
      rmSync(link);
    }
  });

  it('names the path that cannot be written', () => {
    const path = join(folder, 'missing', 'a');
    expect(() => writeFileAtomic(path, '')).toThrow(DataError);
    expect(() => writeFileAtomic(path, '')).toThrow(/missing.a: cannot be written \(ENOENT/);
  });

  it('says so too where its folder has become a file', () => {
    expect(() => writeFileAtomic(join(folder, 'a', 'b'), '')).toThrow(/cannot be written \(ENOTDIR/);
  });
});

describe('writeFileAtomicLater', () => {
  it('writes the pieces one after the other, and leaves nothing else behind', async () => {
    const path = join(folder, 'later');
    writeFileSync(path, 'old');
    const writing = writeFileAtomicLater(path, [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]);
    expect(readFileSync(path, 'utf8')).toBe('old');
    await writing;
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('opens its file at once: an open still under way when the process exits would leave the file behind', async () => {
    const path = join(folder, 'at once');
    const writing = writeFileAtomicLater(path, [Uint8Array.of(1)]);
    expect(readdirSync(folder)).toContain(`at once.${process.pid}.tmp`);
    await writing;
  });

  it('names the path that cannot be written', async () => {
    const writing = writeFileAtomicLater(join(folder, 'missing', 'a'), []);
    await expect(writing).rejects.toThrow(DataError);
    await expect(writing).rejects.toThrow(/missing.a: cannot be written \(ENOENT/);
  });
});
