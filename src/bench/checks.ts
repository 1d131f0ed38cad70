/** Measures what it costs that no value is kept which is not finite. */
import { Arena, allocateShared, measure } from '../kernels/arena.js';
import { instantiateKernels, scratchBytes } from '../kernels/load.js';
import type { ProductSetup } from '../kernels/speed.js';
import { brokenParameter } from '../train/finite.js';
import type { Trainer } from '../train/trainer.js';
import type { Checks, Strong } from './report.js';
import { medianOf } from './statistics.js';

const ROUNDS = 15;

/** Returns the median seconds of a call, after some that are not counted. */
function secondsOf(call: () => unknown): number {
  const times = Array.from({ length: 2 * ROUNDS }, () => {
    const begin = performance.now();
    call();
    return (performance.now() - begin) / 1000;
  });
  return medianOf(times.slice(ROUNDS)).value;
}

/** Measures the checks of a training in one thread. */
export function measureChecks(
  { name, module, library }: ProductSetup,
  trainer: Pick<Trainer, 'kernels' | 'memory' | 'plan'>,
): Omit<Checks, 'step'> {
  const { memory, plan } = trainer;
  const { length } = memory.layout;
  const carve = (arena: Arena) => ({
    scratch: arena.reserve(scratchBytes(name)),
    gradient: arena.floats(length).fill(0.5),
  });
  const own = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { scratch, gradient } = carve(new Arena(own.buffer));
  const kernels = instantiateKernels({ name, module, memory: own, scratch, library });
  return {
    gradients: secondsOf(() => kernels.allFinite(gradient, length, 2)),
    state: secondsOf(() => brokenParameter(trainer.kernels, memory, plan)),
  };
}

/** Adds the step that was measured in one thread, with its check and without. */
export function withStep(checks: Omit<Checks, 'step'>, strong: Strong | null): Checks {
  const step = strong?.points[0].step.value;
  if (step === undefined) return { ...checks, step: null };
  return { ...checks, step: { with: step, without: step - checks.gradients } };
}
