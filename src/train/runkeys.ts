/** The configuration's keys about how a training is run: how many networks, on which threads and kernels. */
import { z } from 'zod';
import { PRECISIONS } from '../kernels/bfloat16.js';
import { KERNEL_NAMES } from '../kernels/kernels.js';
import { MOST_MEMBERS } from '../network/digest.js';
import { positive, whole } from '../optim/hyper.js';
import { shareOf } from './shares.js';

/** Accepts a share as a number or a percentage. */
const auditShare = z
  .union([z.number(), z.string()])
  .refine((value) => isShare(shareOf(value)), 'expected a share from 0 to 1, such as 5% or 0.05');

const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;

export const RUN = {
  bag: whole(1)
    .max(MOST_MEMBERS)
    .default(1)
    .describe(
      'networks to train, each with another seed and other validation rows; the model is the mean of their predictions',
    ),
  seed: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(1)
    .describe('seed of the initial weights, the splits and the order of rows'),
  workers: z
    .union([z.literal('auto'), whole(0).max(1024)])
    .default('auto')
    .describe('number of threads; 0 trains in the main thread; the result is the same for any number'),
  shards: whole(1)
    .max(1024)
    .default(8)
    .describe(
      'parts into which a minibatch is split for the workers; changes the result slightly; with batchNorm, parts have 32 rows or more',
    ),
  kernels: z
    .enum(['auto', ...KERNEL_NAMES])
    .default('auto')
    .describe('code that does the arithmetic; gradpool doctor compares their speeds'),
  nativeLibrary: z
    .string()
    .min(1)
    .optional()
    .describe('kernels native: library to load, oneDNN or a CBLAS; default: the best one installed'),
  precision: z
    .enum(PRECISIONS)
    .default('f32')
    .describe(
      'numbers that are multiplied in matrix products; bf16 rounds them, sums and weights stay float32',
    ),
  memoryLimit: positive
    .optional()
    .describe(
      'largest amount of memory, in MiB; data that would take more is streamed from disk; default: what the machine has',
    ),
  stream: z
    .boolean()
    .optional()
    .describe(
      'whether the rows are read once into a cache on disk and streamed from there; default: where they would take more than memoryLimit',
    ),
  cache: z
    .string()
    .min(1)
    .optional()
    .describe('folder of the cache of streamed rows; default: gradpool in the folder of the user for caches'),
  tensorboard: z
    .union([z.boolean(), z.string().min(1)])
    .default(false)
    .describe(
      "whether TensorBoard's event files are written: below the run's folder, or in a folder of the run's name below DIR",
    ),
  checkpointEvery: whole(1)
    .optional()
    .describe('steps between checkpoints, in addition to the one after each epoch'),
  onNonfinite: z
    .enum(['stop', 'skip', 'rollback'])
    .default('stop')
    .describe(
      'what happens where a batch has a loss or gradient that is not finite: the training stops; the batch is skipped; or the weights go back to the best ones so far, with a fresh optimiser and half the learning rate',
    ),
  watchdog: positive
    .default(60)
    .describe('seconds without progress after which a worker counts as hung and is replaced'),
  audit: auditShare
    .default(0)
    .describe(
      'share of the shards (5%, 0.05) that another worker computes again; the run ends where a bit differs, before the weights change',
    ),
  keepCheckpoints: whole(1)
    .default(2)
    .describe('checkpoints that are kept: the newest, and those before it in case it is damaged'),
} as const;

/** Functions of the program that trains, which only a program can give: a configuration holds their names. */
export const OWN = {
  own: z
    .strictObject({
      metric: z
        .strictObject({
          name: z.string().describe('its name'),
          greaterIsBetter: z.boolean().describe('whether a larger value is better'),
        })
        .optional()
        .describe('the metric that the training goes by'),
      stop: z.string().optional().describe('the name of the stopping rule'),
    })
    .optional()
    .describe('metric and stopping rule of the program that trains, by their names'),
} as const;

/** The keys on which no bit of a result depends. */
export const EFFECTLESS: readonly string[] = [
  'workers',
  'memoryLimit',
  'stream',
  'cache',
  'checkpointEvery',
  'audit',
  'keepCheckpoints',
  'watchdog',
  'tensorboard',
] satisfies (keyof typeof RUN)[];
