/** An audit finds a single bit that is wrong, and changes none that is right. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { GateError } from '#src/errors.js';
import { auditedShards } from '#src/train/audited.js';
import { syntheticData } from '../support/data.js';
import { finish, newTrainer } from '../support/train.js';

const workerFile = fileURLToPath(new URL('../fixtures/workers/flipping.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gradpool-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STEPS = 10;
const SHARDS = 8;
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('the audited shards', () => {
  it('depend on seed, step and shard alone, and more are audited with a larger share', () => {
    const whole = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(
        whole,
        whole,
        fc.array(share, { minLength: 2, maxLength: 2 }),
        fc.nat(70),
        (seed, step, shares, cut) => {
          const [less, more] = shares.sort((a, b) => a - b);
          const of = (audit: number, first: number, last: number) =>
            auditedShards({ seed, audit }, step, { first, last });
          const all = of(more, 0, 70);
          expect([...of(more, 0, cut), ...of(more, cut, 70)]).toEqual(all);
          expect(all).toEqual(expect.arrayContaining([...of(less, 0, 70)]));
        },
      ),
    );
  });

  it('are the share that was asked for, with each step another draw', () => {
    for (const audit of [0, 0.05, 0.5, 1]) {
      const steps = Array.from({ length: 2000 }, (_, step) =>
        auditedShards({ seed: 3, audit }, step, { first: 0, last: SHARDS }),
      );
      const found = steps.flat().length / (2000 * SHARDS);
      const deviation = Math.sqrt((audit * (1 - audit)) / (2000 * SHARDS));
      expect(Math.abs(found - audit)).toBeLessThanOrEqual(4 * deviation);
      if (audit === 0.5) expect(new Set(steps.map((shards) => shards.join())).size).toBeGreaterThan(200);
    }
  });
});

const data = syntheticData({ rows: 203, inputs: 13, classes: 4, val: 30 });
const options = { hidden: [30, 20], batch: 50, epochs: 2, dropout: 0.2, seed: 5 } as const;

const predicted = (audit: number) =>
  Array.from({ length: STEPS }, (_, step) => {
    // The last batch of an epoch has 3 rows, so 3 shards.
    const last = step % 5 === 4 ? 3 : SHARDS;
    return auditedShards({ seed: options.seed, audit }, step, { first: 0, last }).length;
  }).reduce((sum, count) => sum + count);

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

  it('is found exactly where the shard is audited', async () => {
    const audit = 0.5;
    const audited = new Set(auditedShards({ seed: options.seed, audit }, 2, { first: 0, last: SHARDS }));
    const without = [...Array(SHARDS).keys()].find((shard) => !audited.has(shard))!;
    for (const shard of [without, ...audited].slice(0, 2)) {
      const { thrown } = await flipped(2, shard, { workers: 2, audit });
      expect(thrown === null).toBe(!audited.has(shard));
    }
  });
});
