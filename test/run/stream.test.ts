/** Trainings on rows that are streamed from disk end in the bits of those in memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCache } from '#src/data/stream/cachefolder.js';
import { UsageError } from '#src/errors.js';
import { resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import { endOf } from '../support/ending.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-stream-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 2400 training rows in batches of 8: more batches than the ring has slots. */
let options: TrainOptions;
let streamed: TrainOptions;
beforeAll(() => {
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const [a, b] = [(i * 7919) % 101, (i * 104_729) % 97];
    return `${a},${b === 0 ? '' : b},k${a % 4},${1 + (b % 3)},${(a + b) % 3 === 0 ? 'yes' : 'no'}`;
  });
  const data = join(folder, 'rows.csv');
  writeFileSync(data, `a,b,kind,w,target\n${rows.join('\n')}\n`);
  const sizes = { hidden: [8], batch: 8, epochs: 2, val: 0.2, preset: 'none' } as const;
  options = { data, weights: 'w', ...sizes, optimizer: 'adam', lr: 0.01, kernels: 'portable', workers: 0 };
  streamed = { ...options, stream: true, cache: join(folder, 'cache') };
});

const shaOf = async (given: TrainOptions) => {
  const { weightsSha256, val, scores, train: trained } = await endOf(train(given, { out: null }));
  return { weightsSha256, val, scores, trained };
};

describe('a streamed training', () => {
  it.each(['rows', 'blocks'] as const)('shuffled by %s', async (shuffle) => {
    const expected = await shaOf({ ...options, shuffle });
    const workers = shuffle === 'rows' ? 0 : 2;
    expect(await shaOf({ ...streamed, shuffle, workers })).toEqual(expected);
  });

  it('with dropout, a refit, an audit and a batch of all rows', async () => {
    const refit = { refit: true, dropout: 0.2, audit: 0.05 };
    expect(await shaOf({ ...streamed, ...refit })).toEqual(await shaOf({ ...options, ...refit }));
    const all = { batch: 'all', epochs: 3 } as const;
    expect(await shaOf({ ...streamed, ...all })).toEqual(await shaOf({ ...options, ...all }));
  });

  it('goes on in the middle of an epoch, after its cache was cleared', async () => {
    const given = { ...streamed, shuffle: 'blocks', checkpointEvery: 50 } as const;
    const whole = await shaOf(given);
    const out = join(folder, 'run');
    const stop = new AbortController();
    for await (const event of train(given, { out, signal: stop.signal })) {
      if (event.type === 'step' && event.step === 310) stop.abort();
    }
    rmSync(join(folder, 'cache'), { recursive: true });
    const { weightsSha256, steps } = await endOf(resume(out, { workers: 1 }));
    expect({ weightsSha256, steps }).toEqual({ weightsSha256: whole.weightsSha256, steps: 600 });
    expect(listCache(join(folder, 'cache'))).toHaveLength(1);
  });

  it('says how long it waits for rows', async () => {
    const { profile } = await endOf(train({ ...streamed, epochs: 1 }, { out: null, profile: true }));
    expect(profile!.seconds.reading).toBeGreaterThan(0);
    const memory = await endOf(train({ ...options, epochs: 1 }, { out: null, profile: true }));
    expect(memory.profile!.seconds).not.toHaveProperty('reading');
  });

  it('names rows of the source where a value is not finite', async () => {
    const diverging = { optimizer: 'sgd', lr: 1e30, weights: undefined } as const;
    const message = async (given: TrainOptions) =>
      shaOf({ ...given, ...diverging }).then(
        () => '',
        (error: Error) => error.message,
      );
    const told = await message(streamed);
    expect(told).toMatch(/^diverged .* for data row \d+/);
    expect(told).toBe(await message(options));
  });

  it('is refused for several networks', async () => {
    for (const several of [{ bag: 3 }, { cv: 3 }]) {
      await expect(shaOf({ ...streamed, ...several })).rejects.toThrow(UsageError);
    }
  });
});
