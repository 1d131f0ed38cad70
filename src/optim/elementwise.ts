import type { FloatArray, Kernels } from '../kernels/kernels.js';
import { ordered, type StepName, type StepScalars } from '../kernels/steps.js';

/** Runs a kernel's element-wise step over all of w, with the scalars given by name. */
export function update<Name extends StepName>(
  kernels: Pick<Kernels, 'update'>,
  name: Name,
  w: FloatArray,
  g: FloatArray,
  slots: readonly (FloatArray | null)[],
  scalars: StepScalars<Name>,
): void {
  kernels.update(name, w, g, slots, w.length, ordered(name, scalars));
}
