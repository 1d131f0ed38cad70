/**
 * Runs a training with what belongs to it: its record on disk and, where `refit` asks for it, the same
 * network trained once more on all rows. The validation rows say for how many epochs; then they are worth
 * more as rows to learn from.
 */
import { weightsSha256 } from '../network/digest.js';
import { partOf } from '../regular.js';
import { baselineOf } from '../train/baseline.js';
import type { TrainConfig } from '../train/config.js';
import type { EndEvent, EpochEvent, RefitEpochEvent, TrainEvent } from '../train/events.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { withValidationRows } from '../train/refit.js';
import { boardOfParts, withBoard } from './board.js';
import { RUN_FILES } from './folder.js';
import { withChosenKernels } from './kernels.js';
import { sessionEvents } from './loop.js';
import { openNested } from './nested.js';
import { withPicture } from './picture/record.js';
import { newRecord } from './record.js';
import { recorded } from './recorded.js';
import { auditedOf, calibrationOf, finalScores, refits, writeModel } from './result.js';
import type { Session } from './session.js';

/** Runs a session to its end, refit included, and keeps run.json and metrics.jsonl along the way. */
export const runSession = (session: Session): AsyncGenerator<TrainEvent> =>
  recorded(session, withRefit(session, withBoard(session, withPicture(session, sessionEvents(session)))));

async function* withRefit(session: Session, events: AsyncIterable<TrainEvent>): AsyncGenerator<TrainEvent> {
  let first: EndEvent | null = null;
  for await (const event of events) {
    if (event.type === 'end' && refits(session.trainer.plan, event.status)) first = event;
    else yield event;
  }
  if (first !== null) yield* refit(session, first);
}

/** Trains on all rows for as many epochs as were best, and puts the result in the model's place. */
async function* refit(session: Session, first: EndEvent): AsyncGenerator<TrainEvent> {
  const { trainer, folder, signal, clock, stepInterval, record, force = false } = session;
  const begin = clock();
  const ranks = trainer.ranks ?? undefined;
  const plan = planRefit(trainer.plan, first.workers, folder);
  const epochs = first.bestEpoch!;
  const rows = plan.data.train.rows.length;
  yield { type: 'refit', epochs, rows, stepsPerEpoch: plan.stepsPerEpoch };

  const again = await openNested(plan, {
    folder: folder === null ? null : partOf(folder, RUN_FILES.refit),
    record: { ...newRecord(plan, new Date(), record.argv), refit: true },
    signal,
    clock,
    force,
    ranks,
  });
  const settled: Session = { ...again, stepInterval, lastEpoch: epochs, measured: [] };
  const second = yield* refitEvents(settled);
  const seconds = (clock() - begin) / 1000;
  const wallSeconds = first.wallSeconds + seconds;
  const { profile } = first;
  const times = profile && { profile: { ...profile, seconds: { ...profile.seconds, refit: seconds } } };
  if (second === null || second.status === 'interrupted') {
    yield { ...first, ...times, status: 'interrupted', reason: 'interrupted', wallSeconds };
    return;
  }
  const calibration = calibrationOf(trainer);
  if (folder) writeModel(settled.trainer, folder, calibration);
  const scores = first.scores && {
    val: first.scores.val,
    test: session.measured ? null : finalScores(settled.trainer, calibration, ['test']).test,
  };
  const { layout, weights } = settled.trainer.memory;
  const { train, test } = second;
  const { data, network } = trainer.plan;
  yield {
    ...first,
    ...times,
    weightsSha256: weightsSha256(layout, weights),
    train,
    test,
    ...(scores && { scores }),
    baseline: baselineOf(data, { train, val: first.val, test }, network.loss),
    refit: { epochs, rows, steps: second.steps },
    ...auditedOf(trainer.plan.config, [first, second]),
    wallSeconds,
  };
}

/** Runs the session of a refit, and passes its events on as such. Returns the last one. */
export async function* refitEvents(session: Session): AsyncGenerator<TrainEvent, EndEvent | null> {
  let end: EndEvent | null = null;
  for await (const event of recorded(session, withBoard(session, sessionEvents(session)))) {
    if (event.type === 'end') end = event;
    else if (event.type === 'epoch') yield refitEpoch(event);
    else if (event.type === 'step' || event.type === 'retry' || event.type === 'note') {
      yield { ...event, refit: true };
    }
  }
  return end;
}

function refitEpoch({ epoch, step, train, lr, seconds, samplesPerSecond }: EpochEvent): RefitEpochEvent {
  return { type: 'refitEpoch', epoch, step, train, lr, seconds, samplesPerSecond };
}

/**
 * Plans the training on all rows. It has the same seed, so the same initial weights, and the schedule that
 * was planned; the kernels and the number of workers are those that the first training found.
 */
function planRefit(plan: TrainingPlan, workers: number, folder: string | null): TrainingPlan {
  const config = refitConfig(withChosenKernels(plan.config, plan), folder);
  return planTraining({ ...config, workers }, withValidationRows(plan.data), false, undefined, plan.ranks);
}

/** Returns the configuration of a refit, which no validation rows stop and which has a folder of its own. */
export function refitConfig<Config extends TrainConfig>(
  { patience, until, own, ...config }: Config,
  folder: string | null,
) {
  const tensorboard = boardOfParts(config.tensorboard, folder);
  return { ...config, metric: 'loss' as const, refit: false, tensorboard };
}
