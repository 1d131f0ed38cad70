/** A posted task is handled exactly once, whichever thread is woken when. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { type ChannelMemory, createChannels, TaskChannel } from '#src/parallel/channel.js';

const MODULE = new URL('../../dist/src/parallel/channel.js', import.meta.url).href;

/** Adds the task's number to a sum and counts. */
const SERVER = `
  import { workerData } from 'node:worker_threads';
  import { serveTasks } from '${MODULE}';
  const { memory, handled } = workerData;
  serveTasks(memory, 0, ([number]) => {
    handled[0]++;
    handled[1] += number;
  });
`;

function served(memory: ChannelMemory) {
  const handled = new Float64Array(new SharedArrayBuffer(16));
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SERVER)}`), {
    workerData: { memory, handled },
  });
  return {
    handled,
    ended: new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject)),
  };
}

/** Wakes the thread once it sleeps, as a late notification does whose task is done already. */
async function wake(counters: Int32Array): Promise<void> {
  while (Atomics.notify(counters, 0) === 0) await sleep(0); // it is still spinning, or has not had a core yet
}

/** Threads spin for a moment, or not at all: the thread sleeps at once. */
it.each([0.25, 0])('notifications without a task wake nobody for good (spinMs %f ms)', async (spinMs) => {
  const memory = { ...createChannels(1, 2), spinMs };
  const { handled, ended } = served(memory);
  const channel = new TaskChannel(memory, 0);
  const counters = new Int32Array(memory.counters);
  let sum = 0;
  for (let task = 1; task <= 200; task++) {
    channel.cells[0] = task;
    sum += task;
    channel.post();
    await channel.done();
    for (let late = 0; late < task % 4; late++) await wake(counters);
  }
  channel.stop();
  await ended;
  expect([...handled]).toEqual([200, sum]);
});
