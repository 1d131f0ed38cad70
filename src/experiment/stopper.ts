/** Ends a sweep early, for one of several reasons, of which the first is kept. */

/** Asks all trials to stop, and remembers why. */
export interface Stopper {
  readonly signal: AbortSignal;
  /** Why the sweep stops; null while it does not. */
  reason(): string | null;
  stop(reason: string): void;
  /** Stops listening and waiting. */
  release(): void;
}

/** Returns a stopper that goes by the caller's signal and, if there is one, by a limit of seconds. */
export function createStopper(signal: AbortSignal | undefined, timeLimit: number | undefined): Stopper {
  const abort = new AbortController();
  let why: string | null = null;
  const stop = (reason: string) => {
    why ??= reason;
    abort.abort();
  };
  const interrupted = () => stop('interrupted');
  if (signal?.aborted) interrupted();
  signal?.addEventListener('abort', interrupted);
  const timer =
    timeLimit === undefined
      ? undefined
      : setTimeout(() => stop(`the time limit of ${timeLimit} seconds`), 1000 * timeLimit);
  timer?.unref();
  return {
    signal: abort.signal,
    reason: () => why,
    stop,
    release: () => {
      signal?.removeEventListener('abort', interrupted);
      clearTimeout(timer);
    },
  };
}
