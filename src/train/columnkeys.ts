/** The configuration's keys about the columns of a table: which are used, and how they become inputs. */
import { z } from 'zod';
import {
  CATEGORY_CODINGS,
  DEFAULT_PREPROCESSING,
  MISSING_INDICATORS,
  SCALINGS,
} from '../data/preprocessing.js';

export const COLUMNS = {
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
} as const;
