/** The configuration's keys about how long a training is, and which of its epochs is kept. */
import { z } from 'zod';
import { whole } from '../optim/hyper.js';
import { METRIC_CHOICES } from './metric.js';
import { parseUntil, UNTIL_EPOCHS } from './until.js';

/** Epochs where neither the user nor a preset says how many. */
export const DEFAULT_EPOCHS = 10;

export const DURATION = {
  epochs: z
    .union([whole(1), z.enum(['auto'])])
    .default(DEFAULT_EPOCHS)
    .describe(
      `passes over the training data; auto: by the preset, more where there are few rows; with until, at most ${UNTIL_EPOCHS} unless given`,
    ),
  until: z
    .string()
    .refine((text) => parseUntil(text) !== null, 'expected change<NUMBER or loss<NUMBER, such as change<1e-6')
    .optional()
    .describe("ends training by its loss: 'change<1e-6' from one epoch to the next, or 'loss<0.01'"),
  patience: z
    .union([whole(1), z.enum(['none'])])
    .optional()
    .describe(
      'early stopping: epochs without a better metric on the validation rows before training ends, or none',
    ),
  metric: z
    .enum(METRIC_CHOICES)
    .default('loss')
    .describe(
      'what the best epoch is chosen by, for patience, keep and refit, and what a sweep ranks by: the validation loss, or any metric of gradpool list metrics, on the validation rows',
    ),
  keep: z
    .enum(['best', 'last'])
    .default('best')
    .describe(
      'the weights that are evaluated and saved: those of the epoch with the best metric on the validation rows, or of the last; without validation rows the last',
    ),
  refit: z
    .boolean()
    .default(false)
    .describe(
      'whether the network is trained once more at the end, on the validation rows too, for as many epochs as the best weights had',
    ),
} as const;
