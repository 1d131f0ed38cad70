/** The calibration of a model, as its file holds it in its metadata. */
import { z } from 'zod';

const share = z.number().min(0).max(1);
const scores = z
  .array(z.number())
  .min(1)
  .max(2000)
  .refine((list) => list.every((value, i) => i === 0 || list[i - 1] <= value), 'expected rising scores');
const temperature = z.number().min(0.1).max(10);
/** Before and after temperature scaling. */
const compared = <Value extends z.ZodType>(value: Value) => z.strictObject({ before: value, after: value });

const classesSchema = z.strictObject({
  kind: z.literal('classes'),
  /** Rows that the network was not trained on, over which all of this was computed. */
  rows: z
    .number()
    .int()
    .min(1)
    .max(2 ** 40),
  /** The temperature that minimises the log loss of these rows. */
  temperature,
  /** Whether predicted probabilities are scaled by it. */
  applied: z.boolean(),
  /** Expected calibration error. */
  ece: compared(share),
  logLoss: compared(z.number().min(0)),
  /** 1 − the predicted probability of the right class, in rising order; of many rows, a grid of these. */
  scores,
});

const valuesSchema = z.strictObject({
  kind: z.literal('values'),
  rows: z
    .number()
    .int()
    .min(1)
    .max(2 ** 40),
  /**
   * By target, then by pair of quantiles, the outermost first: how far each row's target lay outside, in its
   * own unit. A network that predicts one value has one such pair, of the same value twice.
   */
  scores: z.array(z.array(scores).min(1).max(100)).min(1).max(1_000_000),
});

/** Validates a calibration that was read from a file. */
export const calibrationSchema = z.discriminatedUnion('kind', [classesSchema, valuesSchema]);

/** What a model learned from rows it was not trained on: how sure its predictions are. */
export type Calibration = z.infer<typeof calibrationSchema>;
/** The calibration of a model that predicts classes. */
export type ClassCalibration = z.infer<typeof classesSchema>;
/** The calibration of a model that predicts values. */
export type ValueCalibration = z.infer<typeof valuesSchema>;
