/** The commands that are suggested, run by a real shell; and how runs are named. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shortName } from '#src/data/source.js';
import { flowers, Place } from './cli.js';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const TRAIN = [
  '--hidden',
  '4',
  '--epochs',
  '1',
  '--batch',
  '16',
  '--workers',
  '0',
  '--optimizer',
  'sgd',
  '--quiet',
];
const place = new Place();

beforeAll(() => {
  mkdirSync(place.path('bin'));
  place.write('bin/gradpool', `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(place.path('bin', 'gradpool'), 0o755);
  place.write('new.csv', flowers(40));
});
afterAll(() => place.remove());

const shell = (command: string) =>
  execFileSync('sh', ['-c', command], {
    cwd: place.folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${place.path('bin')}${delimiter}${process.env.PATH}` },
  });
const nextOf = (stdout: string) => /^next +(.*)$/m.exec(stdout)?.[1] ?? '';

/** Trains, and returns what the suggested command prints. */
async function follow(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.gradpool(['train', ...args, ...TRAIN]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return shell(nextOf(stdout));
}

describe('the next command', () => {
  it.each([`it's $HOME "quoted" (1)`, '-dashed', 'back`tick; *'])('runs for a run named %s', async (name) => {
    copyFileSync(place.path('new.csv'), place.path(`${name}.csv`));
    const printed = await follow([`./${name}.csv`, '-t', 'kind', `--out=${name}`]);
    expect(printed.split('\n')[0]).toMatch(/^kind,/);
    expect(shell(nextOf((await place.gradpool(['inspect', `./${name}`])).stdout) || 'echo complete')).toBe(
      'complete\n',
    );
  });

  it('runs for a query', async () => {
    const query = `SELECT * FROM 'new.csv' WHERE kind <> 'it''s'`;
    expect((await follow([query, '-t', 'kind', '--out', 'queried'])).split('\n')).toHaveLength(42);
  });

  it('runs for a built-in problem', async () => {
    expect(await follow(['moons:100,noise=0.2', '--out', 'moon s'])).toMatch(/on 100 rows/);
  });

  it('is quoted where a run exists already', async () => {
    const { stderr } = await place.gradpool(['train', 'moons', '--out', 'moon s']);
    expect(stderr).toMatch(/gradpool resume 'moon s'\n$/);
  });

  it('is the command of a run as it can be typed again', async () => {
    const { stdout } = await place.gradpool(['inspect', 'moon s']);
    expect(stdout).toMatch(/^command +gradpool train moons:100,noise=0\.2 --out 'moon s' --hidden 4 /m);
  });
});

describe('a run without --out', () => {
  it('is named after the file, not its path', async () => {
    await place.gradpool(['train', './new.csv', '-t', 'kind', ...TRAIN]);
    expect(readdirSync(place.path('runs'))).toEqual([expect.stringMatching(/^[\dT-]+_new_\w{4}$/)]);
  });

  it.each([
    ['/data/houses.csv', 'houses'],
    ['/data/houses.2024.csv.gz', 'houses.2024'],
    ['/data/Häuser (neu).parquet', 'Häuser-neu'],
    ['/data/logs/*.parquet', 'logs'],
    ['/data/fashion/', 'fashion'],
    ['/data/train-images-idx3-ubyte', 'train-images-idx3-ubyte'],
    ["select * from 'x.csv'", 'query'],
    ['(rows in memory)', 'rows'],
    ['mnist', 'mnist'],
    ['moons:400,noise=0.1', 'moons-400-noise-0.1'],
    ['/*.csv', 'data'],
  ])('%s is called %s', (data, name) => {
    expect(shortName(data)).toBe(name);
  });
});

describe('a network without hidden layers', () => {
  it.each([['--hidden', 'none'], ['--hidden='], ['--hidden', '']])('%s %s', async (...hidden) => {
    const out = `linear${hidden.join('')}`;
    const line = ['train', 'new.csv', '-t', 'kind', ...TRAIN.slice(2), ...hidden, '--out', out, '--json'];
    const { code, stdout } = await place.gradpool(line);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).parameters).toBe(2 * 7); // height, width, 3 colours, price and the bias
  });

  it('comes from YAML too, and is inspected, explained and printed', async () => {
    place.write('linear.yaml', 'data: new.csv\ntarget: kind\nhidden: []\nepochs: 2\nbatch: 8\n');
    const trained = await place.gradpool(['train', '-c', 'linear.yaml', '--out', 'yaml', '--workers', '0']);
    expect(trained.stderr).toMatch(/^6-2: 14 parameters/m);
    expect((await place.gradpool(['inspect', 'yaml'])).stdout).toMatch(/^network +6-2, 14 parameters/m);
    expect((await place.gradpool(['explain', 'yaml', 'new.csv'])).code).toBe(0);
    expect((await place.gradpool(['train', '-c', 'linear.yaml', '--dry-run'])).stdout).toMatch(/6-2/);
    expect((await place.gradpool(['train', '-c', 'linear.yaml', '--print-config'])).stdout).toMatch(
      /^hidden: \[\] +# linear\.yaml$/m,
    );
  });
});
