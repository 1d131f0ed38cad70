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

/** Returns the result of a task. @throws what the task has thrown */
export function resultOf<Result>(answer: Answer<Result>): Result {
  if ('thrown' in answer) throw revivedError(answer.thrown);
  return answer.result;
}
