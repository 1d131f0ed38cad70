/** What commands print with --json, where scripts may rely on it. */
import { z } from 'zod';
import type { Score } from '../metrics/measure.js';
import type { ClassScores } from '../metrics/tallies.js';
import type { EvaluatedUncertainty } from '../model/coverage.js';
import type { Evaluation } from '../model/evaluate.js';
import { whole } from '../optim/hyper.js';
import { epochSchema, startSchema } from '../run/eventformat.js';
import { RECORD_FORMAT } from '../run/recordformat.js';
import { digest, metricsSchema } from '../run/resultformat.js';
import type { ShapeOf, StoredFormat } from '../stored.js';

const score = z.looseObject({
  value: z.number().nullable().describe('the value; null where it is undefined'),
  reason: z.string().exactOptional().describe('why there is no value'),
  greaterIsBetter: z.boolean().describe('whether more of it is better'),
  interval: z
    .looseObject({ low: z.number().describe('its lower end'), high: z.number().describe('its upper end') })
    .nullable()
    .exactOptional()
    .describe('the 95 % bootstrap interval, with --bootstrap'),
} satisfies ShapeOf<Score>);

const classScores = z.looseObject({
  class: z.string().describe('the class'),
  precision: z.number().nullable().describe('share of the rows predicted as this class that belong to it'),
  recall: z.number().nullable().describe('share of the rows of this class that were predicted as it'),
  f1: z.number().nullable().describe('harmonic mean of the two'),
  rows: z.number().describe('rows of this class, or the sum of their weights'),
} satisfies ShapeOf<ClassScores>);

const uncertainty = z.looseObject({
  level: z.number().describe('the probability with which they should hold the right answer'),
  coverage: z.number().describe('the share of rows in which they do'),
  width: z.number().nullable().describe('numbers: mean width of the intervals'),
  size: z.number().nullable().describe('classes: mean number of classes in a set'),
} satisfies ShapeOf<EvaluatedUncertainty>);

const EVALUATION = {
  rows: whole(1).describe('rows that were predicted'),
  metrics: metricsSchema.describe('mean loss, and accuracy or root mean squared error'),
  scores: z
    .record(z.string(), score)
    .describe('every metric of the task, by its name in gradpool list metrics'),
  confusion: z
    .array(z.array(z.number()))
    .nullable()
    .describe('classes: rows or their weights by [true class][predicted class]'),
  perClass: z.array(classScores).nullable().describe('classes: scores of each'),
  mae: z.number().nullable().describe('numbers: mean absolute error'),
  r2: z.number().nullable().describe('numbers: R²'),
  uncertainty: uncertainty.nullable().describe("how the model's intervals or sets fare"),
  ece: z
    .looseObject({
      before: z.number().describe("of the network's probabilities"),
      after: z.number().nullable().describe("after scaling them by the model's temperature"),
    })
    .nullable()
    .describe('classes: expected calibration error'),
  notes: z.array(z.string()).describe('what was filled in or not recognised'),
} satisfies ShapeOf<Evaluation>;

export const EVALUATE_FORMAT = {
  version: 1,
  schema: z.looseObject({
    model: z.string().describe("the model's file"),
    weightsSha256: digest.describe('SHA-256 of its weights'),
    data: z.string().describe('the data, as it was named'),
    ...EVALUATION,
    classes: z.array(z.string()).nullable().describe('names of the classes by index; null for numbers'),
  }),
  remedy: 'evaluate again',
} as const satisfies StoredFormat;

export const PREDICT_FORMAT = {
  version: 1,
  schema: z
    .object({
      probabilities: z
        .record(z.string(), z.number())
        .exactOptional()
        .describe('the probability of each class, by its name'),
    })
    .catchall(
      z
        .union([z.string(), z.number(), z.null(), z.array(z.string())])
        .describe(
          'a column: the target holds the prediction; _low, _high, _set and _q0.5 behind its name are its interval, set and quantiles; columns of --keep are texts',
        ),
    ),
  remedy: 'predict again',
} as const satisfies StoredFormat;

export const INSPECT_FORMAT = {
  version: 1,
  schema: z.looseObject({
    kind: z.literal('run').describe('what was inspected; the documents of a model and of data may change'),
    run: z.string().describe("the run's folder"),
    record: RECORD_FORMAT.schema.describe('run.json'),
    config: z.looseObject({}).describe('config.yaml with every default'),
    start: startSchema.nullable().describe('the event with which its last session began'),
    history: z.array(epochSchema).describe('the events of the epochs, each epoch as it was last trained'),
    members: z.array(z.array(epochSchema)).describe('the same of each member of a bag'),
    calibration: z.looseObject({}).nullable().describe("the model's calibration; null where it has none"),
    notes: z.array(z.string()).describe('lines of metrics.jsonl that were passed over'),
  }),
  remedy: 'inspect again',
} as const satisfies StoredFormat;
