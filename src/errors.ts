/**
 * Mistakes of the user, as opposed to bugs. A mistake prints one line (what, where, the value, the remedy)
 * and ends with the exit code of its kind; anything else that is thrown is a bug and keeps its stack.
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

/** A flag, a config key or a combination of them that cannot be meant: exit code 2. */
export class UsageError extends UserError {
  constructor(message: string) {
    super(message, 2);
  }
}

/** A file or its contents: missing, unreadable, malformed, of another version: exit code 3. */
export class DataError extends UserError {
  constructor(message: string) {
    super(message, 3);
  }
}

/** A value that is not finite stopped training before it reached the weights: exit code 4. */
export class DivergedError extends UserError {
  constructor(message: string) {
    super(message, 4);
  }
}

/** A check that the user asked for was not met (gradcheck, verify, bench compare): exit code 5. */
export class GateError extends UserError {
  constructor(message: string) {
    super(message, 5);
  }
}
