/** `--workers auto` on steps whose times the test makes up. */
import { describe, expect, it } from 'vitest';
import {
  breakEvenRows,
  explained,
  type WorkerDecision,
  WorkerSearch,
  workerCandidates,
} from '#src/train/workersearch.js';

/**
 * Runs a search to its decision.
 *
 * @param seconds Returns the time of a step from its number of workers and its index.
 */
function search(candidates: number[], seconds: (workers: number, step: number) => number, steps = 100_000) {
  const prepared: number[] = [];
  const found = new WorkerSearch(candidates, steps, (most) => prepared.push(most));
  const tried = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    tried.add(found.current);
    const decision = found.record(seconds(found.current, step));
    if (found.current > 0 && steps >= 100_000) expect(prepared).toEqual([candidates.at(-1)]);
    if (decision) return { decision, tried: [...tried], steps: step + 1, prepared };
  }
  throw new Error('no decision');
}

describe('the search', () => {
  it.each([
    [{ 0: 4, 2: 2.2, 4: 1.4 }, 4],
    [{ 0: 4, 2: 2.2, 4: 3 }, 2],
    [{ 0: 1, 2: 1.2, 4: 1.3 }, 0],
  ])('keeps the fastest of %j ms', (milliseconds: Record<number, number>, best) => {
    const { decision } = search([0, 2, 4], (workers) => milliseconds[workers] / 1000);
    expect(decision.workers).toBe(best);
    expect(decision.why).toContain('ms a step');
  });

  it.each([
    [1, 0.85, 2],
    [1, 1.15, 0],
  ])('sees %f against %f ms through accidents that last thirty times as long', (alone, together, best) => {
    const accident = (step: number) => ((step * 7919) % 101 === 0 ? 30 : 1);
    const jitter = (step: number) => 1 + 0.3 * (((step * 104729) % 97) / 97);
    const time = (workers: number, step: number) => (workers === 0 ? alone : together) * jitter(step);
    expect(
      search([0, 2], (workers, step) => (time(workers, step) * accident(step)) / 1000).decision.workers,
    ).toBe(best);
  });

  it('stops at the first count that is clearly slower than fewer', () => {
    const { decision, tried } = search([0, 2, 4, 8], (workers) => (workers === 0 ? 0.001 : 0.001 * workers));
    expect(decision.workers).toBe(0);
    expect(tried).toEqual([0, 2]);
  });

  it('does not start threads for a training that ends before they would have', () => {
    const { decision, tried, prepared } = search([0, 2], () => 0.0001, 500);
    expect(decision).toMatchObject({ workers: 0, why: 'done before threads would have started' });
    expect(tried).toEqual([0]);
    expect(prepared).toEqual([]);
  });

  it('costs little: a small part of a long training, a second or two of any', () => {
    const long = search([0, 2], (workers) => (workers === 0 ? 0.001 : 0.0009));
    expect(long.steps).toBeLessThan(100_000 * 0.03);
    let spent = 0;
    const slow = search([0, 2, 4], (workers) => {
      spent += workers === 0 ? 0.5 : 0.45;
      return workers === 0 ? 0.5 : 0.45;
    });
    expect(slow.decision.workers).toBe(2);
    expect(spent).toBeLessThan(6);
  });
});

it.each([
  ['auto', 8, 1, [0]],
  ['auto', 8, 2, [0, 2]],
  ['auto', 8, 6, [0, 2, 4, 6]],
  ['auto', 3, 64, [0, 2, 3]],
  ['auto', 1, 64, [0]],
  [5, 8, 1, [5]],
] as const)('workers %s, at most %i tasks, %i cores: %j are tried', (workers, tasks, cores, candidates) => {
  expect(workerCandidates(workers, tasks, cores)).toEqual(candidates);
});

describe('the reason', () => {
  const decision = (alone: number, together: number): WorkerDecision => ({
    workers: 0,
    why: 'in-process 0.32 ms a step, 2 workers 0.66 ms a step',
    trials: [
      { workers: 0, seconds: alone },
      { workers: 2, seconds: together },
    ],
  });
  /** Overhead 0.5 ms and half the cost of a row for two workers: they break even at 100 rows. */
  const probe = async (workers: number, rows: number) =>
    workers === 0 ? 10e-6 * rows : 500e-6 + 5e-6 * rows;

  it('tells from which batch on more workers would gain', async () => {
    expect(await explained(decision(320e-6, 660e-6), 32, probe)).toBe(
      'batch 32 too small to gain from 2 workers, break-even ≈ 128; in-process 0.32 ms a step, 2 workers 0.66 ms a step',
    );
  });

  it('is not guessed where measurements do not tell, where steps are long, or where the most workers won', async () => {
    const plain = 'in-process 0.32 ms a step, 2 workers 0.66 ms a step';
    expect(await explained(decision(320e-6, 660e-6), 32, async (_, rows) => 10e-6 * rows)).toBe(plain);
    expect(await explained(decision(0.1, 0.2), 32, probe)).toBe(plain);
    expect(await explained({ ...decision(320e-6, 160e-6), workers: 2 }, 32, probe)).toBe(plain);
    expect(await explained(decision(320e-6, 660e-6), 8, probe)).toBe(plain);
  });

  it.each([
    [32, 340e-6, 10e-6, 5e-6, 128],
    [64, 1e-6, 10e-6, 5e-6, 128],
    [64, 0, 10e-6, 5e-6, 128],
    [64, 0.1, 10e-6, 5e-6, null],
    [64, 1e-4, 5e-6, 5e-6, null],
    [64, 1e-4, 5e-6, 0, null],
    [64, -1e-4, 10e-6, 5e-6, null],
  ])('batch %i, loss %f s, %f and %f s a row: break-even at %s', (batch, loss, cost, costOfMore, rows) => {
    expect(breakEvenRows(batch, loss, cost, costOfMore)).toBe(rows);
  });
});
