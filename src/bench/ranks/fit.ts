/** Fits the constants of the model to what was measured of one rank, and of exchanges among several. */
import { availableParallelism } from 'node:os';
import type { Breakdown } from '../profile.js';
import { computeSeconds, type NetworkRates, type RankRates, updateSeconds } from '../scale/model.js';
import type { ModelConstants } from './report.js';
import type { RankFacts, RankSettings } from './setup.js';

/** An exchange in which each rank has sent such messages to each of the others. */
export interface MeasuredExchange {
  readonly others: number;
  readonly bytes: number;
  readonly messages: number;
  readonly seconds: number;
}

/**
 * Solves for the constants: the arithmetic of the one rank is the rest of its step beside the update, and all
 * of its time is taken to grow with the rows.
 */
export function fitted(
  settings: Pick<RankSettings, 'batch' | 'shards' | 'workers'>,
  facts: Pick<RankFacts, 'length' | 'flopsPerRow' | 'slots'>,
  step: number,
  breakdown: Breakdown,
  exchanges: readonly MeasuredExchange[],
): ModelConstants {
  const { batch, shards, workers } = settings;
  const { length: parameters, flopsPerRow, slots } = facts;
  const shape = { batch, shards, parameters, flopsPerRow, slots };
  const threads = Math.max(1, workers);
  const unit: RankRates = { gflops: 1, gigabytes: 1, overhead: 0, threads };
  const update = breakdown.update + breakdown.sum;
  const rates = {
    ...unit,
    gflops: computeSeconds(shape, unit, shards) / (step - update),
    // Threads of one rank update in slices, and each adds up what all of them have summed.
    gigabytes: updateSeconds(shape, unit, parameters, threads) / update,
  };
  return { shape, rates, network: exchanges.length > 0 ? fittedNetwork(exchanges) : null };
}

/** Solves for latency, time of a message and bandwidth; of several measurements the fastest counts. */
function fittedNetwork(exchanges: readonly MeasuredExchange[]): NetworkRates {
  const fastest = (chosen: (exchange: MeasuredExchange) => boolean) =>
    exchanges.filter(chosen).reduce((best, one) => (one.seconds < best.seconds ? one : best));
  const shortest = Math.min(...exchanges.map(({ bytes }) => bytes));
  const one = fastest(({ bytes, messages }) => bytes === shortest && messages === 1);
  const many = fastest(({ messages }) => messages > 1);
  const long = fastest(({ bytes }) => bytes > shortest);
  const { others } = one;
  const perMessage = Math.max(0, (many.seconds - one.seconds) / (others * (many.messages - 1)));
  return {
    latency: Math.max(0, one.seconds - others * perMessage),
    perMessage,
    gigabits: (8 * others * (long.bytes - one.bytes)) / (1e9 * (long.seconds - one.seconds)),
  };
}

/** Returns the rates of a rank where ranks on one machine have more threads than it has cores. */
export function ratesOnMachine(
  rates: RankRates,
  hosts: readonly string[],
  cores = availableParallelism(),
): RankRates {
  const most = Math.max(1, ...hosts.map((host) => hosts.filter((other) => other === host).length));
  const share = Math.min(1, cores / (most * rates.threads));
  return { ...rates, gflops: share * rates.gflops, gigabytes: share * rates.gigabytes };
}
