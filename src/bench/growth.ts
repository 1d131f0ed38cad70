/** Measures whether costs grow as they should: in proportion to the rows, and to the parameters. */
import type { TrainingData } from '../data/load.js';
import { randomData } from './data.js';
import { type BenchContext, type Measured, measureInTurn } from './measure.js';
import type { Growth, GrowthPoint } from './report.js';
import { partOfProgress } from './scaling.js';
import { growthExponent, medianOf } from './statistics.js';

/** Lists the sizes to measure. */
interface GrowthSizes {
  readonly rows: readonly number[];
  readonly parameters: readonly number[];
}

/** Sizes half a decade apart: each is √10 times the one before. */
const SIZES: GrowthSizes = {
  rows: [10_000, 31_623, 100_000, 316_228, 1_000_000],
  parameters: [10_000, 31_623, 100_000, 316_228, 1_000_000, 3_162_278, 10_000_000],
};

/**
 * The time per row counts as constant if its largest median exceeds its smallest by no more than this share.
 */
export const CONSTANT_WITHIN = 0.15;
/** The network that rows are counted with. Its rows are narrow, so that a million of them fit in memory. */
const ROW_NETWORK = [32, 64, 32, 10];
/** The ends of the network whose two hidden layers grow. */
const [INPUTS, OUTPUTS] = [64, 10];
export const GROWTH_BATCH = 128;

/**
 * Measures time against rows, then against parameters, and fits the powers. Yields the share that is done.
 */
export async function* growth(context: BenchContext, sizes = SIZES): AsyncGenerator<number, Growth> {
  const byRows = yield* partOfProgress(rowPoints(context, sizes.rows), 0, 2);
  const byParameters = yield* partOfProgress(parameterPoints(context, sizes.parameters), 1, 2);
  const medians = byRows.map(({ seconds }) => seconds.value);
  const spread = Math.max(...medians) / Math.min(...medians) - 1;
  // A network comes only near the parameters that were asked for, hence 11 rather than 10.
  const inLastDecade = ({ parameters }: GrowthPoint) => parameters > byParameters.at(-1)!.parameters / 11;
  return {
    rows: {
      points: byRows,
      spread,
      constant: spread <= CONSTANT_WITHIN,
      exponent: growthExponent(
        byRows.map(({ rows, times }) => ({ size: rows, times: times.map((seconds) => seconds * rows) })),
      ),
    },
    parameters: {
      points: byParameters,
      exponent: exponentOf(byParameters),
      lastDecade: exponentOf(byParameters.filter(inLastDecade)),
    },
  };
}

const exponentOf = (points: readonly GrowthPoint[]) =>
  growthExponent(points.map(({ parameters, times }) => ({ size: parameters, times })));

/**
 * Measures the time per row over whole epochs: with their shuffles, and with data that outgrow every cache.
 */
async function* rowPoints(
  context: BenchContext,
  sizes: readonly number[],
): AsyncGenerator<number, GrowthPoint[]> {
  const data = dataOf(ROW_NETWORK, Math.max(...sizes), context);
  const entrants = sizes.map((rows) => ({
    spec: specOf(context, ROW_NETWORK),
    data: firstRows(data, rows),
  }));
  const pace = { seconds: context.settings.seconds, steps: 'epochs' } as const;
  const measured = yield* measureInTurn(context, entrants, pace);
  return measured.map((one, index) => {
    const stepRows = sizes[index] / one.stepsPerEpoch; // a mean: the last batch of an epoch is shorter
    const times = one.times.map((step) => step / stepRows);
    return growthPoint(one, sizes[index], times);
  });
}

/** Measures the time per step of ever larger networks. */
async function* parameterPoints(
  context: BenchContext,
  sizes: readonly number[],
): AsyncGenerator<number, GrowthPoint[]> {
  const data = dataOf([INPUTS, OUTPUTS], 4 * GROWTH_BATCH, context);
  const entrants = sizes.map((size) => ({ spec: specOf(context, networkOf(size)), data }));
  const pace = { seconds: context.settings.seconds, steps: 'own' } as const;
  const measured = yield* measureInTurn(context, entrants, pace);
  return measured.map((one) => growthPoint(one, 4 * GROWTH_BATCH, one.times));
}

/** Returns the network with two equal hidden layers that comes nearest to this many parameters. */
function networkOf(parameters: number): number[] {
  const linear = INPUTS + OUTPUTS + 2; // h² + (inputs + outputs + 2)·h + outputs parameters
  const hidden = Math.sqrt((linear / 2) ** 2 + parameters - OUTPUTS) - linear / 2;
  return [INPUTS, Math.round(hidden), Math.round(hidden), OUTPUTS];
}

const dataOf = (network: readonly number[], rows: number, { settings: { seed } }: BenchContext) =>
  randomData({ rows, inputs: network[0], outputs: network.at(-1)!, seed });

/** Returns the first rows of the data, without a copy. */
function firstRows(data: TrainingData, rows: number): TrainingData {
  return { ...data, train: { ...data.train, rows: data.train.rows.subarray(0, rows) } };
}

/** Describes an in-process training: what waking a thread costs has no part in how a step grows. */
const specOf = ({ settings: { shards } }: BenchContext, network: readonly number[]) => ({
  workers: 0,
  shards,
  batch: GROWTH_BATCH,
  network,
});

function growthPoint(measured: Measured, rows: number, times: readonly number[]): GrowthPoint {
  const { spec, parameters, stepsPerRound } = measured;
  const network = spec.network.join('-');
  const { workers } = spec;
  return { rows, parameters, network, workers, stepsPerRound, times, seconds: medianOf(times) };
}
