/** A posted task is handled exactly once, whichever thread is woken when. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type ChannelMemory, createChannels, TaskChannel } from '#src/parallel/channel.js';

const MODULE = new URL('../../dist/src/parallel/channel.js', import.meta.url).href;

/** Adds the task's number to a sum and counts; the first negative number ends its thread. */
const SERVER = `
  import { workerData } from 'node:worker_threads';
  import { serving } from '${MODULE}';
  const { memory, index, handled, deaths } = workerData;
  const compute = ([number]) => {
    if (number < 0 && Atomics.add(deaths, 0, 1) === 0) process.exit(9);
    handled[0]++;
    handled[1] += number;
  };
  serving(() => compute)({ channels: memory })(index);
`;

const counted = () => new Float64Array(new SharedArrayBuffer(16));

function served(
  memory: ChannelMemory,
  index = 0,
  handled = counted(),
  deaths = new Int32Array(new SharedArrayBuffer(4)),
) {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SERVER)}`), {
    workerData: { memory, index, handled, deaths },
  });
  return {
    handled,
    deaths,
    ended: new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject)),
  };
}

function post(channel: TaskChannel, number: number): void {
  channel.cells[0] = number;
  channel.post();
}

/** Wakes the thread once it sleeps, as a late notification does whose task is done already. */
async function wake(counters: Int32Array): Promise<void> {
  while (Atomics.notify(counters, 0) === 0) await sleep(0); // it is still spinning, or has not had a core yet
}

/** Threads spin for a moment, or not at all: the thread sleeps at once. */
it.each([true, false])('notifications without a task wake nobody for good (spins: %s)', async (spins) => {
  const memory = { ...createChannels(1, 2), spins };
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

describe('a task whose thread is late', () => {
  it('is taken over by the coordinator, and its thread finds it done', async () => {
    const memory = createChannels(1, 2);
    const channel = new TaskChannel(memory, 0);
    const own: number[] = [];
    post(channel, 3);
    channel.takeOver(() => own.push(channel.cells[0]));
    channel.takeOver(() => own.push(channel.cells[0]));
    expect(channel.waitBriefly()).toBe(true);
    expect(own).toEqual([3]);

    const { handled, ended } = served(memory);
    await channel.started();
    post(channel, 4);
    await channel.done();
    channel.takeOver(() => own.push(channel.cells[0]));
    channel.stop();
    await ended;
    expect(own).toEqual([3]);
    expect([...handled]).toEqual([1, 4]);
  });

  it('is done also where the coordinator cannot compute it', () => {
    const channel = new TaskChannel(createChannels(1, 2), 0);
    post(channel, 1);
    const failing = () => {
      throw new Error('a bug');
    };
    expect(() => channel.takeOver(failing)).toThrow('a bug');
    expect(channel.waitBriefly()).toBe(true);
  });

  it('is taken over by another thread', async () => {
    const memory = createChannels(2, 3);
    const channels = [0, 1].map((index) => new TaskChannel(memory, index));
    const { handled, ended } = served(memory, 0);
    post(channels[1], 5);
    post(channels[0], 6);
    await Promise.all(channels.map((channel) => channel.done()));
    channels[0].stop();
    await ended;
    expect([...handled]).toEqual([2, 11]);
  });

  it('waits for its own thread where tasks have to run at the same time', async () => {
    const memory = createChannels(2, 3, true);
    const channels = [0, 1].map((index) => new TaskChannel(memory, index));
    const first = served(memory, 0);
    post(channels[1], 5);
    post(channels[0], 6);
    await channels[0].done();
    channels[0].stop();
    await first.ended;
    expect([...first.handled]).toEqual([1, 6]);
    expect(channels[1].waitBriefly()).toBe(false);
    const second = served(memory, 1);
    await channels[1].done();
    channels[1].stop();
    await second.ended;
    expect([...second.handled]).toEqual([1, 5]);
  });

  it('is begun again by the thread that replaces the one that took it over and died', async () => {
    const memory = createChannels(2, 3);
    const channel = new TaskChannel(memory, 1);
    const { handled, deaths, ended } = served(memory, 0);
    post(channel, -7);
    new TaskChannel(memory, 0).post(); // wakes thread 0
    expect(await ended).toBe(9);
    expect(channel.holder).toBe(0);
    channel.takeOver(() => expect.unreachable('a thread has begun it'));
    const again = served(memory, 0, handled, deaths);
    await channel.done();
    new TaskChannel(memory, 0).stop();
    await again.ended;
    expect(handled[1]).toBe(-7);
  });
});

it('every task is begun exactly once, whoever is first', async () => {
  const memory = createChannels(3, 1);
  const channels = [0, 1, 2].map((index) => new TaskChannel(memory, index));
  const threads = [0, 1, 2].map((index) => served(memory, index));
  const own = [0, 0];
  for (let round = 1; round <= 3000; round++) {
    for (const [i, channel] of channels.entries()) post(channel, 3 * round + i);
    for (const channel of channels) {
      if (round % 2 === 0) {
        channel.takeOver(() => {
          own[0]++;
          own[1] += channel.cells[0];
        });
      }
    }
    for (const channel of channels) while (!channel.waitBriefly()) await channel.done();
  }
  for (const channel of channels) channel.stop();
  await Promise.all(threads.map(({ ended }) => ended));
  const sum = (i: number) => threads.reduce((total, { handled }) => total + handled[i], own[i]);
  expect([sum(0), sum(1)]).toEqual([9000, (9000 * (3 + 9002)) / 2]);
});
