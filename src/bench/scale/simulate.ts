/**
 * Simulates steps of many ranks, message by message, to see what the closed forms of the model leave out:
 * ranks that are late, and links on which messages of several ranks meet.
 */
import { PURPOSE, Stream } from '../../random.js';
import {
  computeSeconds,
  gatherSeconds,
  type NetworkRates,
  type RankRates,
  type StepShape,
  trafficOf,
  updateSeconds,
} from './model.js';

/** What a simulation is given besides the model's constants. */
interface SimulationOptions {
  readonly steps?: number;
  /**
   * Ranks are late: the compute of each takes 1 + jitter·E of its time, where E is exponential with mean 1
   * and drawn for each step and rank.
   */
  readonly jitter?: number;
  /** Whether rank r sends to r + 1 first, as gradpool does; otherwise all ranks send to rank 0 first. */
  readonly rotated?: boolean;
  readonly seed?: number;
}

/** Simulates one exchange: what goes from one rank to another. */
interface Exchange {
  readonly seconds: (from: number, to: number) => number;
  /** Seconds that the receiver takes for the messages of one sender. */
  readonly handling: (from: number) => number;
}

/**
 * Returns the mean seconds of a step of so many ranks. A rank sends to one rank after another; bytes reach
 * the receiver's link after the latency, where those of other ranks may be before them. A rank goes on when
 * it has received everything, and begins the next step without waiting for others.
 */
export function simulatedStep(
  shape: StepShape,
  rates: RankRates,
  network: NetworkRates,
  ranks: number,
  { steps = 5, jitter = 0, rotated = true, seed = 1 }: SimulationOptions = {},
): number {
  const { ranges, slices, subtrees } = trafficOf(shape, ranks);
  const trees = subtrees.reduce((total, count) => total + count, 0);
  const perNumber = 32 / (1e9 * network.gigabits);
  const sums: Exchange = {
    seconds: (from, to) => subtrees[from] * slices[to] * perNumber,
    handling: (from) => (4 + subtrees[from]) * network.perMessage,
  };
  const weights: Exchange = {
    seconds: (from) => slices[from] * perNumber,
    handling: () => network.perMessage,
  };
  const works = ranges.map(
    (range) =>
      rates.overhead +
      computeSeconds(shape, rates, range.last - range.first) +
      gatherSeconds(shape, rates, range),
  );
  let clocks: number[] = Array.from({ length: ranks }, () => 0);
  for (let step = 0; step < steps; step++) {
    const late = new Stream(seed, PURPOSE.bench, 3 + step);
    const computed = clocks.map(
      (begin, rank) => begin + (works[rank] ?? 0) * (1 - jitter * Math.log(1 - late.uniform())),
    );
    const summed = exchange(computed, sums, network.latency, rotated).map(
      (time, rank) => time + updateSeconds(shape, rates, slices[rank], trees),
    );
    clocks = exchange(summed, weights, network.latency, rotated);
  }
  return Math.max(...clocks) / steps;
}

/** Returns when each rank has everything, given when each begins to send. */
function exchange(
  begins: readonly number[],
  { seconds, handling }: Exchange,
  latency: number,
  rotated: boolean,
): number[] {
  const ranks = begins.length;
  // arrivals[to]: when the first byte from each rank may come, and how long its link is taken.
  const arrivals = begins.map((): { at: number; from: number }[] => []);
  for (let from = 0; from < ranks; from++) {
    let free = begins[from];
    for (let turn = rotated ? 1 : 0; turn < ranks; turn++) {
      const to = rotated ? (from + turn) % ranks : turn;
      if (to === from) continue;
      arrivals[to].push({ at: free + latency, from });
      free += seconds(from, to);
    }
  }
  return begins.map((begin, to) => {
    let free = begin;
    let handled = 0;
    for (const { at, from } of arrivals[to].sort((a, b) => a.at - b.at)) {
      free = Math.max(free, at) + seconds(from, to);
      handled += handling(from);
    }
    return free + handled;
  });
}
