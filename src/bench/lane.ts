/** A training that is measured beside others: its trainer on random data, and what it costs. */
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.js';
import type { TrainingData } from '../data/load.js';
import { weightsSha256 } from '../network/digest.js';
import { resolveConfig } from '../train/config.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { Profile } from '../train/profile.js';
import { Trainer } from '../train/trainer.js';
import { type BenchSettings, RATE, trainOptions } from './options.js';

export interface LaneSpec {
  readonly workers: number;
  readonly shards: number;
  readonly batch: number;
  readonly network: readonly number[];
}

export interface Lane {
  readonly spec: LaneSpec;
  readonly trainer: Trainer;
  readonly profile: Profile;
  /** what happened inside steps that no measurement should contain */
  readonly mishaps: () => readonly string[];
}

/** @param clock by default the system's */
export function openLane(settings: BenchSettings, spec: LaneSpec, data: TrainingData, clock?: Clock): Lane {
  const profile = new Profile(clock);
  const failures: string[] = [];
  const trainer = openTrainer(planOf(settings, spec, data), failures, clock, profile);
  return { spec, trainer, profile, mishaps: () => failures };
}

/** A trainer on this machine; workers that fail are told of in `failures`. */
export function openTrainer(
  plan: TrainingPlan,
  failures: string[],
  clock: Clock | undefined,
  profile: Profile | null = null,
): Trainer {
  const machine = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const options = {
    memoryLimit: plan.config.memoryLimit ? plan.config.memoryLimit * 2 ** 20 : machine,
    workerFile: fileURLToPath(new URL('../../workers/gradient.js', import.meta.url)),
    onRetry: (message: string) => failures.push(message),
    onWorkers: () => {}, // their number is given
    profile,
  };
  return new Trainer(plan, options, clock);
}

/** The plan of a lane's training: a network that is exactly as wide as it was asked for. */
function planOf(settings: BenchSettings, spec: LaneSpec, data: TrainingData): TrainingPlan {
  const { workers, shards, batch, network } = spec;
  const config = resolveConfig({
    lr: RATE,
    ...trainOptions(settings),
    data: data.name,
    hidden: network.slice(1, -1),
    workers,
    shards,
    batch,
  });
  return planTraining(config, data, true);
}

export interface Cost {
  readonly parameters: number;
  /** of a step, per row: forward, gradient of the weights, gradient of the inputs but for the first layer's */
  readonly flopsPerRow: number;
}

/** 6·(weights) − 2·(weights of layer 1): the input needs no gradient. */
export function costOf({ memory, plan }: Pick<Trainer, 'memory' | 'plan'>): Cost {
  const products = plan.layers.map(({ multiplyAdds }) => multiplyAdds).filter((count) => count > 0);
  const weights = products.reduce((sum, count) => sum + count, 0);
  return { parameters: memory.layout.count, flopsPerRow: 6 * weights - 2 * products[0] };
}

export const weightsOf = ({ trainer }: Lane): string =>
  weightsSha256(trainer.memory.layout, trainer.memory.weights);

export async function closeLanes(lanes: readonly Lane[]): Promise<void> {
  await Promise.all(lanes.map(({ trainer }) => trainer.close()));
}
