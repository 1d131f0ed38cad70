import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const FLAGS = ['find-lr', 'blobs:400', '--hidden', '8', '--batch', '32', '--epochs', '3', '--workers', '0'];

it('prints a plot over the rates and the rate to take', () => {
  const out = execFileSync('node', [CLI, ...FLAGS, '--steps', '60'], { encoding: 'utf8' });
  expect(out).toContain('range test: training loss, smoothed');
  expect(out).toMatch(/1e-6 +1e-5 +1e-4 +1e-3 +1e-2 /);
  expect(out).toMatch(
    /suggestion {2}--lr [\d.e-]+ {2}\(least validation loss in whole trainings of \d+ steps, \d+ rates tried\)/,
  );
});

it('prints every number as JSON', () => {
  const search = JSON.parse(
    execFileSync('node', [CLI, ...FLAGS, '--json', '--from', '0.001', '--to', '1'], { encoding: 'utf8' }),
  );
  expect(search.rates[0]).toBe(0.001);
  expect(search.losses.length).toBe(search.rates.length);
  expect(search.trials.map(({ rate }: { rate: number }) => rate)).toContain(search.suggestion);
});

it('refuses what is no rate', () => {
  const { status, stderr } = spawnSync('node', [CLI, ...FLAGS, '--from', 'abc'], { encoding: 'utf8' });
  expect(stderr).toBe('gradpool: --from: expected a number above 0, found "abc"\n');
  expect(status).toBe(2);
});
