/**
 * Repeats the stages of a pass as recordings: stage by stage, JavaScript makes two dozen calls of kernels,
 * always with the same arrays and sizes, and until the engine has compiled it, which takes epochs of a small
 * network, it takes longer than many of the calls themselves.
 */
import type { FloatArray, Kernels, Repetition, Stage } from '../kernels/kernels.js';
import type { SeenGradients } from '../network/layer.js';

/** Runs stages. */
export interface RepeatedStages {
  readonly run: () => void;
  /** Whether the next run is one call of machine code, which looks at no field of the pass. */
  isOneCall(): boolean;
}

/**
 * Returns what runs stages as they are the first time, and from then on as recordings of that, where they and
 * the kernels allow it.
 * @param seen where the last stage leaves the gradients of which the kernels have said how large they are, if
 *   it leaves any
 */
export function repeated(
  stages: readonly Stage[],
  kernels: Pick<Kernels, 'record'>,
  seen: SeenGradients,
): RepeatedStages {
  let repetitions: readonly Repetition[] | undefined;
  let gradients: FloatArray[] = [];
  const runAsTheyAre = () => {
    for (const { run } of stages) run();
  };
  if (!kernels.record) return { run: runAsTheyAre, isOneCall: () => false };
  return {
    run() {
      if (repetitions === undefined) {
        repetitions = kernels.record!(stages);
        gradients = [...seen.arrays];
        return;
      }
      let most: number | undefined;
      for (const { run } of repetitions) most = run();
      // Otherwise the last stage, in which the gradients come, has run by itself and has left them.
      if (most === undefined || gradients.length === 0) return;
      seen.arrays = gradients;
      seen.most = most;
    },
    isOneCall: () => repetitions?.length === 1 && repetitions[0].recorded,
  };
}
