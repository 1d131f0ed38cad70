import type { DivergenceKernel } from '../kernels/reference/divergences.js';

/** Describes a divergence Div(Y, d) between the network's output and the desired one (lecture, section 5). */
export interface Divergence {
  readonly formula: string;
  /** ∂Div/∂y; at a kink, the subgradient that is taken. */
  readonly gradient: string;
  /** Whether d is one class index per row, or one value for each output. */
  readonly targets: 'class' | 'values';
  /**
   * The kind of numbers that Y must hold, where arbitrary ones will not do; a network that is given as widths
   * alone then ends in the activation that yields them.
   */
  readonly outputs?: 'probabilities' | 'log-probabilities' | 'rates';
  /** The values that d may have, where not all are allowed; such targets are never standardised. */
  readonly domain?: { readonly holds: (d: number) => boolean; readonly words: string };
  /** Set where one output may stand for two classes: above this value it means the second one. */
  readonly single?: number;
  /** With this activation last, value and gradient are computed from its input z in one stable step. */
  readonly fused?: {
    readonly activation: 'softmax' | 'logSoftmax' | 'sigmoid' | 'exp';
    /** The name under which kernels know the two as one. */
    readonly kernel: DivergenceKernel;
    readonly gradient: string;
  };
  /**
   * Its one parameter, which is a key of the configuration. It lies above `min`, or is equal to it with
   * `minIncluded`, and below `max`.
   */
  readonly parameter?: {
    readonly name: 'huberDelta' | 'focalGamma' | 'quantile' | 'labelSmoothing';
    readonly default: number;
    readonly min: number;
    readonly minIncluded?: true;
    readonly max: number;
    readonly help: string;
  };
  /** The formulas where the parameter is 0, if they are simpler then. */
  readonly plain?: { readonly formula: string; readonly gradient: string; readonly fused: string };
  /**
   * Set where each target has an output for every level of a list, which is a key of the configuration; this
   * is the list's default.
   */
  readonly levels?: readonly number[];
  readonly torch: string;
}

const fraction = { holds: (d: number) => d >= 0 && d <= 1, words: 'from 0 to 1' };
const side = { holds: (d: number) => d === 0 || Math.abs(d) === 1, words: '0 or 1, or -1 or 1' };
const count = { holds: (d: number) => d >= 0, words: 'at least 0' };

export const DIVERGENCES = {
  squaredError: {
    formula: '½‖y−d‖²',
    gradient: 'y−d',
    targets: 'values',
    torch: "0.5*MSELoss(reduction='sum')",
  },
  meanSquaredError: {
    formula: '‖y−d‖²/N',
    gradient: '2(y−d)/N',
    targets: 'values',
    torch: 'MSELoss',
  },
  absoluteError: {
    formula: 'Σ|y−d|',
    gradient: 'sign(y−d), 0 at 0',
    targets: 'values',
    torch: "L1Loss(reduction='sum')",
  },
  huber: {
    formula: 'Σ e²/2 for |e|≤δ, δ(|e|−δ/2) beyond, e=y−d of standardised targets',
    gradient: 'y−d, cut off at ±δ',
    targets: 'values',
    // Training standardises the targets for this loss, so δ is in standard deviations of the target, whatever
    // its unit.
    parameter: {
      name: 'huberDelta',
      default: 1,
      min: 0,
      max: Number.POSITIVE_INFINITY,
      help: 'error up to which it is squared, in standard deviations of the training targets',
    },
    torch: "HuberLoss(reduction='sum')",
  },
  logCosh: {
    formula: 'Σ log cosh(y−d)',
    gradient: 'tanh(y−d)',
    targets: 'values',
    torch: 'none',
  },
  quantile: {
    formula: 'Σ max(τ(d−y), (τ−1)(d−y))',
    gradient: '−τ for y<d, 1−τ for y>d, 0 at d',
    targets: 'values',
    parameter: {
      name: 'quantile',
      default: 0.5,
      min: 0,
      max: 1,
      help: 'share of the targets that should lie below the prediction',
    },
    torch: 'none',
  },
  quantiles: {
    formula: 'Σ 1/Q Σ_τ max(τ(d−y_τ), (τ−1)(d−y_τ)) over Q levels τ',
    gradient: '−τ/Q for y_τ<d, (1−τ)/Q for y_τ>d, 0 at d',
    targets: 'values',
    levels: [0.05, 0.5, 0.95],
    torch: 'none',
  },
  poisson: {
    formula: 'Σ y − d log y',
    gradient: '1−d/y',
    targets: 'values',
    outputs: 'rates',
    domain: count,
    fused: { activation: 'exp', kernel: 'expPoisson', gradient: 'y−d' },
    torch: "PoissonNLLLoss(log_input=False, reduction='sum')",
  },
  crossEntropy: {
    formula: '−(1−ε) log y_c − ε/N Σ log y_j',
    gradient: '−ε/(Ny_j), and −(1−ε)/y_c more at c',
    plain: { formula: '−log y_c', gradient: '−1/y_c at c, 0 elsewhere', fused: 'y−d' },
    targets: 'class',
    outputs: 'probabilities',
    fused: { activation: 'softmax', kernel: 'softmaxCrossEntropy', gradient: 'y−(1−ε)d−ε/N' },
    parameter: {
      name: 'labelSmoothing',
      default: 0,
      min: 0,
      minIncluded: true,
      max: 1,
      help: 'share of the desired probability that is spread over all classes',
    },
    torch: 'CrossEntropyLoss',
  },
  nll: {
    formula: '−y_c',
    gradient: '−1 at c, 0 elsewhere',
    targets: 'class',
    outputs: 'log-probabilities',
    fused: { activation: 'logSoftmax', kernel: 'softmaxCrossEntropy', gradient: 'e^y−d' },
    torch: 'NLLLoss',
  },
  focal: {
    formula: '−(1−y_c)^γ log y_c',
    gradient: 'γ(1−y_c)^(γ−1) log y_c − (1−y_c)^γ/y_c at c, 0 elsewhere',
    targets: 'class',
    outputs: 'probabilities',
    fused: {
      activation: 'softmax',
      kernel: 'softmaxFocal',
      gradient: '(γy_c(1−y_c)^(γ−1) log y_c − (1−y_c)^γ)(d−y)',
    },
    parameter: {
      name: 'focalGamma',
      default: 2,
      min: 0,
      minIncluded: true,
      max: Number.POSITIVE_INFINITY,
      help: 'how strongly classes that are already recognised are discounted; 0: not at all',
    },
    torch: 'none',
  },
  kl: {
    formula: 'Σ d log d − d log y',
    gradient: '−d/y',
    targets: 'values',
    outputs: 'probabilities',
    domain: fraction,
    fused: { activation: 'softmax', kernel: 'softmaxKl', gradient: 'y·Σd − d' },
    torch: "KLDivLoss(reduction='sum')",
  },
  binaryCrossEntropy: {
    formula: 'Σ −d log y −(1−d) log(1−y)',
    gradient: '(y−d)/(y(1−y))',
    targets: 'values',
    outputs: 'probabilities',
    domain: fraction,
    single: 0.5,
    fused: { activation: 'sigmoid', kernel: 'sigmoidCrossEntropy', gradient: 'y−d' },
    torch: "BCELoss(reduction='sum')",
  },
  hinge: {
    formula: 'Σ max(0, 1−sy), s=1 for d>0, −1 otherwise',
    gradient: '−s for sy<1, 0 otherwise',
    targets: 'values',
    domain: side,
    single: 0,
    torch: 'none',
  },
  squaredHinge: {
    formula: 'Σ max(0, 1−sy)², s=1 for d>0, −1 otherwise',
    gradient: '−2s·max(0, 1−sy)',
    targets: 'values',
    domain: side,
    single: 0,
    torch: 'none',
  },
} as const satisfies Partial<Record<DivergenceKernel, Divergence>>;

/** The name of a divergence, which is the loss of one row. */
export type DivergenceName = keyof typeof DIVERGENCES;
export const DIVERGENCE_NAMES = Object.keys(DIVERGENCES) as DivergenceName[];
