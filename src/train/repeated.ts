/**
 * Repeats stages of work as recordings: stage by stage, JavaScript makes dozens of calls of kernels, always
 * with the same arrays and sizes, and until the engine has compiled it, which takes epochs of a small
 * network, it takes longer than many of the calls themselves.
 */
import type { KernelStage, Kernels } from '../kernels/kernels.js';
import type { SeenGradients } from '../network/layer.js';

/** What runs stages again. */
export interface Repeated {
  readonly run: () => void;
  /** Whether that is one call of machine code. */
  readonly isOneCall: boolean;
}

/**
 * Runs stages, and returns what runs them again: as recordings, where they and the kernels allow it.
 * @param seen where the last stage leaves the gradients of which the kernels have said how large they are, if
 *   it leaves any
 */
export function runAndRepeat(
  stages: readonly KernelStage[],
  { record }: Pick<Kernels, 'record'>,
  seen: SeenGradients | null,
): Repeated {
  if (!record) {
    const run = () => {
      for (const stage of stages) stage.run();
    };
    run();
    return { run, isOneCall: false };
  }
  const repetitions = record(stages);
  const earlier = repetitions.slice(0, -1);
  const last = repetitions[repetitions.length - 1];
  const runAll = () => {
    for (const { run } of earlier) run();
    return last.run();
  };
  const run = earlier.length > 0 ? runAll : last.run;
  const isOneCall = repetitions.length === 1 && last.recorded;
  if (!seen || !last.recorded || seen.arrays.length === 0) return { run, isOneCall };
  const arrays = [...seen.arrays];
  const runAndSee = () => {
    seen.most = run()!;
    seen.arrays = arrays;
  };
  return { run: runAndSee, isOneCall };
}
