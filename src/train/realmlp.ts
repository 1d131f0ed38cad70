/**
 * RealMLP, a tuned network for tables (Holzmüller, Grinsztajn & Steinwart 2024, "Better by default"), as
 * layers and configuration values. The numbers are those of RealMLP_TD_S_* and RealMLP_TD_* in pytabkit's
 * models/sklearn/default_params.py (github.com/dholzmueller/pytabkit).
 *
 * Two things differ from pytabkit. Its TD fits the first weights and biases to the data (weight_init_mode
 * std, bias_init_mode he+5), while here they are N(0, 1), as in TD-S. And its weight decay is multiplied by
 * a parameter's rate factor twice, here once, as in PyTorch.
 */
import type { ProblemType } from '../data/schema.js';
import type { EmbeddedColumn } from '../network/layers/embedding.js';
import type { LayerSpec } from '../network/spec.js';
import type { TrainConfig } from './config.js';

/** The tuned defaults, and the simplified ones, which pytabkit calls TD and TD-S. */
type RealmlpVariant = 'td' | 'tdSimple';

/** What the layers need to know of the data. */
interface RealmlpTask {
  readonly problemType: ProblemType;
  /** Number columns, which come first in the input. */
  readonly numbers: number;
  /** The category columns at the end of the input that are to be embedded. */
  readonly embedded: readonly EmbeddedColumn[];
  /** Classes, or values to predict. */
  readonly outputs: number;
}

const UNITS = 256;
const HIDDEN_LAYERS = 3;
/** Biases learn at a tenth of the rate. */
const NTK = { ntk: true, biasRate: 0.1 } as const;

/** Returns the layers, for inputs that are scaled robustly and clipped smoothly. */
export function realmlpLayers(
  variant: RealmlpVariant,
  { problemType, numbers, embedded, outputs }: RealmlpTask,
): LayerSpec[] {
  const classes = problemType === 'classification';
  const activation = classes ? 'selu' : 'mish';
  const tuned = variant === 'td';
  const hidden: LayerSpec[] = tuned
    ? [{ dense: { units: UNITS, ...NTK } }, { parametric: { activation, rate: 0.1 } }, { dropout: 0.15 }]
    : [{ dense: { units: UNITS, ...NTK } }, activation];
  const embeddings: LayerSpec[] = [
    ...(embedded.length > 0 ? [{ embedding: embedded }] : []),
    ...(tuned && numbers > 0 ? [{ periodic: { columns: numbers } }] : []),
  ];
  return [
    ...embeddings,
    { scale: { rate: 6 } },
    ...Array.from({ length: HIDDEN_LAYERS }, () => hidden).flat(),
    { dense: { units: outputs, ...NTK, zero: !tuned } },
    ...(classes ? ['softmax' as const] : []),
  ];
}

/**
 * Returns the configuration values that belong to the layers. The best epoch is the one with the lowest error
 * on the validation rows: the share of wrong classes, or the RMSE.
 */
export function realmlpConfig(variant: RealmlpVariant, problemType: ProblemType): Partial<TrainConfig> {
  const classes = problemType === 'classification';
  const common = {
    epochs: 256,
    batch: 256,
    betas: [0.9, 0.95] as [number, number],
    schedule: 'cosLog4',
    loss: classes ? 'crossEntropy' : 'squaredError',
    ...(classes ? { labelSmoothing: 0.1 } : {}),
  } as const;
  if (variant === 'tdSimple') return { ...common, optimizer: 'adam', lr: classes ? 0.04 : 0.07 };
  return {
    ...common,
    optimizer: 'adamw',
    lr: classes ? 0.04 : 0.2,
    weightDecay: 0.02,
    decayBiases: false,
    schedules: { weightDecay: 'flatCosine', dropout: 'flatCosine' },
    embedAbove: 8,
  };
}
