/** Threads are lent to one user after the other; those of which something went wrong are not lent again. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { machineInstructions } from '#src/kernels/load.js';
import { train } from '#src/run/train.js';
import { createThreads, startThreads, type Threads } from '#src/threads.js';

const TELLING = fileURLToPath(new URL('./fixtures/workers/telling.mjs', import.meta.url));
const IDLE = fileURLToPath(new URL('./fixtures/workers/idle.mjs', import.meta.url));

interface Told {
  readonly threadId: number;
  readonly setup: unknown;
}

const borrow = (count: number, setup: unknown = null) => createThreads(TELLING, count, setup);
const ask = (threads: Threads) => threads.run<Told>('tell');

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

let started: Worker[] = [];
const seen = (thread: Worker) => started.push(thread);

beforeEach(() => {
  started = [];
  process.on('worker', seen);
  process.env.THREADS_TEST = `${performance.now()}`; // so that none of another test has this environment
});
afterEach(() => {
  process.off('worker', seen);
  delete process.env.THREADS_TEST;
});

/** Returns whether each of the threads that were started has ended. */
const ended = () => started.map(({ threadId }) => threadId === -1);

describe('threads that are started ahead', () => {
  it('are lent to the first who needs some', async () => {
    for (let times = 0; times < 2; times++) startThreads(TELLING, 2);
    const threads = borrow(2);
    const told = await Promise.all([ask(threads), ask(threads)]);
    expect(told.map(({ threadId }) => threadId)).toEqual(started.map(({ threadId }) => threadId));
    expect(started).toHaveLength(2);
    await threads.release();
  });

  it('say with their first task why their module cannot be loaded', async () => {
    startThreads('/no/such/module.mjs', 1);
    const threads = createThreads('/no/such/module.mjs', 1);
    await expect(threads.run('any task')).rejects.toThrow("Cannot find module '/no/such/module.mjs'");
    await threads.destroy();
  });
});

describe('threads that were released', () => {
  it('are lent again, in any number, with another set-up', async () => {
    for (const count of [2, 1, 2]) {
      const threads = borrow(count, count);
      const told = await Promise.all([ask(threads), ask(threads), ask(threads)]);
      expect(new Set(told.map(({ threadId }) => threadId)).size).toBe(count);
      for (const { setup } of told) expect(setup).toBe(count);
      await threads.release();
    }
    expect(started).toHaveLength(2);
  });

  it('are lent to one user at a time', async () => {
    const first = borrow(1);
    const { threadId } = await ask(first);
    await first.release();
    const [second, third] = [borrow(1), borrow(1)];
    expect((await ask(second)).threadId).toBe(threadId);
    expect((await ask(third)).threadId).not.toBe(threadId);
    await Promise.all([second.release(), third.release()]);
  });

  it('are lent to who needs the module that they have loaded, if one of them has', async () => {
    const telling = borrow(1);
    const other = createThreads(IDLE, 1);
    const { threadId } = await ask(telling);
    await other.run('any task');
    await telling.release();
    await other.release();
    const again = borrow(1);
    expect((await ask(again)).threadId).toBe(threadId);
    await again.release();
  });

  it('are not lent where the environment has changed, which they have a copy of', async () => {
    const first = borrow(1);
    await ask(first);
    await first.release();
    process.env.THREADS_TEST += ' changed';
    const second = borrow(1);
    await ask(second);
    expect(started).toHaveLength(2);
    await second.release();
  });

  it('are ended after a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const threads = borrow(2);
      await Promise.all([ask(threads), ask(threads)]);
      await threads.release();
      vi.advanceTimersByTime(59_000);
      expect(ended()).toEqual([false, false]);
      const exits = started.map((thread) => once(thread, 'exit'));
      vi.advanceTimersByTime(1000);
      await Promise.all(exits);
    } finally {
      vi.useRealTimers();
    }
    const again = borrow(1);
    await ask(again);
    expect(started).toHaveLength(3);
    await again.release();
  });

  it.each(['throw', 'die'])('are ended after a task that did this: %s', async (task) => {
    const threads = borrow(2);
    await expect(threads.run(task)).rejects.toThrow();
    expect((await Promise.all([ask(threads), ask(threads)])).length).toBe(2);
    await threads.release();
    expect(ended()).not.toContain(false);
  });

  it('are ended where a task goes on', async () => {
    const threads = borrow(2);
    const task = threads.run('stay');
    task.catch(() => {});
    await threads.release();
    expect(ended()).toEqual([true, true]);
    await expect(task).rejects.toThrow();
  });

  it('hold nothing of what they worked with', async () => {
    const held = 2 ** 28;
    const work = async () => {
      const buffer = new SharedArrayBuffer(held);
      new Uint8Array(buffer).fill(1);
      const threads = borrow(1, buffer);
      await ask(threads);
      await threads.release();
    };
    const before = process.memoryUsage.rss();
    await work();
    while (process.memoryUsage.rss() > before + held / 2) {
      collect();
      await sleep(10);
    }
    expect(ended()).toEqual([false]);
  });
});

it('a process ends with threads that rest, by itself or when told to', async () => {
  const program = `
    const { createThreads } = await import('${new URL('../dist/src/threads.js', import.meta.url).href}');
    const threads = createThreads('${TELLING}', 2);
    await Promise.all([threads.run('tell'), threads.run('tell')]);
    await threads.release();
  `;
  for (const end of ['', 'process.exit(0);']) {
    const words = ['--input-type=module', '--eval', program + end];
    await promisify(execFile)(process.execPath, words, { timeout: 50_000 });
  }
});

const canCount = process.platform === 'linux' && machineInstructions() !== null;

it.runIf(canCount)(
  'many short trainings map no more memory than a few, also where one is aborted',
  async () => {
    const mapped = () => readFileSync('/proc/self/maps', 'utf8').split('\n').length;
    const several = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const abort = new AbortController();
        const options = { data: 'spirals', hidden: [16], epochs: 2, workers: 2, kernels: 'jit' } as const;
        for await (const { type } of train(options, { out: null, signal: abort.signal })) {
          if (type === 'step' && i % 3 === 2) abort.abort();
        }
      }
      collect();
      return mapped();
    };
    const few = await several(12);
    // Each thread that koffi was loaded in would leave three; those of the engine come and go, up to 180.
    expect((await several(150)) - few).toBeLessThan(300);
    expect(started).toHaveLength(1);
  },
);
