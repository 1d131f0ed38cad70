/**
 * The presets: named sets of configuration values, the recipe that is followed where the user says nothing. A
 * preset is the weakest source of values but for the keys' own defaults: any flag, variable, file or option
 * beats it.
 */
import type { ProblemType } from '../data/schema.js';

type Values = Readonly<Record<string, unknown>>;

/** A named set of configuration values. */
export interface Preset {
  readonly summary: string;
  /** The kind of data that it is for; without it, any. */
  readonly data?: 'table' | 'arrays';
  readonly values: Values;
  /** Values that depend on what is predicted; they cannot be ones by which the data is read. */
  readonly byTask?: Readonly<Record<ProblemType, Values>>;
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

const atMost = (most: number) => (rows: number) => Math.min(rows, most);

/** More categories than any column has, so that none is embedded. */
const ONE_HOT = 1_000_000;

/** Steps that training takes at least, however few rows there are. */
const FEWEST_STEPS = 1000;

const enoughSteps = (epochs: number) => (stepsPerEpoch: number) =>
  Math.max(epochs, Math.ceil(FEWEST_STEPS / stepsPerEpoch));

/**
 * What both RealMLPs have in common (Holzmüller, Grinsztajn & Steinwart 2024, "Better by default"). The
 * numbers are those of RealMLP_TD_* and RealMLP_TD_S_* in pytabkit's models/sklearn/default_params.py
 * (github.com/dholzmueller/pytabkit); docs/training.md#realmlp says what differs.
 */
const REALMLP = {
  val: 0.2,
  scaling: 'robust',
  categories: 'signed',
  hidden: [256, 256, 256],
  betas: [0.9, 0.95],
  schedule: 'cosLog4',
  epochs: 256,
} as const;
const smoothed = { loss: 'crossEntropy', labelSmoothing: 0.1, activation: 'selu' } as const;

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
      optimizer: 'adamw',
      lr: 1e-3,
      weightDecay: 0.01,
      decayBiases: false,
      averaging: 'ema',
      emaDecay: 'auto',
      emaWarmup: true,
      patience: 12,
      refit: true,
    },
    byTask: { classification: { dropout: 0.1 }, regression: { dropout: 0.05 } },
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
  realmlp: {
    summary: 'tables: RealMLP-TD as published, with its tuned defaults; the best epoch by the lowest loss',
    data: 'table',
    values: {
      ...REALMLP,
      embedAbove: 8,
      clipPredictions: true,
      numberEmbedding: 'periodic',
      architecture: 'realmlp',
      dropout: 0.15,
      optimizer: 'adamw',
      weightDecay: 0.02,
      decayBiases: false,
      schedules: { weightDecay: 'flatCosine', dropout: 'flatCosine' },
    },
    byTask: {
      classification: { ...smoothed, lr: 0.04 },
      regression: { activation: 'mish', lr: 0.2 },
    },
    batch: atMost(256),
  },
  'realmlp-s': {
    summary: 'tables: RealMLP-TD-S as published, its simplified form; the best epoch by the lowest loss',
    data: 'table',
    values: { ...REALMLP, embedAbove: ONE_HOT, architecture: 'realmlp-s', optimizer: 'adam' },
    byTask: {
      classification: { ...smoothed, lr: 0.04 },
      regression: { activation: 'mish', lr: 0.07 },
    },
    batch: atMost(256),
  },
} as const satisfies Record<string, Preset>;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
