/**
 * Every key of the configuration: what it may be, its default, and its meaning. Each key's `describe` is its
 * help, and the command line and the editor's schema show the same words.
 */
import { z } from 'zod';
import { SHUFFLES } from '../data/stream/order.js';
import { type Choice, hyperShape } from '../hyperparameters.js';
import { ACTIVATION_NAMES } from '../network/activations.js';
import {
  DIVERGENCE_NAMES,
  DIVERGENCES,
  type Divergence,
  type DivergenceName,
} from '../network/divergences.js';
import { INITIALIZER_NAMES } from '../network/initializers.js';
import { layersSchema } from '../network/layerspec.js';
import { MOST_LEVELS } from '../network/quantiles.js';
import { fraction, positive, whole } from '../optim/hyper.js';
import { SCHEDULE_SHAPE, UPDATE_CHOICES, UPDATE_SHAPE } from '../optim/options.js';
import { ARCHITECTURE_NAMES } from './architectures.js';
import { COLUMNS } from './columnkeys.js';
import { DURATION } from './durationkeys.js';
import { PARTITION } from './partkeys.js';
import { PRESET_NAMES } from './presets.js';
import { OWN, RUN } from './runkeys.js';
import { isPercentage, shareOf } from './shares.js';

/** Columns of numbers up to which `numberEmbedding: auto` embeds them; wider tables are like pictures. */
export const MOST_EMBEDDED = 100;
const decimalMark = z.enum(['.', ',']);

const SHARE = 'expected a fraction from 0 up to but not including 1 (0.2 or 20%), or a data source';

/** Accepts a share of the rows as a number or a percentage, or the name of a source. */
const shareOrSource = z.union([z.number(), z.string()]).refine((value) => {
  if (typeof value === 'number') return value >= 0 && value < 1;
  return value !== '' && (!value.endsWith('%') || (isPercentage(value) && Number(shareOf(value)) < 1));
}, SHARE);

/** The losses' hyper-parameters, made of the one parameter that a divergence may have. */
type LossMembers = {
  readonly [Name in DivergenceName]: (typeof DIVERGENCES)[Name] extends {
    readonly parameter: { readonly name: infer Key extends string; readonly default: infer Value };
  }
    ? Readonly<Record<Key, { readonly schema: z.ZodNumber; readonly default: Value; readonly help: string }>>
    : Readonly<Record<never, never>>;
};

function lossMember({ parameter }: Divergence): Choice['members'][string] {
  if (parameter === undefined) return {};
  const { name, default: value, min, minIncluded, max, help } = parameter;
  const above = minIncluded ? z.number().min(min) : z.number().gt(min);
  const schema = Number.isFinite(max) ? above.lt(max) : above;
  return { [name]: { schema, default: value, help } };
}

const LOSS = {
  key: 'loss',
  default: 'auto',
  auto: ['crossEntropy', 'squaredError'],
  members: Object.fromEntries(
    DIVERGENCE_NAMES.map((name) => [name, lossMember(DIVERGENCES[name])]),
  ) as unknown as LossMembers,
} as const;

const constant = { initConstant: { schema: z.number(), default: 0, help: 'value of every weight' } } as const;
const INIT = {
  key: 'init',
  default: 'auto',
  members: {
    ...(Object.fromEntries(INITIALIZER_NAMES.map((name) => [name, {}])) as Readonly<Record<never, never>>),
    constant,
  },
} as const;

/** The keys whose value names a member of a list, each member with hyper-parameters of its own. */
export const CHOICES: readonly Choice[] = [LOSS, INIT, ...UPDATE_CHOICES];

const DATA = {
  data: z
    .string()
    .min(1)
    .describe('training data: a table, a SQL query, a folder of IDX or NPY files, or a built-in name'),
  target: z.string().optional().describe('column to predict'),
  task: z
    .enum(['auto', 'classification', 'regression'])
    .default('auto')
    .describe('what to predict, a class or a number; auto decides by the target'),
  val: shareOrSource
    .default('auto')
    .describe(
      'validation data: a fraction of the rows (0.2, 20%) or a data source; auto takes 0.1, or 0 for tiny problems such as xor',
    ),
  test: shareOrSource
    .optional()
    .describe(
      'test data, evaluated once at the end: a fraction of the rows (0.2, 20%) that is kept apart from training and validation, or a data source',
    ),
  ...PARTITION,
  header: z
    .enum(['auto', 'yes', 'no'])
    .default('auto')
    .describe('tables: whether the first line of a CSV file names the columns; auto decides by its content'),
  decimal: z
    .union([decimalMark, z.record(z.string(), decimalMark)], {
      error: 'expected . or , for every column, or COLUMN=, for one',
    })
    .optional()
    .describe("tables: the decimal mark, '.' or ',', of every column, or COLUMN=',' for one"),
  missing: z
    .array(z.string())
    .optional()
    .describe("tables: more words that mean a missing value, such as 'unknown,-999'; NA, ?, … are known"),
  dateFormat: z
    .record(z.string(), z.string())
    .optional()
    .describe('tables: how a column writes its dates: COLUMN=dd/mm/yyyy, COLUMN=yyyymmdd, …'),
  text: z
    .array(z.string())
    .optional()
    .describe('tables: columns whose cells are kept as words, exactly as written'),
  number: z.array(z.string()).optional().describe('tables: columns that hold numbers'),
  category: z
    .array(z.string())
    .optional()
    .describe('tables: columns that hold categories, however many different ones there are'),
  weights: z
    .string()
    .optional()
    .describe('tables: column with the weight of each row, 0 or more; only the ratios of weights matter'),
  strict: z
    .boolean()
    .default(false)
    .describe('tables: refuse data with findings, which gradpool inspect shows, instead of noting them'),
  embedAbove: whole(1)
    .default(32)
    .describe('tables: columns with more categories than this are embedded, others are one-hot encoded'),
  ...COLUMNS,
} as const;

const PRESET = {
  preset: z
    .enum(['auto', ...PRESET_NAMES])
    .default('auto')
    .describe(
      'recipe for everything that is not given: tabular, images, lecture (plain gradient descent), realmlp or realmlp-s (published for tables, and its simplified form) or none; auto takes the one for this kind of data; --print-config shows its values',
    ),
} as const;

const NETWORK = {
  hidden: z
    .array(whole(1))
    .optional()
    .describe('units of each hidden layer (default 256,128); none for a linear model'),
  activation: z.enum(ACTIVATION_NAMES).optional().describe('activation of the hidden layers (default relu)'),
  dropout: fraction
    .default(0)
    .describe('share of the units of each hidden layer that a training step leaves out'),
  numberEmbedding: z
    .enum(['none', 'periodic', 'auto'])
    .default('none')
    .describe(
      `how columns of numbers enter the network: periodic adds learned cosines to each; auto does so for tables of up to ${MOST_EMBEDDED} such columns`,
    ),
  architecture: z
    .enum(ARCHITECTURE_NAMES)
    .default('plain')
    .describe(
      'layers that hidden and activation become: plain, or those of RealMLP: realmlp learns a scale for each input and a share for each activation, realmlp-s a scale alone',
    ),
  layers: layersSchema
    .optional()
    .describe('the whole network as a list of layers, instead of hidden and activation'),
} as const;

/** The keys that describe a network which is not given as layers. */
export const WITHOUT_LAYERS = ['hidden', 'activation', 'dropout', 'numberEmbedding', 'architecture'] as const;

const LOSSES = {
  loss: z
    .enum(['auto', ...DIVERGENCE_NAMES])
    .default(LOSS.default)
    .describe('loss to minimise; auto takes crossEntropy for classes and squaredError for numbers'),
  ...hyperShape(LOSS),
  calibrate: z
    .enum(['none', 'temperature'])
    .default('none')
    .describe(
      'classes: whether predicted probabilities are scaled by the temperature that fits the validation rows best',
    ),
  quantiles: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(MOST_LEVELS)
    .refine(
      (levels) => levels.every((level, i) => i === 0 || levels[i - 1] < level),
      'expected rising levels',
    )
    .optional()
    .describe(
      'loss quantiles, which this chooses: shares of the targets that should lie below each of the predictions, such as 0.05,0.5,0.95',
    ),
  classWeights: z
    .union([z.enum(['balanced']), z.array(positive).min(2)])
    .optional()
    .describe(
      "a weight for each class in training, such as 1,5, or balanced: rows/(classes·rows of the class); it multiplies the row's own weight",
    ),
} as const;

const INITIALIZATION = {
  init: z
    .enum(['auto', ...INITIALIZER_NAMES])
    .default(INIT.default)
    .describe('how the weights are initialised; auto takes what suits each activation'),
  ...hyperShape(INIT),
} as const;

const BATCH = {
  shuffle: z
    .enum(SHUFFLES)
    .default('rows')
    .describe(
      'order of the rows in an epoch: rows is one permutation of all; blocks permutes blocks of 64 rows, then the rows of 512 blocks, which streams faster',
    ),
  batch: z
    .union([whole(1), z.enum(['auto', 'all'])])
    .default('auto')
    .describe(
      'rows of a minibatch, or all; auto: by the preset; without one 128, or all rows where there are fewer',
    ),
} as const;

export const CONFIG_SHAPE = {
  ...PRESET,
  ...DATA,
  ...NETWORK,
  ...LOSSES,
  ...INITIALIZATION,
  ...UPDATE_SHAPE,
  ...SCHEDULE_SHAPE,
  ...BATCH,
  ...DURATION,
  ...RUN,
  ...OWN,
} as const;

type Input = z.input<z.ZodObject<typeof CONFIG_SHAPE>>;
/** Configuration values as a user may give them. */
export type ConfigInput = {
  readonly [Key in keyof Input]: Input[Key] extends (infer Item)[] | undefined
    ? readonly Item[] | undefined
    : Input[Key];
};

const keys = (shape: object) => Object.keys(shape) as (keyof typeof CONFIG_SHAPE)[];
/** The keys by subject, as the help shows them. */
export const CONFIG_GROUPS: Readonly<Record<string, readonly (keyof typeof CONFIG_SHAPE)[]>> = {
  Preset: keys(PRESET),
  Data: keys(DATA),
  Network: keys({ ...NETWORK, ...INITIALIZATION }),
  Loss: keys(LOSSES),
  Optimiser: keys({ ...UPDATE_SHAPE, ...BATCH }),
  Schedule: keys({ ...SCHEDULE_SHAPE, ...DURATION }),
  Run: keys(RUN),
};
