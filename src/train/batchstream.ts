/** The coordinator's end of the ring of batches that a thread reads ahead, where the data is on disk. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Subset } from '../data/dataset.js';
import type { ReadAheadSetup } from '../data/stream/readahead.js';
import { CONTROL, createRing, type Ring, ringSubset, signal, slotOf } from '../data/stream/ring.js';
import { revivedError, type ThrownError } from '../errors.js';
import { createThreads, type Threads } from '../threads.js';
import type { TrainingPlan } from './plan.js';

const READER_FILE = fileURLToPath(new URL('../../workers/reader.js', import.meta.url));
/** Milliseconds of a sleep for a batch; between two of them the event loop turns, which hears of errors. */
const SLEEP_MS = 5;

export class BatchStream {
  /** The rows of the ring, from which the workers gather. */
  readonly rows: Subset;
  readonly #ring: Ring;
  readonly #stepsPerEpoch: number;
  readonly #threads: Threads;
  #failure: Error | null = null;
  /** The step that follows the last one. */
  #next = -1;
  #generation = 0;

  constructor({ config, data, batch, stepsPerEpoch, sizes }: TrainingPlan) {
    this.#ring = createRing(data.train.dataset, batch, sizes.orderRows / batch);
    this.rows = ringSubset(this.#ring);
    this.#stepsPerEpoch = stepsPerEpoch;
    const setup: ReadAheadSetup = {
      ring: this.#ring,
      train: data.train,
      seed: config.seed,
      shuffle: stepsPerEpoch > 1 ? config.shuffle : null,
      stepsPerEpoch,
    };
    this.#threads = createThreads(READER_FILE, 1, setup);
    this.#threads.run<ThrownError | null>(null).then(
      (thrown) => {
        if (thrown !== null) this.#failure = revivedError(thrown);
      },
      (error: Error) => {
        this.#failure = error;
      },
    );
  }

  /**
   * Waits for the batch of a step; returns its first row in the ring. @throws DataError where it cannot be
   * read
   */
  async batchOf(step: number): Promise<number> {
    const { control, batch, slots } = this.#ring;
    Atomics.store(control, CONTROL.current, step);
    if (step !== this.#next) {
      this.#generation = Atomics.add(control, CONTROL.generation, 1) + 1;
    }
    this.#next = step + 1;
    signal(control);
    const slot = slotOf(step, this.#stepsPerEpoch, slots);
    const isThere = () =>
      Atomics.load(control, CONTROL.confirmed) === this.#generation &&
      Atomics.load(control, CONTROL.marks + slot) === step + 1;
    for (;;) {
      const seen = Atomics.load(control, CONTROL.signal);
      if (isThere()) return slot * batch;
      if (this.#failure !== null) throw this.#failure;
      if (Atomics.wait(control, CONTROL.signal, seen, SLEEP_MS) === 'timed-out') await nextTurn();
    }
  }

  async close(): Promise<void> {
    Atomics.store(this.#ring.control, CONTROL.stopped, 1);
    signal(this.#ring.control);
    await this.#threads.release();
  }
}
