/** Trains the network that a cross-validation leaves, on all rows, for the mean of the folds' best epochs. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { weightsSha256 } from '../network/digest.js';
import { mean } from '../statistics.js';
import type { TrainEvent, TrainResult } from '../train/events.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { type CrossValidationPlan, foldConfig } from './cvplan.js';
import { calibrationOfFolds } from './cvscores.js';
import { RUN_FILES, type RunRecord } from './folder.js';
import { withChosenKernels } from './kernels.js';
import type { Member } from './members.js';
import { openNested } from './nested.js';
import { newRecord } from './record.js';
import { refitConfig, refitEvents } from './refit.js';
import { auditedOf, finalScores, writeModel } from './result.js';
import type { Session } from './session.js';

interface CvRefitOptions {
  readonly folder: string | null;
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly force: boolean;
}

/** What the network is that was trained on all rows. */
export type Refitted = Pick<
  TrainResult,
  'weightsSha256' | 'train' | 'test' | 'scores' | 'refit' | 'parameters' | 'audited'
>;

/**
 * Trains on all rows but the test rows, and writes the model. Returns what came of it; null where it was
 * interrupted.
 */
export async function* refitFolds(
  plan: CrossValidationPlan,
  members: readonly Member[],
  options: CvRefitOptions,
): AsyncGenerator<TrainEvent, Refitted | null> {
  const { folder, record } = options;
  const epochs = epochsOf(plan, members);
  const whole = planWhole(plan, folder);
  const rows = whole.data.train.rows.length;
  yield { type: 'refit', epochs, rows, stepsPerEpoch: whole.stepsPerEpoch };

  const path = folder === null ? null : join(folder, RUN_FILES.refit);
  const fresh = { ...newRecord(whole, new Date(), record.argv), refit: true } as const;
  const session = await openUpTo(whole, epochs, path, fresh, options);
  const end = yield* refitEvents(session);
  if (end === null || end.status === 'interrupted') return null;
  const { trainer } = session;
  const calibrated = folder !== null || plan.config.calibrate === 'temperature';
  const calibration = calibrated ? calibrationOfFolds(plan, members) : null;
  if (folder !== null) writeModel(trainer, folder, calibration);
  const { layout, weights } = trainer.memory;
  const { train, test, steps, parameters } = end;
  return {
    weightsSha256: weightsSha256(layout, weights),
    train,
    test,
    scores: finalScores(trainer, calibration, ['test']),
    parameters,
    refit: { epochs, rows, steps },
    ...auditedOf(plan.config, [end]),
  };
}

/** Returns the mean of the folds' best epochs, or of all their epochs where the last weights are kept. */
function epochsOf({ config }: CrossValidationPlan, members: readonly Member[]): number {
  const epochs = members.map(({ result }) =>
    config.keep === 'best' ? (result!.bestEpoch ?? result!.epochs) : result!.epochs,
  );
  return Math.max(1, Math.round(mean(epochs)));
}

/** Plans the training on all rows, with the schedule, the kernels and the seed of the folds. */
function planWhole(
  { config, data, folds: [first] }: CrossValidationPlan,
  folder: string | null,
): TrainingPlan {
  const own = refitConfig(withChosenKernels(foldConfig(config), first), folder);
  return planTraining(own, { ...data.whole, val: null, notes: [] });
}

/** Opens the session; a checkpoint of more epochs, as folds of another session found best, is left behind. */
async function openUpTo(
  plan: TrainingPlan,
  epochs: number,
  folder: string | null,
  record: RunRecord,
  { signal, clock, force }: CvRefitOptions,
): Promise<Session> {
  const open = () => openNested(plan, { folder, record, signal, clock, force });
  const session = await open();
  if (folder === null || session.trainer.state.step <= epochs * plan.stepsPerEpoch)
    return { ...session, lastEpoch: epochs, measured: [] };
  await session.trainer.close();
  rmSync(folder, { recursive: true });
  return { ...(await open()), lastEpoch: epochs, measured: [] };
}
