/** The configuration's keys about the columns of a table: which are used, and how they become inputs. */
import { z } from 'zod';
import {
  CATEGORY_CODINGS,
  COLUMN_TRANSFORMS,
  DATE_CODINGS,
  DEFAULT_PREPROCESSING,
  MISSING_INDICATORS,
  SCALINGS,
  TRANSFORMS,
} from '../data/preprocessing.js';

export const COLUMNS = {
  drop: z.array(z.string()).optional().describe('tables: columns that are not used'),
  use: z
    .array(z.string())
    .optional()
    .describe('tables: the only columns that are used, even those that identify rows'),
  scaling: z
    .enum(SCALINGS)
    .default(DEFAULT_PREPROCESSING.scaling)
    .describe(
      'columns of numbers: standard takes (x - mean)/deviation; robust takes (x - median)/IQR and bends what lies far out smoothly into -3 to 3',
    ),
  missingIndicators: z
    .enum(MISSING_INDICATORS)
    .default(DEFAULT_PREPROCESSING.missingIndicators)
    .describe(
      'tables: whether a column of numbers gets a second input that is 1 where it is missing: never, auto (where 1 % of the training rows and at least 5 are), or any (where one is)',
    ),
  categories: z
    .enum(CATEGORY_CODINGS)
    .default(DEFAULT_PREPROCESSING.categories)
    .describe(
      'tables: oneHot has an input for each category, and one for missing values; signed makes two categories one input of -1 and 1, and missing values 0 everywhere',
    ),
  rareBelow: z
    .number()
    .int()
    .min(1)
    .default(DEFAULT_PREPROCESSING.rareBelow)
    .describe(
      'tables: categories in fewer training rows than this share one input with those that training never saw; 1 pools none',
    ),
  dates: z
    .enum(DATE_CODINGS)
    .default(DEFAULT_PREPROCESSING.dates)
    .describe(
      'tables: a date is its days since 1970, or its parts: days, year, and month, day, weekday and hour as points on circles',
    ),
  transform: z
    .union([z.enum(TRANSFORMS), z.record(z.string(), z.enum(COLUMN_TRANSFORMS))], {
      error: `expected one of ${TRANSFORMS.join(', ')} for every column of numbers, or COLUMN=log for one`,
    })
    .default(DEFAULT_PREPROCESSING.transform)
    .describe(
      'tables: bends numbers before they are scaled: none, log, quantileNormal or quantileUniform, or COLUMN=log for one column; auto bends none and says where it may help',
    ),
  clipPredictions: z
    .boolean()
    .default(DEFAULT_PREPROCESSING.clipPredictions)
    .describe('regression: keep predictions within the range of the targets of the training rows'),
} as const;
