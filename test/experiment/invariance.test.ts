/** A leaderboard is a function of its sweep: of neither the threads nor the order in which trials end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepOptions } from '#src/experiment/definition.js';
import { sweep } from '#src/experiment/sweep.js';
import { endOf, leaderboard, SMALL } from './sweeps.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-sweep-'));
let alone: string;

async function table(name: string, options: SweepOptions, run: object): Promise<string> {
  const out = join(folder, name);
  expect((await endOf(sweep(options, { out, ...run }))).status).toBe('completed');
  return leaderboard(out);
}

beforeAll(async () => {
  alone = await table('alone', SMALL, { parallel: 1, workers: 0 });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the leaderboard', () => {
  it('has a row for each configuration, hashes and a reason included', () => {
    const lines = alone.trim().split('\n');
    expect(lines[0]).toBe(
      'rank,lr,optimizer,seeds,val_loss,val_loss_low,val_loss_high,epochs,status,reason,weights',
    );
    expect(lines).toHaveLength(7);
    expect(lines[1]).toMatch(/^1,\S+,(sgd|adam),2,[-\d.,]+,4,completed,,[0-9a-f]{64} [0-9a-f]{64}$/);
    expect(lines[6]).toMatch(/^6,1e\+30,\w+,0,,,,4,failed,"diverged at step .*",- -$/);
  });

  it.each([
    [1, 1],
    [1, 2],
    [2, 0],
    [2, 1],
    [3, 0],
    [3, 2],
  ])('is the same with %i trials at a time and %i workers in each', async (parallel, workers) => {
    expect(await table(`${parallel}x${workers}`, SMALL, { parallel, workers })).toBe(alone);
  });

  it.each([
    ['tpe', { search: 'tpe', startup: 4, together: 3, trials: 10 }],
    ['hyperband', { search: 'hyperband', eta: 2 }],
  ] as const)('of search %s is the same with 1 and with 3 trials at a time', async (name, search) => {
    const { base } = SMALL;
    const options = { base, axes: { lr: { from: 0.001, to: 1, scale: 'log' } }, ...search } as const;
    const one = await table(`${name}-1`, options, { parallel: 1 });
    expect(await table(`${name}-3`, options, { parallel: 3 })).toBe(one);
    expect(one.split('\n').length).toBeGreaterThan(8);
  });

  it('ranks by the score alone where configurations have epochs of their own, each trained to its last', async () => {
    const options = {
      base: { ...SMALL.base, lr: 0.1 },
      axes: { epochs: [1, 3, 2] },
      score: 'train_loss',
    } as const;
    const { leaderboard: rows } = await endOf(sweep(options, { out: null, parallel: 1 }));
    const scores = rows.map(({ score }) => score!);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(rows.map(({ epochs }) => epochs)).toEqual(rows.map(({ axes }) => axes.epochs));
  });
});
