/** Whether costs grow as they should: with the rows in proportion, with the parameters in proportion. */
import type { TrainingData } from '../data/load.js';
import { randomData } from './data.js';
import { closeLanes, type Lane, openLane } from './lane.js';
import { type Measured, measureLanes } from './measure.js';
import type { BenchSettings } from './options.js';
import type { Growth, GrowthPoint } from './report.js';
import { type Bench, share } from './scaling.js';
import { growthExponent, medianOf } from './statistics.js';

/** The sizes: half decades. */
export interface GrowthSizes {
  readonly rows: readonly number[];
  readonly parameters: readonly number[];
}

export const GROWTH_SIZES: GrowthSizes = {
  rows: [10_000, 31_623, 100_000, 316_228, 1_000_000],
  parameters: [10_000, 31_623, 100_000, 316_228, 1_000_000, 3_162_278, 10_000_000],
};

/** Time per row may differ by so much between the fewest and the most rows. */
const CONSTANT = 0.15;
/** Narrow rows, so that a million of them fit in memory. */
const ROW_NETWORK = [32, 64, 32, 10];
/** The network whose two hidden layers grow. */
const [INPUTS, OUTPUTS] = [64, 10];
const BATCH = 128;

export async function* growth(bench: Bench, sizes = GROWTH_SIZES): AsyncGenerator<number, Growth> {
  const byRows = yield* share(rowPoints(bench, sizes.rows), 0, 2);
  const byParameters = yield* share(parameterPoints(bench, sizes.parameters), 1, 2);
  const medians = byRows.map(({ seconds }) => seconds.value);
  const spread = Math.max(...medians) / Math.min(...medians) - 1;
  const largest = byParameters.at(-1)!.parameters;
  return {
    rows: {
      points: byRows,
      spread,
      constant: spread <= CONSTANT,
      exponent: growthExponent(
        byRows.map(({ rows, times }) => ({ size: rows, times: times.map((seconds) => seconds * rows) })),
      ),
    },
    parameters: {
      points: byParameters,
      exponent: exponentOf(byParameters),
      lastDecade: exponentOf(byParameters.filter(({ parameters }) => parameters > largest / 11)),
    },
  };
}

const exponentOf = (points: readonly GrowthPoint[]) =>
  growthExponent(points.map(({ parameters, times }) => ({ size: parameters, times })));

/** Time per row over whole epochs: with their shuffles, and with data that no longer fit any cache. */
async function* rowPoints(
  { settings, mishaps, clock }: Bench,
  sizes: readonly number[],
): AsyncGenerator<number, GrowthPoint[]> {
  const data = dataOf(ROW_NETWORK, Math.max(...sizes), settings.seed);
  const lanes: Lane[] = [];
  try {
    for (const rows of sizes)
      lanes.push(openLane(settings, specOf(settings, ROW_NETWORK), firstRows(data, rows), clock));
    const pace = {
      seconds: settings.seconds,
      rounds: settings.rounds,
      steps: 'own',
      units: lanes.map(({ trainer }) => trainer.plan.stepsPerEpoch),
    } as const;
    const measured = yield* measureLanes(lanes, pace, clock);
    return measured.map((one, index) => {
      const stepRows = sizes[index] / lanes[index].trainer.plan.stepsPerEpoch; // the last batch is a short one
      return growthPoint(
        one,
        sizes[index],
        one.times.map((step) => step / stepRows),
      );
    });
  } finally {
    await closeLanes(lanes);
    mishaps.push(...lanes.flatMap((lane) => lane.mishaps()));
  }
}

async function* parameterPoints(
  { settings, mishaps, clock }: Bench,
  sizes: readonly number[],
): AsyncGenerator<number, GrowthPoint[]> {
  const lanes: Lane[] = [];
  const data = dataOf([INPUTS, OUTPUTS], 4 * BATCH, settings.seed);
  try {
    for (const size of sizes) lanes.push(openLane(settings, specOf(settings, networkOf(size)), data, clock));
    const pace = { seconds: settings.seconds, rounds: settings.rounds, steps: 'own' } as const;
    const measured = yield* measureLanes(lanes, pace, clock);
    return measured.map((one) => growthPoint(one, 4 * BATCH, one.times));
  } finally {
    await closeLanes(lanes);
    mishaps.push(...lanes.flatMap((lane) => lane.mishaps()));
  }
}

/** The network with two equal hidden layers that comes nearest to so many parameters. */
export function networkOf(parameters: number): number[] {
  const linear = INPUTS + OUTPUTS + 2; // h² + (inputs + outputs + 2)·h + outputs parameters
  const hidden = Math.sqrt((linear / 2) ** 2 + parameters - OUTPUTS) - linear / 2;
  return [INPUTS, Math.round(hidden), Math.round(hidden), OUTPUTS];
}

const dataOf = (network: readonly number[], rows: number, seed: number) =>
  randomData({ rows, inputs: network[0], outputs: network.at(-1)!, seed });

/** The same rows, but only so many of them. */
function firstRows(data: TrainingData, rows: number): TrainingData {
  return { ...data, train: { ...data.train, rows: data.train.rows.subarray(0, rows) } };
}

/** In-process: what threads cost to wake is no part of how a step grows. */
const specOf = ({ shards }: BenchSettings, network: readonly number[]) => ({
  workers: 0,
  shards,
  batch: BATCH,
  network,
});

function growthPoint(measured: Measured, rows: number, times: readonly number[]): GrowthPoint {
  const { spec, parameters, stepsPerRound } = measured;
  const network = spec.network.join('-');
  const { workers } = spec;
  return { rows, parameters, network, workers, stepsPerRound, times, seconds: medianOf(times) };
}
