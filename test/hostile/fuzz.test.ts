/** A few damaged files for each reader; `npm run test:faults -- --only fuzz` is the long form. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('a damaged file is read or refused in one line', async () => {
  const script = fileURLToPath(new URL('../faults/run.mjs', import.meta.url));
  const args = [script, '--only', 'fuzz', '--count', '8', '--processes', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args).catch((error) => error);
  const rows = stdout.split('\n').filter((line: string) => line.startsWith('fuzzed '));
  expect(rows).toHaveLength(20);
  for (const row of rows) expect(row, stdout).toMatch(/ 8\/8 /);
});
