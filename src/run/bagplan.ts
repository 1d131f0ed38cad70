/** Plans a bag: the training of each member, and how many are trained at the same time. */
import { availableParallelism } from 'node:os';
import { type BagData, bagData, bagSources } from '../data/bag.js';
import { loadTrainingData } from '../data/load.js';
import { parameterLayout } from '../network/layout.js';
import { PURPOSE, Stream } from '../random.js';
import { bytesAllowed, memoryBudget, THREAD } from '../train/budget.js';
import {
  type PlannedConfig,
  refuseUnused,
  type TrainConfig,
  type TrainOptions,
  withEpochs,
  withRows,
} from '../train/config.js';
import type { StartEvent } from '../train/events.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { withChosenKernels } from './kernels.js';
import { presetNotes, settledConfig, withFindings } from './newplan.js';
import { startOfSeveral } from './result.js';
import { absoluteSources } from './sources.js';

/** A bag as configuration and data determine it. */
export interface BagPlan {
  readonly config: PlannedConfig;
  readonly data: BagData;
  /** The training of each member, in one thread. */
  readonly members: readonly TrainingPlan[];
  readonly notes: readonly string[];
}

/** Returns the seed of a bag's member, counted from 0: 32 bits that are drawn for it. */
function memberSeed(seed: number, member: number): number {
  return new Stream(seed, PURPOSE.members, member).uint32();
}

/**
 * Loads the data of a new bag and plans it, with what the preset decides by the data.
 * @param config the resolved options
 * @param options as the user gives them; they hold the tables that are in memory
 * @throws UsageError and DataError as `planNewTraining` does
 */
export async function planNewBag(config: TrainConfig, options: TrainOptions): Promise<BagPlan> {
  const before = absoluteSources(config);
  const { options: sources, fraction } = bagSources(withRows(before, options));
  const whole = withFindings(await loadTrainingData(sources), before);
  const data = bagData(whole, before.bag, fraction, before.seed, before.stratify);
  const settled = settledConfig(options, data.members[0]);
  const plan = planBag(settled, data);
  refuseUnused({ ...settled, loss: plan.members[0].network.loss });
  return { ...plan, notes: [...presetNotes(plan.config), ...plan.notes] };
}

/**
 * Plans the members of a bag.
 * @throws UsageError and DataError where configuration and data of any member do not fit together
 */
export function planBag(resolved: TrainConfig, data: BagData): BagPlan {
  const config = withEpochs(resolved);
  const common = planTraining({ ...config, bag: 1 }, { ...data.members[0], test: data.whole.test });
  const members = data.members.map((own, member) =>
    planTraining(
      {
        ...withChosenKernels(config, common),
        bag: 1,
        seed: memberSeed(config.seed, member),
        workers: 0,
      },
      own,
    ),
  );
  return { config, data, members, notes: [...data.whole.notes, ...common.notes, bagNote(config, data)] };
}

function bagNote({ bag }: TrainConfig, { whole, members, folded }: BagData): string {
  const rows = whole.train.rows.length;
  if (!folded) return `bag: ${bag} networks with different seeds, each trained on all ${rows} training rows`;
  const [{ train, val }] = members;
  return `bag: ${bag} networks, each trained on about ${train.rows.length} of ${rows} rows and validated on the other ${val?.rows.length ?? 0}`;
}

/** Returns the event with which a bag begins. */
export function bagStart(plan: BagPlan, folder: string | null): StartEvent {
  const { start, networks } = startOfSeveral(plan, plan.members, folder);
  return { ...start, bag: networks };
}

/** How many members are trained at the same time, and with how many threads each. */
interface Concurrency {
  /** 0 trains one after the other in this thread. */
  readonly atOnce: number;
  readonly inside: TrainConfig['workers'];
  /** Cores that `inside: auto` may use. */
  readonly cores: number;
}

/**
 * Shares the threads among the members: as many members at once as there are threads and memory, and threads
 * that are left over inside the members.
 */
export function shareThreads(
  { workers, memoryLimit }: TrainConfig,
  members: number,
  bytes: number,
  cores = availableParallelism(),
): Concurrency {
  const threads = workers === 'auto' ? cores : workers;
  if (threads === 0 || (workers === 'auto' && threads === 1)) return { atOnce: 0, inside: 0, cores: 1 };
  const room = Math.floor(bytesAllowed(memoryLimit) / bytes);
  const atOnce = Math.max(1, Math.min(threads, members, room));
  const share = Math.floor(threads / atOnce);
  return { atOnce, inside: share < 2 ? 0 : workers === 'auto' ? 'auto' : share, cores: share };
}

/** Trains the members one after the other in this thread, since functions cannot be sent to another. */
export function oneByOne({ workers }: TrainConfig, cores = availableParallelism()): Concurrency {
  return { atOnce: 0, inside: workers, cores };
}

/**
 * Returns the bytes of a bag by what they are for: those of one member, and of the others at the same time.
 */
export function bagBudget({
  config,
  members: [first],
  members,
}: Pick<BagPlan, 'config' | 'members'>): Record<string, number> {
  const { total, ...one } = memoryBudget(first);
  const { atOnce } = shareThreads(config, members.length, first.sharedBytes);
  const shared = one.data + one['Node and its threads'];
  const others = Math.max(0, atOnce - 1) * (total - shared) + atOnce * THREAD;
  const results = 4 * members.length * parameterLayout(first.layers).length;
  const budget = { ...one, 'other members at the same time': others, "members' weights": results };
  return { ...budget, total: total + others + results };
}
