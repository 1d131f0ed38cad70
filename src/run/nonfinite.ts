/** Keeps nothing that is not finite, and says what a training does with a batch that leads to such values. */
import { DivergedError } from '../errors.js';
import { initialize } from '../network/initialize.js';
import { brokenError } from '../train/diagnosis.js';
import { brokenParameter } from '../train/finite.js';
import type { Trainer } from '../train/trainer.js';
import type { BestWeights } from './session.js';

/** Throws DivergedError where weights, running statistics or slots are not finite. */
export function checkFinite({ kernels, memory, plan, state, lr }: Trainer): void {
  const broken = brokenParameter(kernels, memory, plan);
  if (broken) throw brokenError(plan, broken, state.step, lr);
}

/** Halvings of the learning rate after which a training that still meets such values has no way out. */
const MOST_ROLLBACKS = 10;

/**
 * Goes on after the next batch, as `onNonfinite` says: nothing of that batch is used, and the step counts.
 * Where training goes from there is a function of its state alone. Returns what to say.
 * @param best the best weights so far; null before there are any
 * @throws the error itself where it ends the training
 */
export function passOver(trainer: Trainer, error: unknown, best: BestWeights | null): string | null {
  const { plan, state } = trainer;
  const { onNonfinite } = plan.config;
  if (!(error instanceof DivergedError)) return null;
  const unused = state.epochRows === 0 && (state.step + 1) % plan.stepsPerEpoch === 0;
  if (onNonfinite === 'stop' || unused) throw error;
  const [what] = error.message.split(';');
  if (onNonfinite === 'rollback') {
    const rateFactor = (state.rateFactor ?? 1) / 2;
    if (rateFactor < 2 ** -MOST_ROLLBACKS) throw error;
    rollBack(trainer, best);
    state.rateFactor = rateFactor;
    state.step++;
    const from = best ? `the weights of epoch ${state.best!.epoch}` : 'the initial weights';
    return `${what}: back to ${from}, with a fresh optimiser and ${rateFactor} of the learning rate`;
  }
  state.step++;
  return `${what}: the batch is skipped`;
}

function rollBack(
  { plan: { config }, memory: { weights, slots, layout } }: Trainer,
  best: BestWeights | null,
): void {
  if (best) weights.set(best.weights);
  else initialize(weights, layout, config.init, config.seed, config.initConstant);
  for (const slot of slots) slot.fill(0);
  if (config.averaging !== 'none') slots[slots.length - 1].set(weights);
}
