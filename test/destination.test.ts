import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { destinationOf } from '#src/destination.js';
import { DataError } from '#src/errors.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gradpool-destination-')));
const at = (...parts: string[]) => join(folder, ...parts);
beforeAll(() => {
  mkdirSync(at('deep', 'er'), { recursive: true });
  writeFileSync(at('deep', 'file'), 'old');
  symlinkSync('deep/file', at('link'));
  symlinkSync('link', at('link to link'));
  symlinkSync('deep/none yet', at('dangling'));
  symlinkSync('gone/none', at('hopeless'));
  symlinkSync('circle', at('circle'));
  symlinkSync('deep/er', at('folder'));
  symlinkSync('/dev/stdout', at('out'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['new', 'new'],
  ['deep/file', 'deep/file'],
  ['link', 'deep/file'],
  ['link to link', 'deep/file'],
  ['dangling', 'deep/none yet'],
  ['folder/../file', 'deep/file'], // the folder above deep/er, not the one above the link
])('%s is the file %s', (path, file) => {
  // join would take the ".." out
  expect(destinationOf(`${folder}/${path}`)).toEqual({ kind: 'file', path: at(file) });
});

it.skipIf(process.platform === 'win32')('what this process has open is written to as it is', () => {
  const open = (descriptor: number) => ({ kind: 'descriptor', descriptor });
  expect(destinationOf('-')).toEqual(open(1));
  expect(destinationOf('/dev/stdout')).toEqual(open(1));
  expect(destinationOf('/dev/stderr')).toEqual(open(2));
  expect(destinationOf('/dev/fd/1')).toEqual(open(1));
  expect(destinationOf(at('out'))).toEqual(open(1));
  if (process.platform === 'linux') expect(destinationOf('/proc/self/fd/7')).toEqual(open(7));
  if (process.platform === 'linux') expect(destinationOf('/proc/thread-self/fd/7')).toEqual(open(7));
});

it.skipIf(process.platform === 'win32')('a FIFO and a device are streams', () => {
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync('fifo', at('to fifo'));
  for (const path of [at('fifo'), at('to fifo'), '/dev/null']) {
    expect(destinationOf(path)).toEqual({ kind: 'stream', path });
  }
});

it.each([
  ['deep', 'this is a directory, where a file is needed'],
  ['folder', 'this is a directory, where a file is needed'],
  ['none/', 'there is no such folder; create it and name a file in it'],
  ['gone/none', `there is no folder ${at('gone')}; create it first`],
  ['hopeless', `there is no folder ${at('gone')}; create it first`],
  ['circle', 'its symbolic links go round in a circle'],
])('%s takes no bytes', (path, why) => {
  const full = `${folder}/${path}`;
  expect(() => destinationOf(full)).toThrow(DataError);
  expect(() => destinationOf(full)).toThrow(`${full}: cannot be written (${why})`);
});

it.skipIf(process.platform === 'win32')('nor does a socket', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(at('socket'), done));
  expect(() => destinationOf(at('socket'))).toThrow('(this is a socket, where a file is needed)');
  await new Promise((done) => server.close(done));
});
