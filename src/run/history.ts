/** The epochs so far, which a program's stopping rule decides by. */
import { join } from 'node:path';
import { DataError } from '../errors.js';
import type { PastEpoch } from '../train/own.js';
import { RUN_FILES } from './folder.js';
import { readMetrics } from './metricsfile.js';
import type { Session } from './session.js';

/** Remembers an epoch that has ended, and asks the stopping rule. */
export function remember(session: Session, epoch: PastEpoch): void {
  // A training that went back to a checkpoint comes to some epochs again.
  session.history.splice(epoch.epoch - 1);
  session.history.push(epoch);
  session.stopped = askRule(session);
}

function askRule({ own: { stop }, history, trainer }: Session): string | null {
  const said = stop?.([...history]) ?? false;
  if (said === false) return null;
  return said === true ? `stopping rule ${trainer.plan.config.own?.stop}` : said;
}

/**
 * Reads the epochs before the checkpoint that a run goes on from, and asks the rule again where it stands at
 * the end of one.
 * @throws DataError where metrics.jsonl lacks an epoch
 */
export function recall(session: Session): void {
  const { own, folder, trainer, history } = session;
  const { state, plan } = trainer;
  const epochs = Math.floor(state.step / plan.stepsPerEpoch);
  if (!own.stop || folder === null || epochs === 0) return;
  const found = new Map<number, PastEpoch>();
  for (const event of readMetrics(folder).events) {
    if (event.type !== 'epoch') continue;
    const { epoch, step, train, val, lr, best } = event;
    found.set(epoch, { epoch, step, train, val, lr, best });
  }
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const past = found.get(epoch);
    if (past === undefined) {
      throw new DataError(
        `${join(folder, RUN_FILES.metrics)}: epoch ${epoch} is missing, which the stopping rule decides by`,
      );
    }
    history.push(past);
  }
  if (state.step % plan.stepsPerEpoch === 0) session.stopped = askRule(session);
}
