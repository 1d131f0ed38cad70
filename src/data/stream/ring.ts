/**
 * A ring of batches in shared memory. A thread reads the batches of the next steps into its slots while the
 * workers compute; the coordinator says at which step it is, and waits where that batch is not there yet.
 *
 *   coordinator  stores the step as CURRENT: slots of earlier steps are free from now on
 *   reader       fills a free slot, then stores the number of its step, plus one, as the slot's mark
 *   coordinator  sees the mark and lets the workers gather from the slot
 *
 * Every write before an atomic store is visible to the thread that reads the stored value. A coordinator that
 * goes to another step than the next one counts GENERATION up; the reader then takes all marks away, confirms
 * the generation, and begins at CURRENT. The coordinator uses no slot before that, so none that it uses is
 * filled meanwhile.
 */
import type { Dataset, Subset } from '../dataset.js';
import { allocate, elementTypeOf } from '../elements.js';
import { allRows } from '../split.js';
import { allocateWindow, recordBytes } from './records.js';

/** The memory of a ring; it is sent to the thread that reads. */
export interface Ring {
  readonly control: Int32Array<SharedArrayBuffer>;
  /** The batches: slot s has the rows from `s · batch` on. */
  readonly dataset: Dataset;
  /** Row numbers in the source, by row of `dataset`. */
  readonly origins: Uint32Array<SharedArrayBuffer>;
  /** Rows of a slot. */
  readonly batch: number;
  readonly slots: number;
}

/** Cells of `control`; the marks of the slots follow. */
export const CONTROL = { signal: 0, generation: 1, confirmed: 2, current: 3, stopped: 4, marks: 8 } as const;

/** Bytes of a ring, about; a batch may need more. */
const RING_BYTES = 2 ** 25;
const MOST_SLOTS = 256;
/** One slot is computed from, one is complete, one is being filled. */
const LEAST_SLOTS = 3;

/** Returns how many batches are read ahead, the one that is computed included. */
export function slotsFor(dataset: Dataset, batch: number, stepsPerEpoch: number): number {
  const slots = Math.floor(RING_BYTES / (batch * ringRowBytes(dataset)));
  return Math.min(stepsPerEpoch, Math.max(LEAST_SLOTS, Math.min(MOST_SLOTS, slots)));
}

/** Returns the bytes of a row of a ring. */
export function ringRowBytes(dataset: Dataset): number {
  const { targets, targetWidth, weights } = dataset;
  const beside = targetWidth * targets.BYTES_PER_ELEMENT + (weights ? 4 : 0) + 8;
  return recordBytes(dataset) + beside;
}

/** Allocates a ring for the batches of a dataset on disk. */
export function createRing(source: Dataset, batch: number, slots: number): Ring {
  const rows = batch * slots;
  const { numberWidth, codeWidth, targets, targetWidth, weights } = source;
  const dataset: Dataset = {
    rows,
    ...allocateWindow(source, rows),
    numberWidth,
    codeWidth,
    targets: allocate(elementTypeOf(targets), rows * targetWidth),
    targetWidth,
    ...(weights === undefined ? {} : { weights: new Float32Array(new SharedArrayBuffer(4 * rows)) }),
  };
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (CONTROL.marks + slots))),
    dataset,
    origins: new Uint32Array(new SharedArrayBuffer(4 * rows)),
    batch,
    slots,
  };
}

/** Returns all rows of a ring, which know their numbers in the source. */
export const ringSubset = ({ dataset, origins }: Ring): Subset => ({
  dataset,
  rows: allRows(dataset.rows),
  origins,
});

/** Returns the slot of a step. */
export const slotOf = (step: number, stepsPerEpoch: number, slots: number): number =>
  (step % stepsPerEpoch) % slots;

/** Wakes whoever waits for something to change. */
export function signal(control: Int32Array): void {
  Atomics.add(control, CONTROL.signal, 1);
  Atomics.notify(control, CONTROL.signal);
}
