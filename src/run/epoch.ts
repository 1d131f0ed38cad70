/**
 * What happens between two epochs: evaluation, the choice of the best epoch, and whether training should end.
 */
import { DivergedError } from '../errors.js';
import { afterEpoch } from '../optim/plateau.js';
import type { EpochEvent } from '../train/events.js';
import { criterionOf, isBetter } from '../train/metric.js';
import { timed } from '../train/profile.js';
import type { Trainer } from '../train/trainer.js';
import { parseUntil } from '../train/until.js';
import { remember } from './history.js';
import { checkFinite } from './nonfinite.js';
import type { Session } from './session.js';

/** The samples and seconds before an epoch, or before this session's part of it. */
export interface EpochStart {
  readonly samples: number;
  readonly seconds: number;
}

/**
 * Ends an epoch: evaluates, keeps the weights if they are the best so far, asks the stopping rule, and clears
 * the sums for the next epoch.
 * @throws DivergedError where a metric is not finite
 */
export async function endEpoch(
  session: Session,
  epoch: number,
  lr: number,
  start: EpochStart,
): Promise<EpochEvent> {
  const { trainer, profile } = session;
  const { state, plan } = trainer;
  const train = trainer.epochMetrics;
  checkFinite(trainer);
  const val = plan.data.val ? await timed(profile, 'evaluation', () => trainer.evaluate('val')) : null;
  if (!Object.values(train).every(Number.isFinite)) {
    throw new DivergedError(
      `diverged in epoch ${epoch}: its training metrics are not finite; lower --lr (now ${lr})`,
    );
  }
  const judged = val ?? train;
  const best = isBetter(criterionOf(plan.config), judged, state.best?.val ?? state.best?.train);
  if (best) {
    state.best = { epoch, train, val };
    session.best ??= { weights: new Float32Array(trainer.evaluated.length), saved: false };
    session.best.weights.set(trainer.evaluated);
    session.best.saved = false;
  }
  state.lossBefore = state.train?.loss ?? null;
  state.plateau = afterEpoch(state.plateau, judged.loss, plan.config);
  Object.assign(state, { train, val, epochLoss: 0, epochWeight: 0, epochScore: 0, epochRows: 0 });
  const seconds = state.seconds - start.seconds;
  const samplesPerSecond = (state.samples - start.samples) / seconds;
  const past = { epoch, step: state.step, train, val, lr, best };
  remember(session, past);
  return { type: 'epoch', ...past, seconds, samplesPerSecond, norms: trainer.norms };
}

/** Whether patience has run out; asked between epochs, also when a run goes on from a checkpoint there. */
export function outOfPatience({ plan, state }: Trainer): boolean {
  const { patience } = plan.config;
  const epochs = state.step / plan.stepsPerEpoch;
  return (
    typeof patience === 'number' &&
    state.best !== null &&
    Number.isInteger(epochs) &&
    epochs - state.best.epoch >= patience
  );
}

/** Whether the training loss fulfils `until`; asked between epochs as patience is. */
export function converged({ plan, state }: Trainer): boolean {
  const { until } = plan.config;
  return (
    until !== undefined &&
    state.train !== null &&
    state.step % plan.stepsPerEpoch === 0 &&
    parseUntil(until)!(state.train.loss, state.lossBefore)
  );
}
