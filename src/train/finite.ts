/** Whether what a training holds is finite: weights, running statistics and the optimiser's slots. */
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import type { ParameterLayout, ParameterView } from '../network/layout.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';

/** A parameter that is not finite, in the weights or in a slot. */
export interface BrokenParameter {
  readonly view: ParameterView;
  /** The name of the optimiser's slot; null for the parameter itself. */
  readonly slot: string | null;
}

/**
 * Returns the first parameter that is not finite. The slots come first: one that is broken breaks its
 * parameter in the next step, and not the other way round, for no gradient that is not finite is used.
 */
export function brokenParameter(
  kernels: Kernels,
  { layout, slots, weights }: Pick<TrainingMemory, 'layout' | 'slots' | 'weights'>,
  { sizes }: Pick<TrainingPlan, 'sizes'>,
): BrokenParameter | null {
  for (const [index, slot] of slots.entries()) {
    const view = brokenView(kernels, layout, slot);
    if (view) return { view, slot: sizes.slots[index] };
  }
  const view = brokenView(kernels, layout, weights);
  return view && { view, slot: null };
}

/** Returns the first parameter whose part of a block is not finite. */
export function brokenView(
  kernels: Kernels,
  layout: ParameterLayout,
  block: FloatArray,
): ParameterView | null {
  if (kernels.allFinite(block, block.length)) return null;
  const isBroken = ({ offset, length }: ParameterView) =>
    !kernels.allFinite(block.subarray(offset, offset + length), length);
  return layout.views.find(isBroken) ?? null;
}

/** What an update may change, as it was before. */
interface Snapshot {
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
}

export const snapshotOf = ({ weights, slots }: Snapshot): Snapshot => ({
  weights: weights.slice(),
  slots: slots.map((slot) => slot.slice()),
});

/** Puts back what an update has changed. */
export function putBack(memory: Snapshot, { weights, slots }: Snapshot): void {
  memory.weights.set(weights);
  for (const [index, slot] of slots.entries()) memory.slots[index].set(slot);
}
