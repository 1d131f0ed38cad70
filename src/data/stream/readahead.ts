/** The work of the thread that reads the batches of the next steps into a ring. */
import type { Subset } from '../dataset.js';
import { epochWindows, type OrderWindow, type Shuffle } from './order.js';
import { allocateWindow, RecordReader, type RowWindow, recordBytes } from './records.js';
import { CONTROL, type Ring, signal, slotOf } from './ring.js';

/** All that the thread needs to know. */
export interface ReadAheadSetup {
  readonly ring: Ring;
  /** The training rows, whose inputs are on disk. */
  readonly train: Subset;
  readonly seed: number;
  readonly shuffle: Shuffle | null;
  readonly stepsPerEpoch: number;
}

/** Reads batches until the coordinator says that it needs no more. */
export function readAhead(setup: ReadAheadSetup): void {
  const { control, slots } = setup.ring;
  const batches = new BatchReader(setup);
  const used = new Float64Array(slots);
  try {
    for (;;) {
      if (Atomics.load(control, CONTROL.stopped) === 1) return;
      const generation = Atomics.load(control, CONTROL.generation);
      if (generation === 0) waitUntil(control, () => Atomics.load(control, CONTROL.generation) !== 0);
      else serve(setup, generation, batches, used);
    }
  } finally {
    batches.close();
  }
}

/** Fills one slot after the other, from the coordinator's step on, until it goes elsewhere or stops. */
function serve(
  { ring, stepsPerEpoch }: ReadAheadSetup,
  generation: number,
  batches: BatchReader,
  used: Float64Array,
): void {
  const { control, slots } = ring;
  const isOver = () =>
    Atomics.load(control, CONTROL.generation) !== generation || Atomics.load(control, CONTROL.stopped) === 1;
  const first = Atomics.load(control, CONTROL.current);
  for (let slot = 0; slot < slots; slot++) Atomics.store(control, CONTROL.marks + slot, 0);
  used.fill(-1);
  batches.seek(first);
  Atomics.store(control, CONTROL.confirmed, generation);
  signal(control);
  for (let step = first; ; step++) {
    const slot = slotOf(step, stepsPerEpoch, slots);
    waitUntil(control, () => isOver() || used[slot] < Atomics.load(control, CONTROL.current));
    if (isOver()) return;
    Atomics.store(control, CONTROL.marks + slot, 0);
    used[slot] = step;
    batches.next(slot);
    Atomics.store(control, CONTROL.marks + slot, step + 1);
    signal(control);
  }
}

function waitUntil(control: Int32Array, holds: () => boolean): void {
  for (;;) {
    const seen = Atomics.load(control, CONTROL.signal);
    if (holds()) return;
    Atomics.wait(control, CONTROL.signal, seen);
  }
}

/** Records that are longer than this are read one by one: a window of them would take too much memory. */
const LONGEST_IN_WINDOW = 1024;

/** Copies the rows of one batch after the other to the slots of a ring. */
class BatchReader {
  readonly #reader: RecordReader;
  #windows: Generator<OrderWindow> = epochWindows(0, { seed: 0, epoch: 0, shuffle: null });
  #window: OrderWindow = { positions: null, order: new Uint32Array(0) };
  /** The inputs of the window, where they are read at once. */
  #inputs: RowWindow | null = null;
  /** Rows of the window that are done. */
  #done = 0;
  #step = 0;
  readonly #rows: Uint32Array;

  constructor(private readonly setup: ReadAheadSetup) {
    this.#reader = new RecordReader(setup.train.dataset);
    this.#rows = new Uint32Array(setup.ring.batch);
  }

  /** Goes to a step. */
  seek(step: number): void {
    const { stepsPerEpoch, ring } = this.setup;
    this.#step = step;
    this.#beginEpoch();
    for (let left = (step % stepsPerEpoch) * ring.batch; left > 0; ) {
      const rest = this.#window.order.length - this.#done;
      if (rest > left) {
        this.#done += left;
        return;
      }
      left -= rest;
      this.#nextWindow();
    }
  }

  /** Copies the batch of the step to a slot, and goes on to the next one. */
  next(slot: number): void {
    const { stepsPerEpoch, ring, train } = this.setup;
    const index = this.#step % stepsPerEpoch;
    if (index === 0) this.#beginEpoch();
    const count = Math.min(ring.batch, train.rows.length - index * ring.batch);
    for (let copied = 0; copied < count; ) {
      if (this.#done === this.#window.order.length) this.#nextWindow();
      const rows = Math.min(count - copied, this.#window.order.length - this.#done);
      this.#copy(slot * ring.batch + copied, rows);
      this.#done += rows;
      copied += rows;
    }
    this.#step++;
  }

  close(): void {
    this.#reader.close();
  }

  #beginEpoch(): void {
    const { train, seed, shuffle, stepsPerEpoch } = this.setup;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    // The last epoch's order goes before the next one comes.
    this.#window = { positions: null, order: new Uint32Array(0) };
    this.#windows = epochWindows(train.rows.length, { seed, epoch, shuffle });
    this.#nextWindow();
  }

  #nextWindow(): void {
    const { value, done } = this.#windows.next();
    if (done) throw new Error('the epoch has no more rows');
    this.#window = value;
    this.#done = 0;
    const { positions } = value;
    const { dataset, rows } = this.setup.train;
    if (positions === null || recordBytes(dataset) > LONGEST_IN_WINDOW) return;
    if (
      this.#inputs === null ||
      this.#inputs.numbers.length < positions.length * dataset.numberWidth ||
      this.#inputs.codes.length < positions.length * dataset.codeWidth
    ) {
      this.#inputs = allocateWindow(dataset, positions.length);
    }
    const numbers = positions.map((position) => rows[position]);
    this.#reader.copyRows(this.#inputs, 0, numbers, 0, numbers.length);
  }

  /** Copies the next rows of the window to the ring, from its row `at` on. */
  #copy(at: number, count: number): void {
    const { ring, train } = this.setup;
    const { positions, order } = this.#window;
    const { targets, targetWidth, weights } = train.dataset;
    for (let i = 0; i < count; i++) {
      const index = order[this.#done + i];
      const row = train.rows[positions === null ? index : positions[index]];
      this.#rows[i] = row;
      ring.origins[at + i] = row;
      for (let j = 0; j < targetWidth; j++)
        ring.dataset.targets[(at + i) * targetWidth + j] = targets[row * targetWidth + j];
      if (weights) ring.dataset.weights![at + i] = weights[row];
    }
    if (positions === null || this.#inputs === null) {
      this.#reader.copyRows(ring.dataset, at, this.#rows, 0, count);
      return;
    }
    const { numberWidth: N, codeWidth: C } = train.dataset;
    const { numbers, codes } = this.#inputs;
    for (let i = 0; i < count; i++) {
      const index = order[this.#done + i];
      if (N > 0) ring.dataset.numbers.set(numbers.subarray(index * N, (index + 1) * N), (at + i) * N);
      if (C > 0) ring.dataset.codes.set(codes.subarray(index * C, (index + 1) * C), (at + i) * C);
    }
  }
}
