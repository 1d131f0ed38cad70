/** A training that is a part of another run, in a folder of its own below that run's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { OwnFunctions } from '../train/own.js';
import type { TrainingPlan } from '../train/plan.js';
import {
  createRunFolder,
  RUN_FILES,
  type RunRecord,
  readRun,
  wasSaved,
  writeConfig,
  writeRecord,
} from './folder.js';
import { orClose, restore } from './restore.js';
import { openSession, type Session } from './session.js';

interface NestedOptions {
  /** The part's own folder; null when nothing is written. */
  readonly folder: string | null;
  /** The record of a part that begins now. */
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly own?: OwnFunctions;
}

/** Opens a part's session: from its last checkpoint, where an earlier session left one, or from the start. */
export async function openNested(plan: TrainingPlan, options: NestedOptions): Promise<Session> {
  const { folder, record: fresh, signal, clock, own = {} } = options;
  const { config } = plan;
  const opened = { ...openSession(plan, { clock, own }), folder, signal };
  if (folder === null) return { ...opened, record: fresh, best: null };
  const { trainer } = opened;
  if (!existsSync(join(folder, RUN_FILES.record))) {
    await orClose(trainer, () => createRunFolder(folder, config, fresh));
    return { ...opened, record: fresh, best: null };
  }
  const record = { ...fresh, started: readRun(folder).record.started };
  const best = await orClose(trainer, () => {
    const found = wasSaved(folder) ? restore(folder, opened) : null;
    writeRecord(folder, record); // before the configuration, whose epochs a finished part would claim
    writeConfig(folder, config);
    return found;
  });
  return { ...opened, record, best };
}
