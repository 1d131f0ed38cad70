import { z } from 'zod';
import type { Metrics } from '../forward/metrics.js';
import { METRICS, type MetricName } from '../metrics/catalogue.js';
import { FRESH_PLATEAU } from '../optim/plateau.js';
import { measured } from '../stored.js';

/**
 * Metrics as files hold them. Earlier versions went on with metrics that were not finite, and their runs
 * still resume; they stored no R².
 */
export const METRICS_SHAPE = {
  ...(Object.fromEntries(
    Object.entries(METRICS).map(([name, { help }]) => [
      name,
      z.number().exactOptional().describe(`${help}; where the training goes by it`),
    ]),
  ) as Record<MetricName, z.ZodExactOptional<z.ZodNumber>>),
  loss: measured.describe('mean divergence; null where it was not finite'),
  accuracy: measured.exactOptional().describe('classes: share of the rows whose class is right'),
  rmse: measured.exactOptional().describe("numbers: root mean squared error, in the target's own unit"),
  r2: z.number().exactOptional().describe('numbers: R²; absent where the targets are constant'),
} as const;

const metrics: z.ZodType<Metrics> = z
  .object(METRICS_SHAPE)
  /** The metric that the training goes by, under its name. */
  .catchall(z.number())
  .transform((found) => found as Metrics);

/** The state of a training apart from its arrays: plain data that is stored in every checkpoint. */
export const trainStateSchema = z
  .strictObject({
    /** Steps done. */
    step: z.number().int().min(0),
    /** Σ w·Div over the rows of the epoch under way. */
    epochLoss: measured,
    /** Σ w over them. Earlier versions had no weights and did not store it. */
    epochWeight: z.number().optional(),
    /** Rows whose class is right among them, or Σ squared error. */
    epochScore: measured,
    epochRows: z.number(),
    /** The training metrics of the last whole epoch. */
    train: metrics.nullable(),
    /** The training loss of the epoch before that. */
    lossBefore: z.number().nullable(),
    val: metrics.nullable(),
    /** The best epoch so far, and its metrics. */
    best: z.strictObject({ epoch: z.number(), train: metrics, val: metrics.nullable() }).nullable(),
    /** The state of schedule `plateau`. */
    plateau: z.strictObject({ factor: z.number(), best: z.number().nullable(), waited: z.number() }),
    /** What `onNonfinite: rollback` multiplies the learning rate by; absent where it did nothing yet. */
    rateFactor: z.number().exactOptional(),
    /** Rows trained on, over all sessions of the run. */
    samples: z.number(),
    /** The seconds that this took. */
    seconds: z.number(),
    /** Shards that were computed twice, over all sessions. Earlier versions had no audit. */
    audited: z.number().int().min(0).optional(),
  })
  .transform(({ audited = 0, ...state }) => ({
    ...state,
    epochWeight: state.epochWeight ?? state.epochRows,
    audited,
  }));

export type TrainState = z.output<typeof trainStateSchema>;

/** Returns the state before the first step. */
export function freshState(): TrainState {
  return {
    step: 0,
    epochLoss: 0,
    epochWeight: 0,
    epochScore: 0,
    epochRows: 0,
    train: null,
    lossBefore: null,
    val: null,
    best: null,
    plateau: FRESH_PLATEAU,
    samples: 0,
    seconds: 0,
    audited: 0,
  };
}
