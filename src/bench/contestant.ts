/** A contestant: a training on given data that is measured beside others, with what a step of it costs. */
import type { Clock } from '../clock.js';
import type { TrainingData } from '../data/load.js';
import { weightsSha256 } from '../network/digest.js';
import type { Ranks } from '../ranks/ranks.js';
import { resolveConfig } from '../train/config.js';
import { openTrainer } from '../train/open.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { Profile } from '../train/profile.js';
import type { Trainer } from '../train/trainer.js';
import { BENCH_LR, type BenchSettings, trainOptions } from './options.js';

/** Describes what tells one contestant from another. */
export interface ContestantSpec {
  readonly workers: number;
  readonly shards: number;
  readonly batch: number;
  readonly network: readonly number[];
}

/** A contestant is a trainer that is ready to step, with the profile of its steps. */
export interface Contestant {
  readonly spec: ContestantSpec;
  readonly trainer: Trainer;
  readonly profile: Profile;
  /** The messages of workers that failed inside a step: such a step should not have been measured. */
  readonly workerFailures: readonly string[];
}

/**
 * Opens the training that `spec` describes.
 * @param clock the system's by default
 * @param ranks the ranks of which this process is one
 */
export function openContestant(
  settings: BenchSettings,
  spec: ContestantSpec,
  data: TrainingData,
  { clock, ranks = null }: { readonly clock?: Clock | undefined; readonly ranks?: Ranks | null } = {},
): Contestant {
  const profile = new Profile(clock);
  const workerFailures: string[] = [];
  const onRetry = (message: string) => workerFailures.push(message);
  const trainer = openTrainer(planOf(settings, spec, data, ranks), { onRetry, clock, profile, ranks });
  return { spec, trainer, profile, workerFailures };
}

/** Plans the training of a network that is exactly as wide as the specification says. */
function planOf(
  settings: BenchSettings,
  spec: ContestantSpec,
  data: TrainingData,
  ranks: Ranks | null,
): TrainingPlan {
  const { workers, shards, batch, network } = spec;
  const config = resolveConfig({
    preset: 'none',
    lr: BENCH_LR,
    ...trainOptions(settings),
    data: data.name,
    hidden: network.slice(1, -1),
    workers,
    shards,
    batch,
  });
  return planTraining(config, data, true, undefined, ranks?.size);
}

/** Says how large a network is, and how much arithmetic a step of it takes. */
interface Cost {
  readonly parameters: number;
  /**
   * Operations of a step for each row: forward, weight gradients, and all input gradients but the first
   * layer's.
   */
  readonly flopsPerRow: number;
}

/** Counts 6·(weights) − 2·(weights of layer 1) operations a row: the network's input needs no gradient. */
export function costOf({ memory, plan }: Pick<Trainer, 'memory' | 'plan'>): Cost {
  const products = plan.layers.map(({ multiplyAdds }) => multiplyAdds).filter((count) => count > 0);
  const weights = products.reduce((sum, count) => sum + count, 0);
  return { parameters: memory.layout.count, flopsPerRow: 6 * weights - 2 * products[0] };
}

/** Returns the SHA-256 of a contestant's weights as they are now. */
export const contestantSha256 = ({ trainer }: Contestant): string =>
  weightsSha256(trainer.memory.layout, trainer.memory.weights);

/** Ends the contestants' threads. */
export async function closeContestants(contestants: readonly Contestant[]): Promise<void> {
  await Promise.all(contestants.map(({ trainer }) => trainer.close()));
}
