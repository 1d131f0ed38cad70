/**
 * A lane is how the coordinator and one thread hand tasks over: a few numbers and two counters in shared memory. Whoever waits
 * looks at the counter for a while before going to sleep, because to be woken takes longer (0.1 ms and more) than most tasks
 * are apart, and many take.
 */
import { availableParallelism } from 'node:os';

/** Crosses to every thread once. */
export interface Lanes {
  readonly words: SharedArrayBuffer;
  readonly cells: SharedArrayBuffer;
  /** milliseconds to look before sleeping */
  readonly patience: number;
}

/** Numbers that make up a task, at most. */
const CELLS = 32;
/** Each counter has a cache line of its own. */
const [POSTED, DONE, WORDS] = [0, 16, 32];
const LEAVE = -1;
const PATIENCE = 1;
/** Looks between two at the clock. */
const LOOKS = 100;

/** @param busy threads that compute at the same time: with more of them than cores, looking would hold up the others */
export function createLanes(count: number, busy: number): Lanes {
  return {
    words: new SharedArrayBuffer(4 * WORDS * count),
    cells: new SharedArrayBuffer(8 * CELLS * count),
    patience: busy <= availableParallelism() ? PATIENCE : 0,
  };
}

/** The thread's end: handles one task after the other until it is told to leave. A task that is posted already comes first. */
export function serve(lanes: Lanes, index: number, handle: (cells: Float64Array) => void): void {
  const { words, cells } = open(lanes, index);
  let done = Atomics.load(words, DONE);
  for (;;) {
    let posted = Atomics.load(words, POSTED);
    for (; posted === done; posted = Atomics.load(words, POSTED)) {
      // the notification of a task that was seen before it was notified wakes for nothing
      if (!look(words, POSTED, done, lanes.patience)) Atomics.wait(words, POSTED, done);
    }
    if (posted === LEAVE) return;
    handle(cells);
    done = posted;
    Atomics.store(words, DONE, done);
    Atomics.notify(words, DONE);
  }
}

/** The coordinator's end. */
export class Lane {
  readonly cells: Float64Array;
  readonly #words: Int32Array;
  readonly #patience: number;
  #posted = 0;
  #before = 0;

  constructor(lanes: Lanes, index: number) {
    const { words, cells } = open(lanes, index);
    this.cells = cells;
    this.#words = words;
    this.#patience = lanes.patience;
  }

  /** Hands over the task that stands in the cells. */
  post(): void {
    this.#before = this.#posted;
    this.#posted = (this.#posted % 0x3fffffff) + 1;
    this.#tell(this.#posted);
  }

  /** Ends the thread's `serve`. */
  leave(): void {
    this.#tell(LEAVE);
  }

  /** Whether the task is done, after looking for a while. */
  look(): boolean {
    return look(this.#words, DONE, this.#before, this.#patience);
  }

  /** When the task is done; never, if the thread has died. */
  async done(): Promise<void> {
    while (Atomics.load(this.#words, DONE) === this.#before) {
      await Atomics.waitAsync(this.#words, DONE, this.#before).value;
    }
  }

  #tell(word: number): void {
    Atomics.store(this.#words, POSTED, word);
    Atomics.notify(this.#words, POSTED);
  }
}

function open({ words, cells }: Lanes, index: number) {
  return {
    words: new Int32Array(words, 4 * WORDS * index, WORDS),
    cells: new Float64Array(cells, 8 * CELLS * index, CELLS),
  };
}

/** Whether the counter has moved away from a value, looking at it until patience ends. */
function look(words: Int32Array, counter: number, value: number, patience: number): boolean {
  const end = performance.now() + patience;
  do {
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(words, counter) !== value) return true;
  } while (performance.now() < end);
  return false;
}
