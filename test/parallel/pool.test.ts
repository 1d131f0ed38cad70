import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { threadPool } from '#src/parallel/pool.js';
import { WORKER_FILE } from '../support/train.js';

it('closes at any moment of its threads’ start, and the process lives on', async () => {
  for (let pause = 0; pause < 120; pause += 6) {
    const pool = threadPool({ filename: WORKER_FILE, workers: 2, workerData: null });
    await sleep(pause);
    await pool.close();
  }
  expect(process.exitCode).toBeUndefined();
});
