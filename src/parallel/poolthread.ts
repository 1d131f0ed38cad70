/** What a pool knows of its threads, and how it parts the tasks of a run among them and itself. */
import type { TaskChannel } from './channel.js';
import { HERE } from './executor.js';

/** A thread of a pool, and its channel. */
export interface PoolThread {
  readonly index: number;
  readonly channel: TaskChannel;
  /** Rejected when the thread dies or its task throws. */
  serving: Promise<void>;
  /** What `serving` was rejected with, until the thread is replaced. */
  failure: Error | null;
  started: boolean;
  /** Why it is being ended, until it is replaced. */
  hung: Error | null;
}

/** Which tasks of a run are whose, by their indices. */
export interface Parts {
  /** The threads that are posted a task each. */
  readonly threads: readonly PoolThread[];
  /** posted[i] is the task of threads[i]. */
  readonly posted: readonly number[];
  /** The tasks that the coordinator computes itself. */
  readonly own: readonly number[];
}

export const isReady = ({ started, failure }: PoolThread): boolean => started && !failure;
/** Spins and then sleeps for a moment; returns whether a thread's task is done. */
export const isDone = ({ channel }: PoolThread): boolean => channel.waitBriefly();

/** Returns the milliseconds of the shortest of a run's tasks, of which the coordinator's own took so many. */
export function shortestTask(own: number, threads: readonly PoolThread[]): number {
  let shortest = own;
  for (let i = 0; i < threads.length; i++) shortest = Math.min(shortest, threads[i].channel.took);
  return shortest;
}

/** Returns who has computed each task, where the tasks of threads come first. */
export function doersOf({ threads, own }: Parts): number[] {
  const doers: number[] = [];
  for (let i = 0; i < threads.length; i++) doers.push(threads[i].channel.doer ?? HERE);
  for (let i = 0; i < own.length; i++) doers.push(HERE);
  return doers;
}
