/**
 * Trains a bag: several networks of one configuration, each with a seed and validation rows of its own, whose
 * predictions are averaged. Every member is a session of its own, in a thread or in this one, so its bits do
 * not depend on the others, on their order or on the threads.
 */
import { type Clock, systemClock } from '../clock.js';
import { UsageError } from '../errors.js';
import type { TrainConfig, TrainOptions } from '../train/config.js';
import type { EndEvent, TrainEvent, TrainResult } from '../train/events.js';
import { type OwnFunctions, ownFunctions } from '../train/own.js';
import type { TrainingPlan } from '../train/plan.js';
import { type BagPlan, bagStart, planNewBag } from './bagplan.js';
import { endOfBag } from './bagresult.js';
import { memberFolder, newRun, type RunRecord, writeRun } from './folder.js';
import { notingKernels } from './kernels.js';
import { whileLocked } from './lock.js';
import { membersEvents, openMembers } from './members.js';
import { newRecord, resumedRecord } from './record.js';
import { recorded } from './recorded.js';

/** Where a bag is kept, and what may stop it. */
interface BagSession {
  readonly plan: BagPlan;
  readonly folder: string | null;
  readonly record: RunRecord;
  readonly argv: readonly string[];
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly own: OwnFunctions;
  readonly force: boolean;
}

/** Says how a bag is run, as `RunOptions` does for one training. */
interface BagOptions {
  readonly signal?: AbortSignal;
  readonly profile?: boolean;
  readonly argv?: readonly string[];
  readonly clock?: Clock;
  readonly own?: OwnFunctions;
  readonly force?: boolean;
}

/**
 * Trains a new bag.
 * @param config the resolved options
 * @throws UsageError for a profile and as `planNewBag` does, DataError for a folder that cannot be written
 */
export async function* trainBag(
  config: TrainConfig,
  options: TrainOptions,
  run: BagOptions,
  { folder, started }: { readonly folder: string | null; readonly started: Date },
): AsyncGenerator<TrainEvent> {
  refuseProfile(run);
  const plan = await planNewBag(config, options);
  const record = newRecord(whole(plan), started, run.argv ?? []);
  const lock = newRun(folder, plan.config, record);
  const session = sessionOf(plan, { ...run, own: ownFunctions(options) }, folder, record);
  yield* whileLocked(lock, runBag(session));
}

/**
 * Goes on with a bag: members that are done are not trained again, others go on from their checkpoints.
 * @param run its record, the configuration to store, and its folder; without one it is trained from the start
 *   and nothing is written
 */
export async function* resumeBag(
  plan: BagPlan,
  options: Omit<BagOptions, 'argv'>,
  run: { readonly folder: string | null; readonly config: TrainConfig; readonly record: RunRecord },
): AsyncGenerator<TrainEvent> {
  refuseProfile(options);
  const { folder, config, record: before } = run;
  const planned = whole(plan);
  const record = writeRun(folder, config, resumedRecord(before, planned));
  const noted = notingKernels(plan, before, planned);
  yield* runBag(sessionOf(noted, { ...options, argv: before.argv }, folder, record));
}

function refuseProfile({ profile }: BagOptions): void {
  if (!profile) return;
  throw new UsageError(
    '--profile: times one training, and --bag trains several at once; leave out one of the two',
  );
}

/** Returns the plan of one member with the data of all, for the record. */
const whole = ({ config, data, members: [first] }: BagPlan): TrainingPlan => {
  return { ...first, config, data: data.whole };
};

function sessionOf(
  plan: BagPlan,
  { signal, argv = [], clock = systemClock, own = {}, force = false }: BagOptions,
  folder: string | null,
  record: RunRecord,
): BagSession {
  return { plan, folder, record, argv, signal, clock, own, force };
}

/** Runs a bag to its end or an interruption, with run.json and metrics.jsonl of the whole in its folder. */
const runBag = (session: BagSession): AsyncGenerator<TrainEvent> => recorded(session, bagEvents(session));

async function* bagEvents(session: BagSession): AsyncGenerator<TrainEvent> {
  const { plan, folder, clock, argv, signal, own, force } = session;
  const begin = clock();
  const opened = openMembers({
    kind: 'member',
    plans: plan.members,
    config: plan.config,
    folder,
    folderOf: (index) => (folder === null ? null : memberFolder(folder, index + 1)),
    argv,
    signal,
    clock,
    own,
    force,
  });
  const { members, workers, atOnce } = opened;
  const start = bagStart(plan, folder);
  yield {
    ...start,
    bag: start.bag!.map((own, member) => ({ ...own, done: members[member].result !== null })),
  };
  yield* membersEvents(opened, 'member', (index, result) => memberEnd(index, result, plan));
  yield {
    type: 'end',
    ...endOfBag(plan, { members, folder, workers, atOnce: Math.max(1, atOnce) }),
    wallSeconds: (clock() - begin) / 1000,
  } satisfies EndEvent;
}

function memberEnd(member: number, result: TrainResult, { members }: BagPlan): TrainEvent {
  const { status, epochs, bestEpoch, val, weightsSha256 } = result;
  const { seed } = members[member].config;
  return { type: 'member', member: member + 1, seed, status, epochs, bestEpoch, val, weightsSha256 };
}
