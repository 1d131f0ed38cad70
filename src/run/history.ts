/** The epochs so far, which a program's stopping rule decides by. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../errors.js';
import type { TrainEvent } from '../train/events.js';
import type { PastEpoch } from '../train/own.js';
import { RUN_FILES, reviveMetrics } from './folder.js';
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
  const file = join(folder, RUN_FILES.metrics);
  const found = new Map<number, PastEpoch>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const event = eventIn(line);
    if (event?.type !== 'epoch') continue;
    const { epoch, step, train, val, lr, best } = event;
    found.set(epoch, { epoch, step, train, val, lr, best });
  }
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const past = found.get(epoch);
    if (past === undefined) {
      throw new DataError(`${file}: epoch ${epoch} is missing, which the stopping rule decides by`);
    }
    history.push(past);
  }
  if (state.step % plan.stepsPerEpoch === 0) session.stopped = askRule(session);
}

/** Returns the event of a line; null for one that a kill has cut short. */
function eventIn(line: string): TrainEvent | null {
  try {
    return JSON.parse(line, reviveMetrics) as TrainEvent;
  } catch {
    return null;
  }
}
