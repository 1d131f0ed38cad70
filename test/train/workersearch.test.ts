import { describe, expect, it } from 'vitest';
import { Stream } from '#src/random.js';
import {
  breakEven,
  type Decision,
  explained,
  WorkerSearch,
  workerCandidates,
} from '#src/train/workersearch.js';

/** Runs a search on made-up times; returns the decision and the steps that it took. */
function decide(
  candidates: readonly number[],
  steps: number,
  secondsOf: (workers: number, step: number) => number,
): { decision: Decision; taken: number; spent: number } {
  const search = new WorkerSearch(candidates, steps);
  let spent = 0;
  for (let step = 0; ; step++) {
    const seconds = secondsOf(search.current, step);
    spent += seconds;
    const decision = search.record(seconds);
    if (decision) return { decision, taken: step + 1, spent };
    if (step > 5000) throw new Error('no decision');
  }
}

/** Overhead and cost of a step, in milliseconds, by workers. */
const model = (rows: number, overhead: number, cost: number) => (workers: number) =>
  (workers === 0 ? 0.05 + rows * cost : 0.05 + overhead + (rows * cost) / workers) / 1000;

it('candidates are what was asked for, or in-process, doublings and every core', () => {
  expect(workerCandidates(3, 8)).toEqual([3]);
  const auto = workerCandidates('auto', 6);
  expect(auto[0]).toBe(0);
  expect(Math.max(...auto)).toBeLessThanOrEqual(6);
  expect(workerCandidates('auto', 1)).toEqual([0]);
});

describe('WorkerSearch', () => {
  it('keeps the faster', () => {
    const worth = decide([0, 2], 100_000, model(512, 0.3, 0.005)).decision;
    expect(worth).toMatchObject({ workers: 2, why: 'in-process 2.61 ms a step, 2 workers 1.63 ms a step' });
    expect(decide([0, 2], 100_000, model(32, 0.3, 0.005)).decision.workers).toBe(0);
    expect(decide([0, 2, 4, 8, 16], 100_000, model(512, 0.3, 0.05)).decision.workers).toBe(16);
  });

  it('tries no more counts once more are clearly slower', () => {
    const tried = new Set<number>();
    const slow = (workers: number) => {
      tried.add(workers);
      return workers === 0 ? 0.004 : 0.004 * workers;
    };
    expect(decide([0, 2, 4, 8, 64], 10_000, slow).decision.workers).toBe(0);
    expect([...tried]).toEqual([0, 2]);
  });

  it('is not misled by outliers and slow spells, which last for many steps', () => {
    const stream = new Stream(5, 99, 0);
    for (let trial = 0; trial < 20; trial++) {
      const { decision } = decide([0, 2], 20_000, (workers, step) => {
        const spell = workers === 2 && Math.floor(step / 40) % 5 === 0 ? 2 : 1;
        const outlier = stream.uniform() < 0.03 ? 20 : 1;
        return (workers === 2 ? 0.0006 : 0.001) * spell * outlier * (0.9 + 0.2 * stream.uniform());
      });
      expect(decision.workers).toBe(2);
    }
  });

  it('starts no threads for a training that ends before', () => {
    const seen = new Set<number>();
    const { decision, taken } = decide([0, 2], 200, (workers) => {
      seen.add(workers);
      return 0.001;
    });
    expect(decision).toMatchObject({ workers: 0, why: 'done before threads would have started' });
    expect([...seen]).toEqual([0]);
    expect(taken).toBeLessThan(10);
  });

  it('costs little: few long steps, or a moment', () => {
    expect(decide([0, 2], 30, (workers) => (workers ? 5.5 : 10)).taken).toBeLessThanOrEqual(5);
    const { taken, spent } = decide([0, 2], 20_000, () => 0.005);
    expect(taken).toBeLessThan(0.05 * 20_000);
    expect(spent).toBeLessThan(2);
  });
});

describe('break-even', () => {
  /** Where the made-up times of 0 and 2 workers are equal: overhead = rows · cost / 2. */
  const [overhead, cost] = [0.64, 0.005];
  const explain = (
    rows: number,
    probe = (workers: number, half: number) => model(half, overhead, cost)(workers),
  ) => {
    const { decision } = decide([0, 2], 100_000, model(rows, overhead, cost));
    return explained(decision, rows, async (workers, some) => probe(workers, some));
  };

  it('is found from half a batch and a whole one', async () => {
    for (const rows of [64, 100, 128]) {
      expect(await explain(rows)).toMatch(
        new RegExp(
          `^batch ${rows} too small to gain from 2 workers, break-even ≈ 256; in-process .* a step$`,
        ),
      );
    }
  });

  it('is not told where it cannot be: more workers win, cost as much a row, or win too far away', async () => {
    const plain = /^in-process [\d.]+ ms a step, 2 workers [\d.]+ ms a step$/;
    expect(await explain(1024)).toMatch(plain);
    expect(await explain(64, (_, rows) => rows * 5e-6)).toMatch(plain);
    expect(await explain(64, () => 0.001)).toMatch(plain);
    expect(await explain(8)).toMatch(/^in-process [^b]*$/);
  });

  it('lies beyond the batch, to the nearest power of two', () => {
    expect(breakEven(64, 64e-6, 2e-6, 1e-6)).toBe(128);
    expect(breakEven(64, 1e-9, 2e-6, 1e-6)).toBe(128);
    expect(breakEven(100, 350e-6, 2e-6, 1e-6)).toBe(512);
    expect(breakEven(64, 64e-6, 1e-6, 1e-6)).toBeNull();
    expect(breakEven(64, -1e-6, 2e-6, 1e-6)).toBeNull();
    expect(breakEven(64, 1, 2e-6, 1e-6)).toBeNull();
    expect(breakEven(64, 1e-6, Number.NaN, 1e-6)).toBeNull();
  });
});
