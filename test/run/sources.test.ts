/** A run's data is found again from any folder. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DataError } from '#src/errors.js';
import { absoluteSources } from '#src/run/sources.js';
import { resume, train } from '#src/run/train.js';
import { resolveConfig } from '#src/train/config.js';
import type { TrainEvent } from '#src/train/events.js';

const home = process.cwd();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gradpool-sources-')));
const inFolder = (name: string) => join(folder, name);
const elsewhere = inFolder('elsewhere');
const kinds = Array.from({ length: 30 }, (_, row) => `${row % 7},${row % 2 ? 'odd' : 'even'}`);

beforeAll(() => {
  for (const name of ['elsewhere', 'space dir', 'year[1]']) mkdirSync(inFolder(name));
  const table = `x,kind\n${kinds.join('\n')}\n`;
  for (const name of ['space dir/a.csv', 'space dir/b.csv', 'year[1]/a.csv', 'from 2024.csv', 'what[1]*.csv'])
    writeFileSync(inFolder(name), table);
});
afterEach(() => process.chdir(home));
afterAll(() => rmSync(folder, { recursive: true }));

async function last(events: AsyncGenerator<TrainEvent>): Promise<TrainEvent> {
  let found: TrainEvent | undefined;
  for await (const event of events) found = event;
  return found!;
}
const begin = (data: string, out: string) =>
  last(train({ data, target: 'kind', hidden: [3], epochs: 1, workers: 0 }, { out }));

it.each([
  ['.', 'space dir/*.csv', 'space dir/*.csv'],
  ['.', 'from 2024.csv', 'from 2024.csv'],
  ['.', 'what[1]*.csv', 'what[1]*.csv'],
  ['.', 'year[1]/a.csv', 'year[1]/a.csv'],
  ['year[1]', '*.csv', 'year[[]1]/*.csv'],
])('from %s, %s is %s, and a run of it goes on elsewhere', async (from, data, absolute) => {
  process.chdir(inFolder(from));
  expect(absoluteSources(resolveConfig({ data, val: data, test: data }))).toMatchObject({
    data: inFolder(absolute),
    val: inFolder(absolute),
    test: inFolder(absolute),
  });
  const out = inFolder(`run of ${data.replaceAll('/', ' ')}`);
  await begin(data, out);
  process.chdir(elsewhere);
  expect(await last(resume(out, { epochs: 2 }))).toMatchObject({ type: 'end', epochs: 2 });
});

it('queries and built-in names stay as they are', () => {
  process.chdir(folder);
  for (const data of ["SELECT * FROM 'space dir/*.csv'", 'from [1] select *', 'xor', 'parity:4'])
    expect(absoluteSources(resolveConfig({ data })).data).toBe(data);
});

it("resume says where a query's files are", async () => {
  process.chdir(folder);
  const out = inFolder('run of a query');
  await begin("SELECT * FROM 'space dir/*.csv'", out);
  expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).cwd).toBe(folder);
  process.chdir(elsewhere);
  const going = last(resume(out, { epochs: 2 }));
  await expect(going).rejects.toThrow(DataError);
  await expect(going).rejects.toThrow(
    /no file is called space dir.* or matches it.*\(the run was begun in .*gradpool-sources-\w+, from where /,
  );
  mkdirSync('space dir');
  writeFileSync('space dir/other.csv', `x,kind\n${kinds.map((line) => `1${line}`).join('\n')}\n`);
  await expect(last(resume(out, { epochs: 2 }))).rejects.toThrow(
    /: not the data that .* was trained on; .* \(the run was begun in /,
  );
  process.chdir(folder);
  expect(await last(resume(out, { epochs: 2 }))).toMatchObject({ type: 'end', epochs: 2 });
});
