/** An audit finds a single bit that is wrong, and changes none that is right. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { GateError } from '#src/errors.js';
import { isAudited } from '#src/train/audited.js';
import { syntheticData } from '../support/data.js';
import { finish, newTrainer } from '../support/train.js';

const workerFile = fileURLToPath(new URL('../fixtures/workers/flipping.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gradpool-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STEPS = 10;
const SHARDS = 8;
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('the audited steps', () => {
  it('depend on seed and step alone, and a larger share has all those of a smaller', () => {
    const whole = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(whole, whole, share, share, (seed, step, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        if (isAudited({ seed, audit: less }, step)) expect(isAudited({ seed, audit: more }, step)).toBe(true);
      }),
    );
  });

  it('are the share that was asked for', () => {
    for (const audit of [0, 0.05, 0.5, 1]) {
      const steps = Array.from({ length: 4000 }, (_, step) => isAudited({ seed: 3, audit }, step));
      const found = steps.filter(Boolean).length / steps.length;
      const deviation = Math.sqrt((audit * (1 - audit)) / steps.length);
      expect(Math.abs(found - audit)).toBeLessThanOrEqual(4 * deviation);
    }
  });
});

const data = syntheticData({ rows: 203, inputs: 13, classes: 4, val: 30 });
const options = { hidden: [30, 20], batch: 50, epochs: 2, dropout: 0.2, seed: 5 } as const;

const predicted = (audit: number) =>
  Array.from({ length: STEPS }, (_, step) => {
    // The last batch of an epoch has 3 rows, so 3 shards.
    const last = step % 5 === 4 ? 3 : SHARDS;
    return isAudited({ seed: options.seed, audit }, step) ? last : 0;
  }).reduce<number>((sum, count) => sum + count, 0);

describe('training', () => {
  it.each([
    ['plain', {}],
    ['shards that do not fit in one pass', { batch: 203, shards: 3 }],
    ['batch normalisation', { layers: [{ dense: 20 }, 'batchNorm', 'relu', { dense: 4 }, 'softmax'] }],
    ['lbfgs', { optimizer: 'lbfgs', batch: 'all', dropout: 0, epochs: 3 }],
  ] as const)('has the same bits for every share and number of workers: %s', async (name, more) => {
    const { hidden, dropout, ...rest } = options;
    const wide = name.startsWith('shards') ? syntheticData({ rows: 4000, inputs: 3, classes: 4 }) : data;
    const common = { ...('layers' in more ? rest : options), ...more };
    const own = wide === data ? common : { ...common, batch: 3900 };
    const sound = await finish(newTrainer(wide, { ...own, workers: 0 }));
    const plain = [
      [0, 1],
      [1, 0.3],
      [2, 0.3],
      [3, 1],
    ] as const;
    const few = [
      [0, 0.3],
      [2, 1],
    ] as const;
    for (const [workers, audit] of name === 'plain' ? plain : few) {
      const notes: string[] = [];
      const trainer = newTrainer(wide, { ...own, workers, audit }, { onNote: (note) => notes.push(note) });
      expect(await finish(trainer)).toEqual(sound);
      if (name === 'plain') expect(trainer.state.audited).toBe(predicted(audit));
      expect(notes).toHaveLength(workers < 2 ? 1 : 0);
    }
  });
});

let flips = 0;
/** Trains with one bit flipped in a shard's gradient. Returns what was thrown, and the steps made. */
async function flipped(step: number, shard: number, more: { workers: number; audit: number | string }) {
  const marker = join(folder, String(++flips));
  Object.assign(process.env, {
    GRADPOOL_TEST_FLIP: `${step},${shard},${(97 * flips) % 390}`,
    GRADPOOL_TEST_MARKER: marker,
  });
  const trainer = newTrainer(
    data,
    { ...options, ...more, audit: Number(more.audit) },
    { workerFile, together: true },
  );
  const thrown = await finish(trainer).then(
    () => null,
    (error: unknown) => error,
  );
  expect(existsSync(marker)).toBe(true);
  return { thrown, steps: trainer.state.step };
}

describe('a flipped bit', () => {
  const cases: [number, [number, number][]][] = [
    [1, [[8, 5]]],
    [
      2,
      [
        [0, 0],
        [2, 7],
      ],
    ],
    [
      3,
      [
        [4, 1],
        [1, 3],
      ],
    ],
  ];
  it.each(cases)(
    'is found wherever it is, before the weights change: %i workers',
    async (workers, places) => {
      for (const [step, shard] of places) {
        const { thrown, steps } = await flipped(step, shard, { workers, audit: 1 });
        expect(thrown).toBeInstanceOf(GateError);
        expect(steps).toBe(step);
        const { message } = thrown as Error;
        expect(message).toContain(`audit: shard ${shard} of step ${step + 1} (epoch ${step < 5 ? 1 : 2}`);
        expect(message).toContain('1 of ');
        expect(message).toMatch(/the first in layer 0 \(dense 13->30\), weight; the hardware/);
        expect(message).toMatch(
          workers === 1 ? /twice by worker 1/ : /by (worker|the coordinator).* and by /,
        );
      }
    },
  );

  it('is found exactly where the step is audited', async () => {
    const audit = 0.5;
    const audited = (step: number) => isAudited({ seed: options.seed, audit }, step);
    const steps = [...Array(STEPS).keys()];
    for (const step of [steps.find(audited)!, steps.find((each) => !audited(each))!]) {
      const { thrown } = await flipped(step, 2, { workers: 2, audit });
      expect(thrown === null).toBe(!audited(step));
    }
  });
});
