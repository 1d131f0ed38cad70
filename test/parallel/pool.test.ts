import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ThreadPool } from '#src/parallel/pool.js';

const SQUARING = fileURLToPath(new URL('../fixtures/workers/squaring.mjs', import.meta.url));
const FAILING = fileURLToPath(new URL('../fixtures/workers/failing.mjs', import.meta.url));

interface Task {
  readonly place: number;
  readonly number: number;
}

function squaringPool(workers: number, filename = SQUARING) {
  const squares = new Float64Array(new SharedArrayBuffer(8 * 8));
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const own: number[] = [];
  const retries: string[] = [];
  const pool = new ThreadPool<Task>({
    filename,
    workers,
    workerData: { squares, seen },
    encode({ place, number }, cells) {
      cells[0] = place;
      cells[1] = number;
    },
    handle({ place, number }) {
      own.push(place);
      squares[place] = number * number;
    },
    onRetry: (error) => retries.push(error.message),
  });
  return { pool, squares, own, retries };
}

describe('ThreadPool', () => {
  it.each([1, 2, 3, 5])('%i workers run as many tasks, again and again', async (workers) => {
    const { pool, squares, own } = squaringPool(workers);
    for (let round = 1; round <= 50; round++) {
      const tasks = Array.from({ length: workers }, (_, place) => ({ place, number: round + place }));
      await pool.run(tasks);
      expect([...squares.subarray(0, workers)]).toEqual(tasks.map(({ number }) => number * number));
    }
    // Of several workers, the last is the coordinator itself.
    expect(new Set(own)).toEqual(new Set(workers === 1 ? [] : [workers - 1]));
    await pool.close();
  });

  it('goes on after its threads have slept', async () => {
    const { pool, squares } = squaringPool(3);
    await pool.run([{ place: 0, number: 2 }]);
    await sleep(30);
    await pool.run([0, 1, 2].map((place) => ({ place, number: 3 })));
    expect([...squares.subarray(0, 3)]).toEqual([9, 9, 9]);
    await pool.close();
  });

  it('computes a task again when its thread ends on the way', async () => {
    const { pool, squares, retries } = squaringPool(3);
    await pool.run([
      { place: 0, number: 4 },
      { place: 1, number: -5 },
      { place: 2, number: 6 },
    ]);
    expect([...squares.subarray(0, 3)]).toEqual([16, 25, 36]);
    expect(retries).toHaveLength(1);
    await pool.run([{ place: 1, number: 7 }]);
    expect(squares[1]).toBe(49);
    await pool.close();
  });

  it('gives up on a task that always fails, after the others have ended', async () => {
    const { pool, own, retries } = squaringPool(2, FAILING);
    const tasks = [0, 1].map((place) => ({ place, number: 1 }));
    await expect(pool.run(tasks)).rejects.toThrow('always');
    expect(retries).toEqual(['always', 'always']);
    expect(own).toEqual([1]);
    await pool.close();
  });

  it('closes at any moment of its threads’ start, and the process lives on', async () => {
    const begin = performance.now();
    const first = squaringPool(3);
    await first.pool.run([0, 1, 2].map((place) => ({ place, number: 1 })));
    const start = performance.now() - begin; // which moments there are depends on how long a start takes here
    await first.pool.close();
    for (let moment = 0; moment < 20; moment++) {
      const { pool } = squaringPool(3);
      await sleep((moment / 15) * start);
      await pool.close();
    }
    expect(process.exitCode).toBeUndefined();
  });
});
