/**
 * The presets: named sets of configuration values, the recipe that is followed where the user says nothing. A
 * preset is the weakest source of values but for the keys' own defaults: any flag, variable, file or option
 * beats it.
 */
/** A named set of configuration values. */
export interface Preset {
  readonly summary: string;
  /** The kind of data that it is for; without it, any. */
  readonly data?: 'table' | 'arrays';
  readonly values: Readonly<Record<string, unknown>>;
  /** Rows of a minibatch by the number of training rows. */
  batch?(rows: number): number;
  /** Epochs by the number of steps in each. */
  epochs?(stepsPerEpoch: number): number;
}

/** Returns the power of two nearest to a sixteenth of the rows, from 32 to `most`, and at most all rows. */
const sixteenth = (most: number) => (rows: number) => {
  let batch = 32;
  while (batch < most && rows / 16 >= batch * Math.SQRT2) batch *= 2;
  return Math.min(rows, batch);
};

/** Steps that training takes at least, however few rows there are. */
const FEWEST_STEPS = 1000;

const enoughSteps = (epochs: number) => (stepsPerEpoch: number) =>
  Math.max(epochs, Math.ceil(FEWEST_STEPS / stepsPerEpoch));

export const PRESETS = {
  tabular: {
    summary: 'tables: robust scaling, embedded numbers, AdamW, averaged weights, early stopping',
    data: 'table',
    values: {
      val: 0.2,
      scaling: 'robust',
      missingIndicators: 'any',
      categories: 'signed',
      dates: 'parts',
      transform: 'auto',
      clipPredictions: true,
      numberEmbedding: 'auto',
      hidden: [256, 256, 256],
      dropout: 0.1,
      optimizer: 'adamw',
      lr: 1e-3,
      weightDecay: 0.01,
      decayBiases: false,
      averaging: 'ema',
      emaDecay: 'auto',
      emaWarmup: true,
      patience: 20,
    },
    batch: sixteenth(256),
    epochs: enoughSteps(100),
  },
  images: {
    summary: 'IDX files, arrays and built-in problems: SGD with momentum, enough steps for few rows',
    data: 'arrays',
    values: {},
    batch: sixteenth(128),
    epochs: enoughSteps(10),
  },
  lecture: {
    summary: 'plain gradient descent as in the lecture, to the last epoch',
    values: { optimizer: 'sgd', momentum: 0, keep: 'last' },
  },
  none: { summary: "the keys' own defaults", values: {} },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
