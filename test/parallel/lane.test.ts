/** A task that is posted is handled once, whoever is woken when. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { createLanes, Lane, type Lanes } from '#src/parallel/lane.js';

const LANE = new URL('../../dist/src/parallel/lane.js', import.meta.url).href;

/** Adds the task's number to a sum and counts. */
const SERVER = `
  import { workerData } from 'node:worker_threads';
  import { serve } from '${LANE}';
  const { lanes, handled } = workerData;
  serve(lanes, 0, ([number]) => {
    handled[0]++;
    handled[1] += number;
  });
`;

function served(lanes: Lanes) {
  const handled = new Float64Array(new SharedArrayBuffer(16));
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SERVER)}`), {
    workerData: { lanes, handled },
  });
  return {
    handled,
    ended: new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject)),
  };
}

/** Wakes the thread once it sleeps, as a notification does that comes when its task is done already. */
async function wake(words: Int32Array): Promise<void> {
  while (Atomics.notify(words, 0) === 0) await sleep(0); // it is still looking, or has not had a core yet
}

/** Lanes as long as anyone looks, or not at all: the thread sleeps at once. */
it.each([0.25, 0])('notifications without a task wake nobody for good (patience %f ms)', async (patience) => {
  const lanes = { ...createLanes(1, 2), patience };
  const { handled, ended } = served(lanes);
  const lane = new Lane(lanes, 0);
  const words = new Int32Array(lanes.words);
  let sum = 0;
  for (let task = 1; task <= 200; task++) {
    lane.cells[0] = task;
    sum += task;
    lane.post();
    await lane.done();
    for (let late = 0; late < task % 4; late++) await wake(words);
  }
  lane.leave();
  await ended;
  expect([...handled]).toEqual([200, sum]);
});
