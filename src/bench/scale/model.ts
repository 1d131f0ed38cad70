/**
 * A model of the time that a step takes on several ranks: closed forms of the arithmetic of a rank and of the
 * bytes, messages and latencies between ranks. docs/scale.md derives them and says what they leave out.
 */
import { additionsUpTo, contiguousRanges, type IndexRange, subtreeStarts } from '../../parallel/shards.js';
import { updateSlices } from '../../train/slices.js';

/** Bytes of a float32 number. */
const FLOAT = 4;
/** Messages to each other rank besides subtree sums: what it says of itself, and three sums of its shards. */
const SMALL_MESSAGES = 4;

/** What is trained. */
export interface StepShape {
  /** Rows of a batch. */
  readonly batch: number;
  readonly shards: number;
  readonly parameters: number;
  /** Operations of forward and backward for each row. */
  readonly flopsPerRow: number;
  /** Arrays as long as the parameters that the optimizer keeps. */
  readonly slots: number;
}

/** What one rank does by itself. */
export interface RankRates {
  /** Operations of a thread in forward and backward, in 10⁹ a second. */
  readonly gflops: number;
  /** Bytes that additions and updates move, in 10⁹ a second. */
  readonly gigabytes: number;
  /** Seconds of a step that do not depend on its size. */
  readonly overhead: number;
  /** Threads of a rank that compute. */
  readonly threads: number;
}

/** What a network does between two ranks. */
export interface NetworkRates {
  /** Seconds that a message is on its way. */
  readonly latency: number;
  /** Seconds that each message takes of a rank. */
  readonly perMessage: number;
  /** 10⁹ bits a second that a rank can send, and as many that it can receive at the same time. */
  readonly gigabits: number;
}

/** Seconds of a step by what they go to; all of them follow each other. */
export interface StepTime {
  /** Forward and backward of the rank with the most shards. */
  readonly compute: number;
  /** Additions inside of the rank and after the exchange, and the update. */
  readonly update: number;
  /** Latencies and messages. */
  readonly messages: number;
  /** Bytes on the link that has the most of them. */
  readonly bytes: number;
  readonly total: number;
}

/** The work and the traffic of ranks: for each of them one number. */
interface Traffic {
  /** The shards of each rank; fewer ranges than ranks where there are fewer shards. */
  readonly ranges: readonly IndexRange[];
  /** Parameters that each rank sums and updates. */
  readonly slices: readonly number[];
  /** Subtree sums that each rank sends of its shards. */
  readonly subtrees: readonly number[];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const lengthOf = ({ first, last }: IndexRange) => last - first;
const filled = (numbers: readonly number[], length: number) =>
  Array.from({ length }, (_, i) => numbers[i] ?? 0);

/** Cuts shards and parameters as a training does. */
export function trafficOf(
  { shards, parameters }: Pick<StepShape, 'shards' | 'parameters'>,
  ranks: number,
): Traffic {
  const ranges = contiguousRanges(shards, ranks);
  return {
    ranges,
    slices: filled(updateSlices(parameters, ranks).map(lengthOf), ranks),
    subtrees: filled(
      ranges.map((range) => subtreeStarts([range], shards).length),
      ranks,
    ),
  };
}

/** Returns the bytes that the busiest link carries in the exchange of sums and in that of weights. */
export function bytesOfStep({ slices, subtrees }: Traffic): {
  readonly sums: number;
  readonly weights: number;
} {
  const [elements, trees] = [sum(slices), sum(subtrees)];
  const busiest = (sent: (rank: number) => number, received: (rank: number) => number) =>
    FLOAT * Math.max(...slices.map((_, rank) => Math.max(sent(rank), received(rank))));
  return {
    sums: busiest(
      (rank) => subtrees[rank] * (elements - slices[rank]),
      (rank) => (trees - subtrees[rank]) * slices[rank],
    ),
    weights: busiest(
      (rank) => (slices.length - 1) * slices[rank],
      (rank) => elements - slices[rank],
    ),
  };
}

/** Returns the seconds of forward and backward of a rank with so many shards, which its threads share. */
export function computeSeconds(shape: StepShape, rates: RankRates, shards: number): number {
  const rows = Math.ceil(shards / rates.threads) * (shape.batch / shape.shards);
  return (rows * shape.flopsPerRow) / (1e9 * rates.gflops);
}

/**
 * Returns the seconds in which a rank adds up `trees` sums of a slice and updates it: an addition moves three
 * numbers, an update reads the gradient, and reads and writes the weights and the slots.
 */
export function updateSeconds(shape: StepShape, rates: RankRates, slice: number, trees: number): number {
  const numbers = 3 * (trees - 1) + 1 + 2 * (1 + shape.slots);
  return (FLOAT * numbers * slice) / (1e9 * rates.gigabytes);
}

/** Returns the seconds in which a rank's main thread adds up what its threads have summed apart. */
export function gatherSeconds(shape: StepShape, rates: RankRates, range: IndexRange): number {
  const parts = contiguousRanges(lengthOf(range), rates.threads).map(({ first, last }) => ({
    first: range.first + first,
    last: range.first + last,
  }));
  const additions = additionsUpTo([range], parts, shape.shards).length;
  return (FLOAT * 3 * additions * shape.parameters) / (1e9 * rates.gigabytes);
}

const secondsOfBytes = (bytes: number, { gigabits }: NetworkRates) => (8 * bytes) / (1e9 * gigabits);

/** Returns the time of a step as gradpool makes it. */
export function stepTime(shape: StepShape, rates: RankRates, network: NetworkRates, ranks: number): StepTime {
  const traffic = trafficOf(shape, ranks);
  const { ranges, slices, subtrees } = traffic;
  const trees = sum(subtrees);
  const { sums, weights } = bytesOfStep(traffic);
  const others = ranks - 1;
  // Each small message and each sum to or from another rank is one; then there is one for its weights.
  const count = others * (SMALL_MESSAGES + 1) + trees - Math.min(...subtrees);
  return timeOf({
    compute: rates.overhead + computeSeconds(shape, rates, Math.max(...ranges.map(lengthOf))),
    update:
      Math.max(...ranges.map((range) => gatherSeconds(shape, rates, range))) +
      updateSeconds(shape, rates, Math.max(...slices), trees),
    messages: others > 0 ? 2 * network.latency + count * network.perMessage : 0,
    bytes: secondsOfBytes(sums + weights, network),
  });
}

/**
 * Returns the time of a step that sums by a ring, as other trainers do: 2·(P − 1) messages one after another,
 * each of 1/P of the gradient, after which every rank updates all parameters. It has the same shards.
 */
export function ringTime(shape: StepShape, rates: RankRates, network: NetworkRates, ranks: number): StepTime {
  const { parameters } = shape;
  const rounds = 2 * (ranks - 1);
  const part = parameters / ranks;
  const adding = (FLOAT * 3 * part * (ranks - 1)) / (1e9 * rates.gigabytes);
  return timeOf({
    compute: rates.overhead + computeSeconds(shape, rates, Math.ceil(shape.shards / ranks)),
    update: adding + updateSeconds(shape, rates, parameters, 1),
    messages: rounds * (network.latency + network.perMessage),
    bytes: secondsOfBytes(rounds * FLOAT * part, network),
  });
}

const timeOf = (parts: Omit<StepTime, 'total'>): StepTime => ({ ...parts, total: sum(Object.values(parts)) });

/**
 * Returns the slowest network, in 10⁹ bits a second, on which so many ranks are as fast as one; infinity
 * where latencies alone take what they save.
 */
export function breakEvenGigabits(
  shape: StepShape,
  rates: RankRates,
  network: NetworkRates,
  ranks: number,
): number {
  const { total, bytes } = stepTime(shape, rates, network, ranks);
  const saved = stepTime(shape, rates, network, 1).total - (total - bytes);
  return saved > 0 ? (bytes * network.gigabits) / saved : Number.POSITIVE_INFINITY;
}

/** Returns the bytes that the arrays as long as the parameters take on each rank: a sum for each shard. */
export const bytesOfRank = ({ parameters, shards, slots }: StepShape): number =>
  FLOAT * parameters * (shards + 1 + slots);
