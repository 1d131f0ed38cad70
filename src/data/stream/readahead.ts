/** The work of the thread that reads the batches of the next steps into a ring. */
import type { Subset } from '../dataset.js';
import { epochPieces, type Shuffle } from './order.js';
import { RecordReader, recordBytes } from './records.js';
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

/** Bytes of the records of a piece, about, where the epoch is not in windows. */
const PIECE_BYTES = 2 ** 25;
/** Records of which a window of an epoch would take more bytes are read one by one. */
const LARGEST_WINDOW = 2 ** 25;

/** Copies the rows of one batch after the other to the slots of a ring. */
class BatchReader {
  readonly #reader: RecordReader;
  readonly #bytes: number;
  #pieces: ReturnType<typeof epochPieces> | null = null;
  /** Rows of the piece in the order in which they are stored, and in which order they are wanted. */
  #rows: Uint32Array = new Uint32Array(0);
  #order: Uint32Array = new Uint32Array(0);
  /** The records of the piece; null where they are read one by one. */
  #records: Uint8Array | null = null;
  /** Rows of the piece that are done. */
  #done = 0;
  #step = 0;
  readonly #own: Uint32Array;

  constructor(private readonly setup: ReadAheadSetup) {
    this.#reader = new RecordReader(setup.train.dataset);
    this.#bytes = recordBytes(setup.train.dataset);
    this.#own = new Uint32Array(setup.ring.batch);
  }

  /** Goes to a step. */
  seek(step: number): void {
    const { stepsPerEpoch, ring } = this.setup;
    this.#step = step;
    this.#beginEpoch((step % stepsPerEpoch) * ring.batch);
  }

  /** Copies the batch of the step to a slot, and goes on to the next one. */
  next(slot: number): void {
    const { stepsPerEpoch, ring, train } = this.setup;
    const index = this.#step % stepsPerEpoch;
    if (index === 0) this.#beginEpoch(0);
    const count = Math.min(ring.batch, train.rows.length - index * ring.batch);
    for (let copied = 0; copied < count; ) {
      if (this.#done === this.#order.length) this.#nextPiece();
      const rows = Math.min(count - copied, this.#order.length - this.#done);
      this.#copy(slot * ring.batch + copied, rows);
      this.#done += rows;
      copied += rows;
    }
    this.#step++;
  }

  close(): void {
    this.#reader.close();
  }

  #beginEpoch(from: number): void {
    const { train, seed, shuffle, stepsPerEpoch } = this.setup;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    const most = Math.max(1, Math.floor(PIECE_BYTES / this.#bytes));
    this.#pieces = epochPieces(train.rows.length, { seed, epoch, shuffle }, most, from);
    this.#order = new Uint32Array(0);
    this.#done = 0;
  }

  #nextPiece(): void {
    const { value, done } = this.#pieces!.next();
    if (done) throw new Error('the epoch has no more rows');
    const { positions, order } = value;
    const { rows } = this.setup.train;
    this.#rows = positions.map((position) => rows[position]);
    this.#order = order;
    this.#done = 0;
    const bytes = positions.length * this.#bytes;
    if (bytes > LARGEST_WINDOW) {
      this.#records = null;
      return;
    }
    if (this.#records === null || this.#records.length < bytes) this.#records = new Uint8Array(bytes);
    this.#reader.readRows(this.#records, this.#rows, 0, positions.length);
  }

  /** Copies the next rows of the piece to the ring, from its row `at` on. */
  #copy(at: number, count: number): void {
    const { ring, train } = this.setup;
    const { targets, targetWidth, weights } = train.dataset;
    for (let i = 0; i < count; i++) {
      const row = this.#rows[this.#order[this.#done + i]];
      this.#own[i] = row;
      ring.origins[at + i] = row;
      for (let j = 0; j < targetWidth; j++)
        ring.dataset.targets[(at + i) * targetWidth + j] = targets[row * targetWidth + j];
      if (weights) ring.dataset.weights![at + i] = weights[row];
    }
    if (this.#records === null) this.#reader.copyRows(ring.dataset, at, this.#own, 0, count);
    else this.#reader.unpack(this.#records, this.#order, this.#done, count, ring.dataset, at);
  }
}
