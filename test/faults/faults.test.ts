/** A short form of `npm run test:faults`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('run.mjs', import.meta.url));

it('whatever goes wrong, a run comes to the same bits', async () => {
  const few = ['--jobs', 'train', '--faults', 'killed before a call,ENOSPC', '--accidents', 'half'];
  const args = [
    script,
    '--only',
    'kills,calls,accidents',
    '--count',
    '1',
    '--processes',
    '1',
    '--tasks',
    'update',
    ...few,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args).catch((error) => error);
  const lines = stdout
    .trim()
    .split('\n')
    .filter((line: string) => !line.startsWith('calls: skipped, '));
  expect(lines.at(0), stdout).toMatch(/^train, killed at random +5\/5 /);
  expect(lines.at(-2), stdout).toMatch(/^half in update +1\/1 {2}1 had it/);
  expect(lines.slice(1, -2).join('\n')).toMatch(
    /^(train, killed before a call +1\/1 .*\ntrain, ENOSPC +1\/1 .*)?$/,
  );
});
