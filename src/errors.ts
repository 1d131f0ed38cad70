/**
 * A mistake of the user, as opposed to a bug. The command line prints its message as one line (what, where,
 * the value, the remedy) and exits with its code; anything else that is thrown is a bug and keeps its stack.
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

/** A flag, a config key or a combination of them makes no sense. Exit code 2. */
export class UsageError extends UserError {
  constructor(message: string) {
    super(message, 2);
  }
}

/** A file is missing, unreadable, malformed or of another version. Exit code 3. */
export class DataError extends UserError {
  constructor(message: string) {
    super(message, 3);
  }
}

/** A value that is not finite stopped training before it reached the weights. Exit code 4. */
export class DivergedError extends UserError {
  constructor(message: string) {
    super(message, 4);
  }
}

/** A check that the user asked for was not met, such as gradcheck's or bench compare's. Exit code 5. */
export class GateError extends UserError {
  constructor(message: string) {
    super(message, 5);
  }
}
