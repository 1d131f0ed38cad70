/** A training that is a part of another run, in a folder of its own below that run's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Ranks } from '../ranks/ranks.js';
import type { OwnFunctions } from '../train/own.js';
import type { TrainingPlan } from '../train/plan.js';
import {
  createRunFolder,
  RUN_FILES,
  type RunRecord,
  readRecord,
  refuseChangedPart,
  writeRun,
} from './folder.js';
import { openTogether } from './ranks.js';
import { orClose, restoreOrBegin } from './restore.js';
import { openSession, type Session } from './session.js';

interface NestedOptions {
  /** The part's own folder; null when nothing is written. */
  readonly folder: string | null;
  /** The record of a part that begins now. */
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly own?: OwnFunctions;
  /** Whether checkpoints are taken that do not belong to the part. */
  readonly force?: boolean;
  /** The ranks that train the part together. */
  readonly ranks?: Ranks | undefined;
}

/** Opens a part's session: from its last checkpoint, where an earlier session left one, or from the start. */
export async function openNested(plan: TrainingPlan, options: NestedOptions): Promise<Session> {
  const { folder, record: fresh, signal, clock, own = {}, force = false, ranks } = options;
  const { config } = plan;
  const opened = { ...openSession(plan, { clock, own, ranks }), folder, signal };
  const { trainer } = opened;
  const open = () => {
    if (folder === null) return { record: fresh, best: null };
    if (!existsSync(join(folder, RUN_FILES.record))) {
      createRunFolder(folder, config, fresh);
      return { record: fresh, best: null };
    }
    const { started, id, configs } = readRecord(folder, refuseChangedPart(folder));
    const before = { ...fresh, started, ...(id && { id }), ...(configs && { configs }) };
    const best = restoreOrBegin(folder, opened, { record: before, force });
    return { record: writeRun(folder, config, before), best };
  };
  return { ...opened, ...(await orClose(trainer, () => openTogether(ranks, trainer, open))) };
}
