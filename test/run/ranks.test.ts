/** A run by several ranks on disk: what they refuse, what they agree on, and who goes on from it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '#src/errors.js';
import type { Ranks } from '#src/ranks/ranks.js';
import { type RunOptions, resumeAmong, train, trainAmong } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';
import { endOf } from '../support/ending.js';
import { writeIdxFolder } from '../support/idx.js';
import { loopback } from '../support/loopback.js';

let folder: string;
let options: TrainOptions;
let whole: EndEvent;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-ranks-'));
  const data = writeIdxFolder(join(folder, 'data'), { train: 200, test: 40 });
  options = { data, val: 0.2, hidden: [12], batch: 25, epochs: 4, optimizer: 'adam', lr: 0.01, workers: 0 };
  whole = await endOf(train(options, { out: null }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Lets each rank work, and returns what becomes of it. An error is told to all, as the command line does. */
async function among<T>(size: number, work: (ranks: Ranks) => Promise<T>) {
  const ranks = await loopback(size, (rank) => `host${rank}`);
  return Promise.allSettled(ranks.map((own) => own.whileTelling(() => work(own))));
}

/** Trains on two ranks that differ, and returns the one error that both end with. */
async function refusal(of: (rank: number) => Partial<TrainOptions>, run: RunOptions = { out: null }) {
  const ends = await among(2, (ranks) => endOf(trainAmong(ranks, { ...options, ...of(ranks.rank) }, run)));
  const errors = ends.map((found) => (found as PromiseRejectedResult).reason as Error);
  expect(errors[0].message).toBe(errors[1].message);
  return errors[0];
}

describe('ranks', () => {
  it('have one folder, one record and one result', async () => {
    const out = join(folder, 'run');
    const ends = await among(3, (ranks) => endOf(trainAmong(ranks, options, { out })));
    for (const found of ends) {
      const { value } = found as PromiseFulfilledResult<EndEvent>;
      expect(value).toMatchObject({ weightsSha256: whole.weightsSha256, ranks: 3, val: whole.val });
    }
    const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'completed', exitCode: 0 });
    expect(record.result).toMatchObject({ ranks: 3, scores: whole.scores });
    expect(existsSync(join(out, 'lock'))).toBe(false);
  });

  it('train on all rows together', async () => {
    const again = { ...options, refit: true, patience: 4 };
    const alone = await endOf(train(again, { out: null }));
    const out = join(folder, 'refit');
    const [first] = await among(2, (ranks) => endOf(trainAmong(ranks, again, { out })));
    const { value } = first as PromiseFulfilledResult<EndEvent>;
    expect(value.refit).toEqual(alone.refit);
    expect(value.weightsSha256).toBe(alone.weightsSha256);
  });

  it('stop at the same step when one is asked to, and any number goes on', async () => {
    const out = join(folder, 'stopped');
    const stopped = await among(3, (ranks) => {
      const abort = new AbortController();
      const see = (event: TrainEvent) => {
        if (event.type === 'step' && event.step === 9 && ranks.rank === 2) abort.abort();
      };
      return endOf(trainAmong(ranks, options, { out, signal: abort.signal }), see);
    });
    for (const found of stopped) expect(found).toMatchObject({ value: { status: 'interrupted', steps: 10 } });
    const ends = await among(2, (ranks) => endOf(resumeAmong(ranks, out)));
    for (const found of ends) {
      expect(found).toMatchObject({ value: { status: 'completed', weightsSha256: whole.weightsSha256 } });
    }
  });
});

describe('all ranks end with one line', () => {
  it('where the configuration differs', async () => {
    const error = await refusal((rank) => ({ lr: rank === 0 ? 0.01 : 0.02 }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(
      'rank 1 on host1 has lr 0.02, and rank 0 has 0.01: start all ranks with the same command',
    );
  });

  it('where the data differ', async () => {
    const other = writeIdxFolder(join(folder, 'other'), { train: 201, test: 40 });
    const error = await refusal((rank) => (rank === 0 ? {} : { data: other }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/^rank 1 on host1 has other training data than rank 0 \(SHA-256 .*\): /);
  });

  it('where kernels round otherwise', async () => {
    const error = await refusal((rank) => ({ kernels: rank === 0 ? 'wasm' : 'portable' }));
    expect(error.message).toMatch(
      /^rank 1 on host1 computes with portable kernels, and rank 0 with wasm kernels/,
    );
  });

  it('where one cannot read its data, or the folder is there already', async () => {
    const lost = await refusal((rank) => (rank === 0 ? {} : { data: join(folder, 'nothing') }));
    expect(lost).toBeInstanceOf(DataError);
    expect(lost.message).toMatch(/^rank 1 on host1: .*nothing/);
    expect((await refusal(() => ({}), { out: folder })).message).toMatch(/exists already/);
  });

  it.each([
    [{ bag: 2 }, '--bag 2'],
    [{ cv: 3 }, 'a cross-validation (--cv, --fold)'],
    [{ audit: 0.5 }, '--audit 0.5'],
  ])('for %o, which ranks do not do together', async (more, what) => {
    const error = await refusal(() => ('cv' in more ? { ...more, val: undefined } : more));
    expect(error.message).toBe(
      `${what}: several ranks train one network together, and cannot do this; start gradpool without mpiexec`,
    );
  });
});
