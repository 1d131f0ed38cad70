/** What the model says of a network that is trained on more and more ranks, over links of several speeds. */
import { hyperParameters, RULES, type UpdateRule } from '../../optim/rules.js';
import { type BenchOptions, resolveBench } from '../options.js';
import type { ModelConstants } from '../ranks/report.js';
import {
  breakEvenGigabits,
  bytesOfRank,
  type NetworkRates,
  type RankRates,
  ringTime,
  type StepShape,
  type StepTime,
  stepTime,
} from './model.js';
import { simulatedStep } from './simulate.js';

/** Links of Ethernet by TCP, the fastest with network cards that help. */
const LINKS: Readonly<Record<string, NetworkRates>> = {
  '1 Gbit/s': { latency: 50e-6, perMessage: 10e-6, gigabits: 1 },
  '10 Gbit/s': { latency: 25e-6, perMessage: 5e-6, gigabits: 10 },
  '100 Gbit/s': { latency: 5e-6, perMessage: 1e-6, gigabits: 100 },
};
/** A thread and its memory as `gradpool bench --ranks` measured them on the machine of docs/scale.md. */
const RATES: RankRates = { gflops: 45, gigabytes: 13, overhead: 0, threads: 1 };
const MOST_RANKS = 1024;
/** Each rank is late by an exponential time, in the mean this share of its arithmetic. */
export const LATE = 0.05;
/** Above so many ranks fewer steps are simulated, since the messages grow with their square. */
const MANY_RANKS = 128;
/** The kernels' memory has 32-bit addresses. */
const MOST_BYTES = 2 ** 32;

/** Says what to calculate; everything has a default. */
export interface OutlookOptions extends Pick<BenchOptions, 'network' | 'batch' | 'training'> {
  /** Threads of each rank; 1 by default. */
  readonly threads?: number;
  /** What `gradpool bench --ranks` has measured, in place of the constants of docs/scale.md. */
  readonly measured?: ModelConstants | undefined;
}

interface OutlookPoint {
  readonly ranks: number;
  readonly time: StepTime;
  /** The step of one rank over this one. */
  readonly speedup: number;
  /** Seconds of a step with a ring. */
  readonly ring: number;
  /** Simulated seconds of a step where ranks are late. */
  readonly late: number;
  /** The slowest link, in Gbit/s, on which they are as fast as one rank; null where there is none. */
  readonly breakEven: number | null;
}

export interface OutlookLink {
  readonly name: string;
  readonly network: NetworkRates;
  readonly points: readonly OutlookPoint[];
}

export interface Outlook {
  readonly layers: readonly number[];
  readonly shape: StepShape;
  readonly rates: RankRates;
  /** Bytes on each rank of the arrays as long as the parameters, and whether they have room there. */
  readonly memory: { readonly bytes: number; readonly fits: boolean };
  readonly links: readonly OutlookLink[];
}

/** Calculates steps for 1, 2, 4, … ranks, up to the shards of a batch. */
export function outlook(options: OutlookOptions = {}): Outlook {
  const { threads, measured } = options;
  const { network: layers, shape } = shapeOf(options);
  const rates = { ...(measured?.rates ?? RATES), ...(threads === undefined ? {} : { threads }) };
  const links = { ...LINKS, ...(measured?.network ? { 'as measured': measured.network } : {}) };
  const bytes = bytesOfRank(shape);
  return {
    layers,
    shape,
    rates,
    memory: { bytes, fits: bytes < MOST_BYTES },
    links: Object.entries(links).map(([name, network]) => ({
      name,
      network,
      points: rankCounts(shape.shards).map((ranks) => pointOf(shape, rates, network, ranks)),
    })),
  };
}

/** Counts the parameters and the arithmetic of a network by its widths. */
function shapeOf(options: OutlookOptions): {
  readonly network: readonly number[];
  readonly shape: StepShape;
} {
  const { network, batch, optimizer, momentum, shards } = resolveBench(
    { ...options, workers: [0], parts: [] },
    1,
  );
  const products = network.slice(1).map((units, layer) => units * network[layer]);
  const weights = products.reduce((sum, count) => sum + count, 0);
  const biases = network.slice(1).reduce((sum, units) => sum + units, 0);
  const rule: UpdateRule = RULES[optimizer];
  const hyper = hyperParameters(optimizer, momentum === null ? {} : { momentum });
  const shape = {
    batch,
    shards: Math.min(shards, batch),
    parameters: weights + biases,
    flopsPerRow: 6 * weights - 2 * products[0],
    slots: rule.slots(hyper).length,
  };
  return { network, shape };
}

function rankCounts(shards: number): number[] {
  const counts = [1];
  while (2 * counts.at(-1)! <= Math.min(shards, MOST_RANKS)) counts.push(2 * counts.at(-1)!);
  return counts;
}

function pointOf(shape: StepShape, rates: RankRates, network: NetworkRates, ranks: number): OutlookPoint {
  const time = stepTime(shape, rates, network, ranks);
  const breakEven = ranks === 1 ? Number.POSITIVE_INFINITY : breakEvenGigabits(shape, rates, network, ranks);
  return {
    ranks,
    time,
    speedup: stepTime(shape, rates, network, 1).total / time.total,
    ring: ringTime(shape, rates, network, ranks).total,
    late: simulatedStep(shape, rates, network, ranks, { jitter: LATE, steps: ranks > MANY_RANKS ? 2 : 20 }),
    breakEven: Number.isFinite(breakEven) ? breakEven : null,
  };
}
