/**
 * A mistake of the user, as opposed to a bug. Its message is one line that says what is wrong, where, with
 * which value, and how to mend it. The command line prints that line and exits with `exitCode`; anything else
 * that is thrown is a bug and keeps its stack.
 *
 * @example
 * ```js
 * import { resolveConfig, UserError } from 'gradpool';
 *
 * try {
 *   resolveConfig({ data: 'iris', lr: -1 });
 * } catch (error) {
 *   if (!(error instanceof UserError)) throw error;
 *   console.log(error.name, error.exitCode); // → UsageError 2
 * }
 * ```
 */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode: 2 | 3 | 4 | 5,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/**
 * Thrown where an option, or a combination of options, makes no sense. Exit code 2.
 *
 * @example
 * ```js
 * import { resolveConfig, UsageError } from 'gradpool';
 *
 * try {
 *   resolveConfig({ data: 'iris', batch: 0 });
 * } catch (error) {
 *   console.log(error instanceof UsageError); // → true
 * }
 * ```
 */
export class UsageError extends UserError {
  constructor(message: string) {
    super(message, 2);
  }
}

/**
 * Thrown for data or a file that is missing, unreadable, malformed or of another version. Exit code 3.
 *
 * @example
 * ```js
 * import { DataError, loadModel } from 'gradpool';
 *
 * await loadModel('no/such/run').catch((error) => {
 *   console.log(error instanceof DataError); // → true
 * });
 * ```
 */
export class DataError extends UserError {
  constructor(message: string) {
    super(message, 3);
  }
}

/**
 * Thrown when a loss or a gradient that is not finite stops training, before it reaches the weights. Exit
 * code 4.
 *
 * @example
 * ```js
 * import { DivergedError, train } from 'gradpool';
 *
 * try {
 *   const data = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };
 *   const options = { data, target: 'y', val: 0, hidden: [4], lr: 1e30, epochs: 50 };
 *   for await (const event of train(options, { out: null })) void event;
 * } catch (error) {
 *   console.log(error instanceof DivergedError); // → true
 * }
 * ```
 */
export class DivergedError extends UserError {
  constructor(message: string) {
    super(message, 4);
  }
}

/**
 * Thrown when a check that the user asked for fails, such as gradcheck's, bench compare's or an audit's. Exit
 * code 5.
 *
 * @example
 * ```js
 * import { assertPassed, GateError } from 'gradpool';
 *
 * try {
 *   assertPassed({ failures: ['dense: the error is 0.1, above 1e-7'] });
 * } catch (error) {
 *   console.log(error instanceof GateError); // → true
 * }
 * ```
 */
export class GateError extends UserError {
  constructor(message: string) {
    super(message, 5);
  }
}

/** What is left of an error that crosses from one thread to another. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** Reduces an error to what can be sent to another thread, where its class would be lost. */
export function thrownError(error: unknown): ThrownError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack };
}

const USER_ERRORS: Readonly<Record<string, new (message: string) => UserError>> = {
  UsageError,
  DataError,
  DivergedError,
  GateError,
};

/** Makes the error again that another thread has thrown, with its class and its stack. */
export function revivedError({ name, message, stack }: ThrownError): Error {
  const error = new (USER_ERRORS[name] ?? Error)(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
