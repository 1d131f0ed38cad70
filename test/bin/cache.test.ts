import { afterAll, expect, it } from 'vitest';
import { Place } from './cli.js';

const place = new Place();
afterAll(() => place.remove());

it('gradpool cache lists what train --stream has left, and clears it', async () => {
  const environment = { GRADPOOL_CACHE: place.path('cache') };
  const rows = Array.from({ length: 60 }, (_, i) => `${(i * 7) % 11},${i % 2 ? 'u' : 'v'}`);
  place.write('rows.csv', `a,target\n${rows.join('\n')}\n`);
  const flags = ['--stream', '--epochs', '1', '--workers', '0', '--preset', 'none', '--out', 'run'];
  const trained = await place.gradpool(['train', 'rows.csv', ...flags], environment);
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stdout + trained.stderr).toContain('stream: --stream says so; the rows were written to');
  const listed = await place.gradpool(['cache', '--cache', 'cache', '--json']);
  const { folder, cleared, entries } = JSON.parse(listed.stdout);
  expect({ folder, cleared }).toEqual({ folder: place.path('cache'), cleared: false });
  expect(entries).toEqual([expect.objectContaining({ source: place.path('rows.csv'), rows: 60 })]);
  const { stdout } = await place.gradpool(['cache', '--clear'], environment);
  expect(stdout).toMatch(/cache: 1 entry, .* removed\n$/);
  expect((await place.gradpool(['cache'], environment)).stdout).toContain('the cache is empty');
});
