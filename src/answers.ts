/** What threads answer to tasks: an error comes back as what it was. */
import { revivedError, type ThrownError, thrownError } from './errors.js';

/** What a thread answers to a task. An error would lose its class on the way. */
export type Answer<Result> = { readonly result: Result } | { readonly thrown: ThrownError };

/** Returns what a worker module exports by default: `work`, with what it throws as an answer. */
export function answering<Task, Result>(work: (task: Task) => Result): (task: Task) => Answer<Result> {
  return (task) => {
    try {
      return { result: work(task) };
    } catch (error) {
      return { thrown: thrownError(error) };
    }
  };
}

/** The threads that are asked, without piscina's types, which not every program can compile. */
interface Asked {
  run(task: unknown): Promise<unknown>;
}

/** Has a thread do a task of a module that answers. @throws what the task throws, or that its thread died */
export async function ask<Task, Result>(threads: Asked, task: Task): Promise<Result> {
  const answer = (await threads.run(task)) as Answer<Result>;
  if ('thrown' in answer) throw revivedError(answer.thrown);
  return answer.result;
}
