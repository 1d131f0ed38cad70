/**
 * One flat, readonly configuration: every default in one object, overridden, then validated as a whole. It is
 * printed by --print-config, stored in every run and checkpoint, and `gradpool train -c` on it repeats the
 * run.
 */
import { z } from 'zod';
import type { LoadOptions } from '../data/load.js';
import { type DataSource, sourceName } from '../data/source.js';
import { UsageError } from '../errors.js';
import { describeIssue } from '../issues.js';
import { PRECISIONS } from '../kernels/bfloat16.js';
import { KERNEL_NAMES } from '../kernels/kernels.js';
import { ACTIVATION_NAMES } from '../network/activations.js';
import { DIVERGENCE_NAMES, DIVERGENCES } from '../network/divergences.js';
import { INITIALIZER_NAMES } from '../network/initializers.js';
import { layersSchema } from '../network/layerspec.js';
import { checkUpdate, SCHEDULE_SHAPE, UPDATE_SHAPE } from '../optim/options.js';
import { parseUntil, UNTIL_EPOCHS } from './until.js';

const whole = (minimum: number) => z.number().int().min(minimum);
const positive = z.number().positive();
const fraction = z.number().min(0).lt(1);
const decimalMark = z.enum(['.', ',']);

const PERCENTAGE = /^\d+(\.\d+)?%$/;
const SHARE = 'expected a fraction from 0 up to but not including 1 (0.2 or 20%), or a data source';

/** A share of the rows as a number or a percentage, or the name of a source. */
const shareOrSource = z.union([z.number(), z.string()]).refine((value) => {
  if (typeof value === 'number') return value >= 0 && value < 1;
  return value !== '' && (!value.endsWith('%') || (PERCENTAGE.test(value) && Number(shareOf(value)) < 1));
}, SHARE);

/**
 * '12.5%' as the number nearest to 0.125, as if it had been written so: dividing by 100 would round a second
 * time.
 */
function shareOf<T>(value: T): T | number {
  return typeof value === 'string' && PERCENTAGE.test(value) ? Number(`${value.slice(0, -1)}e-2`) : value;
}

/**
 * Each key's meaning is its `describe`: the command line's help and the editor's schema show the same words.
 */
const SHAPE = {
  data: z
    .string()
    .min(1)
    .describe('training data: a table, a SQL query, a folder of IDX or NPY files, or a built-in name'),
  target: z.string().optional().describe('the column to predict'),
  task: z
    .enum(['auto', 'classification', 'regression'])
    .default('auto')
    .describe('what is predicted; auto: from the target'),
  val: shareOrSource
    .default('auto')
    .describe(
      'validation: a fraction of the rows (0.2, 20%), or a source of its own; auto: 0.1, but 0 for the likes of xor',
    ),
  test: shareOrSource
    .optional()
    .describe(
      'test, evaluated once at the end: a fraction of the rows (0.2, 20%), kept apart from training and validation, or a source of its own',
    ),
  header: z
    .enum(['auto', 'yes', 'no'])
    .default('auto')
    .describe('tables: whether the first line of a CSV file names the columns; auto: yes, if that can be'),
  decimal: z
    .union([decimalMark, z.record(z.string(), decimalMark)], {
      error: 'expected . or , for every column, or COLUMN=, for one',
    })
    .optional()
    .describe('tables: the decimal mark, . or , for every column, or COLUMN=, for one'),
  missing: z
    .array(z.string())
    .optional()
    .describe(
      "tables: words for a missing value in every column, such as 'unknown,-999'; NA, ?, … are known",
    ),
  dateFormat: z
    .record(z.string(), z.string())
    .optional()
    .describe('tables: how a column writes its dates: COLUMN=dd/mm/yyyy, COLUMN=yyyymmdd, …'),
  text: z.array(z.string()).optional().describe('tables: columns whose words are kept as they are written'),
  number: z.array(z.string()).optional().describe('tables: columns that hold numbers'),
  category: z.array(z.string()).optional().describe('tables: columns that hold categories, however many'),
  weights: z
    .string()
    .optional()
    .describe(
      'tables: the column of sample weights, numbers from 0 on; a batch divides by their sum, so only proportions matter',
    ),
  embedAbove: whole(1)
    .default(32)
    .describe('tables: a column with more categories is embedded, one with fewer is one-hot encoded'),
  hidden: z.array(whole(1)).optional().describe('units of each hidden layer (default 256,128)'),
  activation: z.enum(ACTIVATION_NAMES).optional().describe('activation of the hidden layers (default relu)'),
  layers: layersSchema
    .optional()
    .describe('the whole network as a list of layers, instead of hidden and activation'),
  loss: z
    .enum(['auto', ...DIVERGENCE_NAMES])
    .default('auto')
    .describe('the divergence; auto: cross-entropy for classes, ½ squared error for numbers'),
  huberDelta: positive
    .default(DIVERGENCES.huber.parameter.default)
    .describe(
      'loss huber: the error up to which it is squared, in standard deviations of the training targets',
    ),
  focalGamma: z
    .number()
    .min(0)
    .default(DIVERGENCES.focal.parameter.default)
    .describe('loss focal: how much less a class counts that is recognised already'),
  quantile: positive
    .lt(1)
    .default(DIVERGENCES.quantile.parameter.default)
    .describe('loss quantile: the share of targets that should lie below the prediction'),
  labelSmoothing: fraction
    .default(DIVERGENCES.crossEntropy.parameter.default)
    .describe(
      "loss crossEntropy: share of the desired probability that is spread over all classes; a class weight multiplies its rows' whole loss",
    ),
  classWeights: z
    .union([z.enum(['balanced']), z.array(positive).min(2)])
    .optional()
    .describe(
      'weight of each class in training, times the sample weight; balanced: rows/(classes·rows of the class)',
    ),
  init: z
    .enum(['auto', ...INITIALIZER_NAMES])
    .default('auto')
    .describe('initial weights; auto: what fits each activation'),
  initConstant: z.number().default(0).describe('init constant: the value of every weight'),
  ...UPDATE_SHAPE,
  ...SCHEDULE_SHAPE,
  batch: z
    .union([whole(1), z.enum(['auto', 'all'])])
    .default('auto')
    .describe('rows of a minibatch, or all; auto: 128, or all where there are fewer'),
  epochs: whole(1)
    .default(10)
    .describe(`passes over the training data; with until: ${UNTIL_EPOCHS} at most, unless given`),
  until: z
    .string()
    .refine((text) => parseUntil(text) !== null, 'expected change<NUMBER or loss<NUMBER, such as change<1e-6')
    .optional()
    .describe("end when the training loss says so: 'change<1e-6' between two epochs, or 'loss<0.01'"),
  patience: whole(1).optional().describe('early stopping: epochs without a better validation loss'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(1)
    .describe('initial weights, splits and epoch order'),
  workers: z
    .union([z.literal('auto'), whole(0).max(1024)])
    .default('auto')
    .describe('threads; 0 runs in-process; the result does not depend on it'),
  shards: whole(1)
    .max(1024)
    .default(8)
    .describe('parts of a minibatch that are summed by a fixed tree; with batchNorm, of 32 rows at least'),
  kernels: z
    .enum(['auto', ...KERNEL_NAMES])
    .default('auto')
    .describe('who does the arithmetic'),
  nativeLibrary: z
    .string()
    .min(1)
    .optional()
    .describe('kernels native: the library to load, oneDNN or a CBLAS; default: the best that is installed'),
  precision: z
    .enum(PRECISIONS)
    .default('f32')
    .describe('operands of the matrix products; bf16: rounded to bfloat16, sums and weights stay float32'),
  memoryLimit: positive.optional().describe('most shared memory, in MiB; default: what the machine has'),
  checkpointEvery: whole(1).optional().describe('steps between checkpoints beside those after each epoch'),
} as const;

export const configSchema = z.strictObject(SHAPE);
export type TrainConfig = Readonly<z.output<typeof configSchema>>;
/** What a user may leave out; the sources may be tables in memory as well as names. */
export type TrainOptions = Omit<Options, keyof TrainSources> & TrainSources;
type Options = {
  readonly [Key in keyof Given]: Given[Key] extends (infer Item)[] | undefined
    ? readonly Item[] | undefined
    : Given[Key];
};
export interface TrainSources {
  readonly data: DataSource;
  readonly val?: Given['val'] | DataSource;
  readonly test?: Given['test'] | DataSource;
}
type Given = z.input<typeof configSchema>;
export const CONFIG_KEYS = Object.keys(SHAPE) as (keyof TrainConfig)[];

const SOURCES = ['data', 'val', 'test'] as const;

/** The sources that are tables in memory, each as `use` makes it. */
function withoutRows<T>(options: TrainOptions, use: (rows: DataSource) => T): Record<string, T> {
  const inMemory = SOURCES.filter((key) => typeof options[key] === 'object');
  return Object.fromEntries(inMemory.map((key) => [key, use(options[key] as DataSource)]));
}

/** A configuration with its tables in memory put back: what there is to load. */
export function withRows(config: TrainConfig, options: TrainOptions): LoadOptions {
  return { ...config, ...withoutRows(options, (rows) => rows) };
}

/**
 * Fills in the defaults and checks every value and their combinations. Throws UsageError naming the key and
 * the value.
 */
export function resolveConfig(given: TrainOptions): TrainConfig {
  const options = { ...given, ...withoutRows(given, sourceName) };
  const parsed = configSchema.safeParse(options);
  if (!parsed.success) {
    throw new UsageError(describeIssue(parsed.error.issues[0], options, CONFIG_KEYS, 'config key'));
  }
  const { val, test, until, epochs } = parsed.data;
  const config = {
    ...parsed.data,
    val: shareOf(val),
    ...(test === undefined ? {} : { test: shareOf(test) }),
    epochs: until && options.epochs === undefined ? UNTIL_EPOCHS : epochs,
  };
  if (config.layers && (options.hidden || options.activation)) {
    throw new UsageError(
      'layers describes the whole network: leave out hidden and activation, or leave out layers',
    );
  }
  checkUpdate(config);
  return config.layers ? config : { hidden: [256, 128], activation: 'relu', ...config };
}
