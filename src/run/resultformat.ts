/** The result of a training as files and `gradpool train --json` hold it. */
import { z } from 'zod';
import { PRECISIONS } from '../kernels/bfloat16.js';
import { KERNEL_NAMES } from '../kernels/kernels.js';
import type { Scores } from '../metrics/measure.js';
import { whole } from '../optim/hyper.js';
import { measured, type ShapeOf, type StoredFormat } from '../stored.js';
import type { BagGain, BagResult, OutOfFold, TrainedMember } from '../train/bagevents.js';
import type { Baseline, BaselineMetrics } from '../train/baseline.js';
import type { CrossValidation, FoldScore, TrainedFold } from '../train/cvevents.js';
import type { TrainResult } from '../train/events.js';
import type { RunSeconds } from '../train/profile.js';
import { METRICS_SHAPE } from '../train/state.js';

const status = z.enum(['completed', 'early-stopped', 'interrupted']);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256: 64 digits from 0 to f');
/** A number of epochs; null where none has ended. */
const bestEpoch = z.int().min(1).nullable().describe('epoch with the least loss, counted from 1');

/** Metrics of some rows. Keys that this gradpool does not know are passed over. */
export const metricsSchema = z.looseObject(METRICS_SHAPE);
export const digest = sha256;

/** Metrics as `evaluate` gives them, by their names. */
const scores = z.looseObject({}).transform((found) => found as Scores);

const baselineMetrics = z.looseObject({
  accuracy: z.number().exactOptional().describe('classes: the share of rows in the most frequent class'),
  logLoss: z
    .number()
    .nullable()
    .exactOptional()
    .describe('classes: mean of -ln of the shares of the classes; null where a class is new'),
  rmse: z.number().exactOptional().describe('numbers: root mean squared error of the mean'),
  r2: z.number().exactOptional().describe('numbers: R² of the mean'),
} satisfies ShapeOf<BaselineMetrics>);

const baseline = z.looseObject({
  kind: z.enum(['most frequent class', 'mean']).describe('what is always predicted'),
  class: z.string().nullable().describe('the class that is always predicted; null for numbers'),
  train: baselineMetrics.describe('on the training rows'),
  val: baselineMetrics.nullable().describe('on the validation rows'),
  test: baselineMetrics.nullable().describe('on the test rows'),
  beaten: z.boolean().nullable().describe('whether the model is better; null where it was not measured'),
} satisfies ShapeOf<Baseline>);

export const MEMBER_SHAPE = {
  seed: whole(0).describe("the member's own seed"),
  status: status.describe('how its training ended'),
  epochs: whole(0).describe('epochs done'),
  bestEpoch,
  val: metricsSchema.nullable().describe('metrics on its own validation rows'),
  weightsSha256: sha256.describe('SHA-256 of its final weights'),
} satisfies ShapeOf<TrainedMember>;

export const FOLD_SHAPE = {
  repetition: z.int().min(1).describe('the repetition that it belongs to, counted from 1'),
  name: z.string().nullable().describe("the fold's name in the user's own column; null where it was drawn"),
  rows: z
    .looseObject({
      train: whole(0).describe('training rows'),
      held: whole(0).describe('held-out rows, which score it'),
    })
    .describe('its numbers of rows'),
  status: status.describe('how its training ended'),
  epochs: whole(0).describe('epochs done'),
  bestEpoch,
  held: metricsSchema.nullable().describe('metrics on the held-out rows; null after an interruption'),
  weightsSha256: sha256.describe('SHA-256 of its final weights'),
} satisfies ShapeOf<TrainedFold>;

const foldScore = z.looseObject({
  mean: z.number().describe('the mean over the folds'),
  deviation: z.number().describe('the sample standard deviation from fold to fold'),
  low: z
    .number()
    .nullable()
    .describe('lower end of the 95 % interval of the mean, with the corrected variance'),
  high: z.number().nullable().describe('upper end of that interval'),
} satisfies ShapeOf<FoldScore>);

const crossValidation = z.looseObject({
  folds: z.int().min(1).describe('folds of each repetition'),
  repetitions: z.int().min(1).describe('how many times the rows were parted'),
  trained: z.array(z.looseObject(FOLD_SHAPE)).describe('the networks, in the order of the folds'),
  held: z.enum(['val', 'test']).describe("the part of each fold's data that its held-out rows are"),
  testToTrain: z.number().describe('held-out rows over training rows'),
  scores: z.record(z.string(), foldScore).describe('each metric over the folds'),
  outOfFold: z
    .looseObject({ ...METRICS_SHAPE, rows: whole(0).describe('number of these rows') })
    .nullable()
    .describe('metrics of all held-out rows, each predicted by the network of its fold'),
} satisfies ShapeOf<CrossValidation>);

const outOfFold = z.looseObject({
  ...METRICS_SHAPE,
  rows: whole(0).describe('rows of all folds'),
  fewest: whole(0).describe('the fewest members that predicted a row'),
  most: whole(0).describe('the most members that predicted a row'),
} satisfies ShapeOf<OutOfFold>);

const gain = z.looseObject({
  on: z.enum(['test', 'val', 'outOfFold']).describe('the rows that were compared on'),
  rows: whole(0).describe('number of these rows'),
  members: whole(0).describe('the most members whose mean was taken for a row'),
  single: metricsSchema.describe("the members' own metrics, on average"),
  together: metricsSchema.describe('the metrics of their mean'),
} satisfies ShapeOf<BagGain>);

const bag = z.looseObject({
  members: z.array(z.looseObject(MEMBER_SHAPE)).describe('those that have begun'),
  outOfFold: outOfFold.nullable().describe('each row predicted by members that were not trained on it'),
  gain: gain.nullable().describe('what averaging the members gains'),
} satisfies ShapeOf<BagResult>);

const seconds = z.looseObject({
  data: z.number().describe('gathering rows and shuffling epochs'),
  reading: z.number().exactOptional().describe('waiting for rows that are streamed from disk'),
  forward: z.number().describe('the forward pass and the divergence'),
  backward: z.number().describe("the backward pass and workers' sums"),
  wait: z.number().describe('messages, and waiting for the slowest worker'),
  sum: z.number().describe("the coordinator's sums"),
  update: z.number().describe('the update of the weights'),
  evaluation: z.number().describe('validation and test'),
  saving: z.number().describe('checkpoints and the model'),
  refit: z.number().describe('the training on all rows at the end'),
  rest: z.number().describe('everything else'),
} satisfies ShapeOf<RunSeconds>);

const profile = z.looseObject({
  steps: whole(0).describe('steps that were timed'),
  rows: whole(0).describe('rows of those steps'),
  seconds: seconds.describe('where the time went, in seconds; they add up to the wall time'),
  trace: z.string().nullable().describe('the file that shows the steps one by one'),
} satisfies ShapeOf<NonNullable<TrainResult['profile']>>);

export const RESULT_SHAPE = {
  run: z.string().nullable().describe("the run's folder; null when nothing was written"),
  status: status.describe('how the training ended'),
  reason: z.string().describe('why it ended'),
  weightsSha256: sha256.describe('SHA-256 of the final weights; equal hashes mean equal bits'),
  epochs: whole(0).describe('epochs done, those before a checkpoint included'),
  steps: whole(0).describe('steps done, those before a checkpoint included'),
  bestEpoch,
  train: metricsSchema.nullable().describe('means over the training rows of the epoch that was kept'),
  val: metricsSchema.nullable().describe('metrics on the validation data after the same epoch'),
  test: metricsSchema.nullable().describe('metrics of the final weights on the test data'),
  scores: z
    .looseObject({
      val: scores.nullable().describe('on the validation rows'),
      test: scores.nullable().describe('on the test rows'),
    })
    .exactOptional()
    .describe('the metrics that evaluate gives, of the final weights'),
  baseline: baseline.exactOptional().describe('the trivial prediction on the same rows'),
  audited: whole(0)
    .exactOptional()
    .describe(
      'shards of training steps that were computed twice and had the same bits; absent without audit',
    ),
  samplesPerSecond: measured.describe(
    'rows trained on in a second of training alone; null where nothing was trained',
  ),
  wallSeconds: z.number().describe('seconds from the start to the result'),
  workers: whole(0).describe('number of threads'),
  ranks: z.int().min(2).exactOptional().describe('processes that trained together, where there were several'),
  shards: z.int().min(1).describe('parts into which a minibatch is split'),
  kernels: z.enum(KERNEL_NAMES).describe('the code that did the arithmetic'),
  precision: z.enum(PRECISIONS).describe('the numbers that were multiplied in matrix products'),
  seed: whole(0).describe('the seed'),
  parameters: whole(0).describe('number of weights and biases'),
  bag: bag.exactOptional().describe('the members of a bag; absent for a single network'),
  cv: crossValidation.exactOptional().describe('the folds of a cross-validation; absent without one'),
  refit: z
    .looseObject({
      epochs: whole(0).describe('its epochs'),
      rows: whole(0).describe('the rows that it was trained on'),
      steps: whole(0).describe('its steps'),
    } satisfies ShapeOf<NonNullable<TrainResult['refit']>>)
    .exactOptional()
    .describe('the training on all rows that the weights are of'),
  profile: profile.exactOptional().describe('where the time went, with --profile'),
} satisfies ShapeOf<TrainResult>;

/** What `gradpool train --json` and `gradpool resume --json` print. */
export const RESULT_FORMAT = {
  version: 1,
  schema: z.looseObject(RESULT_SHAPE),
  remedy: 'train again',
} as const satisfies StoredFormat;
