import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Clock } from '#src/clock.js';
import { HERE } from '#src/parallel/executor.js';
import { ThreadPool } from '#src/parallel/pool.js';

const SQUARING = fileURLToPath(new URL('../fixtures/workers/squaring.mjs', import.meta.url));
const FAILING = fileURLToPath(new URL('../fixtures/workers/failing.mjs', import.meta.url));

interface Task {
  readonly place: number;
  readonly number: number;
}

/** @param given parts of the pool's options; `together` keeps the coordinator from taking tasks over */
function squaringPool(
  workers: number,
  given: {
    filename?: string;
    together?: boolean;
    handle?: (task: Task, seen: Int32Array, squares: Float64Array) => void;
    encoded?: (squares: Float64Array) => void;
    clock?: Clock;
  } = {},
) {
  const squares = new Float64Array(new SharedArrayBuffer(8 * 8));
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const own: number[] = [];
  const retries: string[] = [];
  const pool = new ThreadPool<Task>({
    filename: given.filename ?? SQUARING,
    workers,
    together: given.together ?? false,
    setup: { squares, seen },
    encode({ place, number }, cells) {
      cells[0] = place;
      cells[1] = number;
      given.encoded?.(squares);
    },
    handle({ place, number }) {
      given.handle?.({ place, number }, seen, squares);
      own.push(place);
      squares[place] = number * number;
    },
    ...(given.clock && { clock: given.clock }),
    onRetry: (error) => retries.push(error.message),
  });
  return { pool, squares, own, retries };
}

describe('ThreadPool', () => {
  it.each([1, 2, 3, 5])('%i workers run as many tasks, again and again', async (workers) => {
    for (const together of [true, false]) {
      const { pool, squares, own } = squaringPool(workers, { together });
      for (let round = 1; round <= 50; round++) {
        const tasks = Array.from({ length: workers }, (_, place) => ({ place, number: round + place }));
        await pool.run(tasks);
        expect([...squares.subarray(0, workers)]).toEqual(tasks.map(({ number }) => number * number));
      }
      // Of several workers, the last is the coordinator itself; it may do more where it may take over.
      const last = workers === 1 ? [] : [workers - 1];
      if (together || workers === 1) expect(new Set(own)).toEqual(new Set(last));
      else expect(own.filter((place) => place === workers - 1)).toHaveLength(50);
      await pool.close();
    }
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
    // The coordinator's own task takes until a thread has begun the fatal one.
    const handle = ({ place }: Task, seen: Int32Array) => {
      while (place === 2 && Atomics.load(seen, 0) === 0);
    };
    const { pool, squares, retries } = squaringPool(3, { handle });
    await pool.run([
      { place: 0, number: 4 },
      { place: 1, number: -5 },
      { place: 2, number: 6 },
    ]);
    expect([...squares.subarray(0, 3)]).toEqual([16, 25, 36]);
    expect(retries).toHaveLength(1);
    await pool.run([0, 1, 2].map((place) => ({ place, number: 7 })));
    expect([...squares.subarray(0, 3)]).toEqual([49, 49, 49]);
    await pool.close();
  });

  it('computes all tasks in its own thread for a while where runs with threads take longer', async () => {
    let now = 0;
    const clock = () => {
      now += 10;
      return now;
    };
    // The coordinator's own task, the last, takes until the other one is done.
    const handle = ({ place, number }: Task, _: Int32Array, squares: Float64Array) => {
      while (place === 1 && squares[0] !== number * number);
    };
    const { pool, squares } = squaringPool(2, { handle, clock });
    const doers: (readonly number[])[] = [];
    for (let number = 1; number <= 9; number++) {
      doers.push(await pool.run([0, 1].map((place) => ({ place, number }))));
      expect([...squares.subarray(0, 2)]).toEqual([number * number, number * number]);
    }
    expect(doers).toEqual([...Array(8).fill([0, HERE]), [HERE, HERE]]);
    await pool.close();
  });

  it('replaces a thread that has died between two runs', async () => {
    const threads: Worker[] = [];
    const seen = (thread: Worker) => threads.push(thread);
    process.on('worker', seen);
    process.env.POOL_TEST = '1'; // no thread of another test has this environment, so one is started
    const { pool, squares, retries } = squaringPool(2, { together: true });
    try {
      const tasks = [0, 1].map((place) => ({ place, number: 3 }));
      await pool.run(tasks);
      await threads[0].terminate();
      await sleep(0); // now the pool has heard of it
      await pool.run(tasks.map(({ place }) => ({ place, number: 5 })));
      expect([...squares.subarray(0, 2)]).toEqual([25, 25]);
      expect(retries).toHaveLength(1);
    } finally {
      process.off('worker', seen);
      delete process.env.POOL_TEST;
      await pool.close();
    }
  });

  it('gives up on a task that always fails, after the others have ended', async () => {
    const { pool, own, retries } = squaringPool(2, { filename: FAILING, together: true });
    const tasks = [0, 1].map((place) => ({ place, number: 1 }));
    await expect(pool.run(tasks)).rejects.toThrow('always');
    expect(retries).toEqual(['always', 'always']);
    expect(own).toEqual([1]);
    await pool.close();
  });

  it('begins no task before it is posted, also after one that it gave up on', async () => {
    const early: number[] = [];
    const encoded = (squares: Float64Array) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      early.push(squares[0]);
    };
    const { pool, squares } = squaringPool(2, { together: true, encoded });
    const tasksOf = (number: number) => [0, 1].map((place) => ({ place, number }));
    await expect(pool.run(tasksOf(Number.NaN))).rejects.toThrow('not a number');
    await pool.run(tasksOf(3));
    expect(early).toEqual([0, 0]);
    expect([...squares.subarray(0, 2)]).toEqual([9, 9]);
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
