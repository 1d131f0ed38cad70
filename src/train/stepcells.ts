/**
 * What the tasks of a step have in common stands in shared memory: the batch, and the update that workers
 * make in slices. Only the coordinator writes it, between tasks. A task itself names its range and little
 * else, so the tasks of nearly all steps are the same.
 */
import { STEPS, type StepName } from '../kernels/steps.js';
import type { PassValues } from './schedules.js';

/** A batch, and the values of its passes. */
export interface BatchPass extends PassValues {
  /** The batch's first row in the epoch's order. */
  readonly start: number;
  /** Rows of the batch. */
  readonly rows: number;
  /** The number of the step, from which dropout and noise draw. */
  readonly step: number;
}

/** The update that is made in slices; its scalars stand in memory of their own. */
export interface SlicedUpdate {
  /** The number of the update. */
  readonly number: number;
  readonly name: StepName;
  /** The share with which the new weights enter their average; 0 where there is none. */
  readonly share: number;
  /** kept[i] says whether the rule keeps slot i of those that the step takes. */
  readonly kept: readonly boolean[];
}

/** The cells of a batch. */
export const BATCH_CELLS = 5;

export function writeBatch(cells: Float64Array, batch: BatchPass): void {
  cells[0] = batch.start;
  cells[1] = batch.rows;
  cells[2] = batch.step;
  cells[3] = batch.dropoutFactor;
  cells[4] = batch.lossParameter;
}

export function readBatch(cells: Float64Array): BatchPass {
  return {
    start: cells[0],
    rows: cells[1],
    step: cells[2],
    dropoutFactor: cells[3],
    lossParameter: cells[4],
  };
}

/** The batch's first row in the epoch's order, and its rows. */
export const firstRowOf = (cells: Float64Array): number => cells[0];
export const batchRowsOf = (cells: Float64Array): number => cells[1];

const STEP_NAMES = Object.keys(STEPS) as StepName[];
/** The most slots that a step takes. */
const MOST_SLOTS = 3;
/** Number, name, share and count of slots come before the slots. */
const SLOTS = 4;
/** The cells of an update. */
export const UPDATE_CELLS = SLOTS + MOST_SLOTS;

/** The number of the update, and the share of the new weights in their average. */
export const updateNumberOf = (cells: Float64Array): number => cells[0];
export const averageShareOf = (cells: Float64Array): number => cells[2];

/** Writes all of an update but its step. */
export function writeUpdate(cells: Float64Array, number: number, share: number): void {
  cells[0] = number;
  cells[2] = share;
}

/** Writes the step that a rule makes, with null for each slot that it does not keep. */
export function writeStep(cells: Float64Array, name: StepName, slots: readonly (object | null)[]): void {
  if (slots.length > MOST_SLOTS) throw new Error(`a step takes ${MOST_SLOTS} slots at most: ${name}`);
  cells[1] = STEP_NAMES.indexOf(name);
  cells[3] = slots.length;
  for (let slot = 0; slot < slots.length; slot++) cells[SLOTS + slot] = Number(slots[slot] !== null);
}

export function readUpdate(cells: Float64Array): SlicedUpdate {
  const kept: boolean[] = [];
  for (let slot = 0; slot < cells[3]; slot++) kept.push(cells[SLOTS + slot] !== 0);
  return { number: cells[0], name: STEP_NAMES[cells[1]], share: cells[2], kept };
}
