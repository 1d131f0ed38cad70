/** Processes that the mpiexec of each MPI here has started train one network; skipped where there is none. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent } from '#src/train/events.js';
import { type Ended, flowers, Place } from '../bin/cli.js';
import { endOf } from '../support/ending.js';
import { writeIdxFolder } from '../support/idx.js';
import { mpiLaunchers, runRanks } from '../support/mpi.js';

const SCRIPT = fileURLToPath(new URL('../fixtures/ranks.mjs', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));

const place = new Place();
afterAll(place.remove);

const alike = (count: number, ...words: string[]): string[][] => Array.from({ length: count }, () => words);

const launchers = mpiLaunchers();

it.skipIf(launchers.length > 0)('is not tested where there is no MPI', () => {});

describe.each(launchers)('ranks of $kind', ({ kind, command }) => {
  const mpiexec = (...ranks: string[][]) => runRanks(command, place.folder, ranks);
  let options: TrainOptions[];
  let slow: TrainOptions;
  let alone: string[];
  let three: Ended;
  beforeAll(async () => {
    const images = writeIdxFolder(place.path('images'), { train: 150, test: 30 });
    const table = place.write('flowers.csv', flowers());
    options = [
      {
        data: table,
        target: 'kind',
        hidden: [200, 120],
        batch: 16,
        epochs: 2,
        optimizer: 'adam',
        workers: 0,
      },
      {
        data: images,
        hidden: [16],
        dropout: 0.2,
        optimizer: 'sgd',
        epochs: 2,
        batch: 32,
        kernels: 'portable',
        workers: 1,
      },
      { data: images, hidden: [16], epochs: 1, batch: 32, workers: 2 },
    ];
    slow = { ...options[0], epochs: 12, checkpointEvery: 2 };
    alone = [];
    for (const option of [...options, slow]) {
      alone.push((await endOf(train({ ...option, workers: 0 }, { out: null }))).weightsSha256);
    }
    const killed = { options: slow, out: place.path(`killed by ${kind}`), step: 7, rank: 1 };
    const trainings = options.map((option) => [option, null]);
    three = await mpiexec(...alike(3, SCRIPT, JSON.stringify({ trainings, killed })));
  });

  it('come to the bits of one process, and traps of WebAssembly stay errors', () => {
    const { ranks, trapped, ends } = JSON.parse(three.stdout.split('\n')[0]);
    expect(ranks).toBe(3);
    expect(trapped).toBe('RuntimeError');
    expect(ends.map(({ weightsSha256 }: EndEvent) => weightsSha256)).toEqual(alone.slice(0, 3));
  });

  it('end when one of them is killed; others go on, are stopped, and one process ends in the same bits', async () => {
    expect(three.code).not.toBe(0);
    const folder = place.path(`killed by ${kind}`);
    const resumed = { folder, stopAt: 15, stopRank: 1 };
    const two = await mpiexec(...alike(2, SCRIPT, JSON.stringify({ resumed })));
    expect(two.code).toBe(0);
    expect(JSON.parse(two.stdout).resumed).toMatchObject({ status: 'interrupted', steps: 16 });
    expect(existsSync(`${folder}/lock`)).toBe(false);
    expect((await endOf(resume(folder))).weightsSha256).toBe(alone[3]);
  });

  it('print once, and end with the exit code of all', async () => {
    const words = [PROGRAM, 'train', `${options[1].data}`, '--hidden', '8', '--epochs', '1', '--json'];
    const { code, stdout, stderr } = await mpiexec(...alike(2, ...words, '--out', `printed by ${kind}`));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ranks: 2, epochs: 1 });
    expect(stderr.match(/^ranks: 2 on 1 machine$/gm)).toHaveLength(1);
    const out = `other of ${kind}`;
    const other = await mpiexec([...words, '--out', out], [...words, '--seed', '2', '--out', out]);
    expect(other).toMatchObject({ code: 2, stdout: '' });
    // Open MPI's launcher adds a paragraph of its own.
    expect(other.stderr.replace(/^-{20,}\n[\s\S]*/m, '')).toMatch(
      /^(loading .*\n)?gradpool: rank 1 on \S+ has seed 2, and rank 0 has 1: start all ranks with the same command\n$/,
    );
    expect(existsSync(place.path(out))).toBe(false);
  });
});

it('is refused for a command that ranks do not run together', async () => {
  const { code, stderr } = await place.gradpool(['list'], { PMI_RANK: '0', PMI_SIZE: '2' });
  expect(code).toBe(2);
  expect(stderr).toBe(
    'gradpool: gradpool list: only train and resume run as several ranks; start this command without mpiexec\n',
  );
});
