/** The short form of fuzz.mjs: a few damaged files for each reader. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('a damaged file is read or refused in one line', async () => {
  const script = fileURLToPath(new URL('fuzz.mjs', import.meta.url));
  const run = promisify(execFile)(process.execPath, [script, '--count', '12', '--seed', '1']);
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  console.log(stdout.trim().split('\n').at(-1));
  // A busy machine may be slow, which is for the long form to judge.
  expect(stdout.split('\n').filter((line) => /bug: |the process ended/.test(line))).toEqual([]);
  expect(stdout).toMatch(/168 files for 14 readers/);
});
