/** The configuration's keys about how rows are parted: folds, groups and order of time. */
import { z } from 'zod';
import { TIME_WINDOWS } from '../data/timeorder.js';
import { whole } from '../optim/hyper.js';

/** Most folds, and most repetitions. */
const MOST = 1000;

export const PARTITION = {
  cv: whole(2)
    .max(MOST)
    .optional()
    .describe(
      'cross-validation: parts the rows into this many folds and trains a network for each, which is scored on it and trained on the others; classes keep their shares',
    ),
  cvRepeats: whole(1)
    .max(MOST)
    .default(1)
    .describe('cross-validation: how often the rows are parted into folds anew'),
  stratify: z
    .boolean()
    .default(true)
    .describe("classes: whether validation rows, test rows and every fold keep each class's share"),
  group: z
    .string()
    .optional()
    .describe(
      'tables: column of groups, such as patients, of which none is parted between training, validation, test or folds; no input unless use names it',
    ),
  time: z
    .string()
    .optional()
    .describe(
      'tables: column of dates or numbers; what is trained on lies before what is validated or tested on; no input unless use names it',
    ),
  timeWindow: z
    .enum(TIME_WINDOWS)
    .default('expanding')
    .describe(
      'folds in order of time: whether each is trained on all rows before it (expanding) or on as many as the first (sliding)',
    ),
  fold: z
    .string()
    .optional()
    .describe(
      "tables: column that says each row's fold of a cross-validation, as many folds as it has values; no input unless use names it",
    ),
} as const;
