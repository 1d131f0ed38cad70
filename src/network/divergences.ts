import { DIVERGENCE_CODES } from '../kernels/codes.js';

/** Div(Y, d) between the network's output and the desired one (lecture, section 5). */
export interface Divergence {
  readonly code: number;
  readonly formula: string;
  readonly gradient: string;
  /** d as one class index a row, or as one value for each output */
  readonly targets: 'class' | 'values';
  /** with this activation last, value and gradient are computed from its input z in one stable step */
  readonly fused?: {
    readonly activation: 'softmax' | 'sigmoid';
    readonly code: number;
    readonly gradient: string;
  };
  readonly torch: string;
}

export const DIVERGENCES = {
  squaredError: {
    code: DIVERGENCE_CODES.squaredError,
    formula: '½‖y−d‖²',
    gradient: 'y−d',
    targets: 'values',
    torch: "0.5*MSELoss(reduction='sum')",
  },
  crossEntropy: {
    code: DIVERGENCE_CODES.crossEntropy,
    formula: '−log y_c',
    gradient: '−1/y_c at c, 0 elsewhere',
    targets: 'class',
    fused: { activation: 'softmax', code: DIVERGENCE_CODES.softmaxCrossEntropy, gradient: 'y−d' },
    torch: 'CrossEntropyLoss',
  },
  binaryCrossEntropy: {
    code: DIVERGENCE_CODES.binaryCrossEntropy,
    formula: 'Σ −d log y −(1−d) log(1−y)',
    gradient: '(y−d)/(y(1−y))',
    targets: 'values',
    fused: { activation: 'sigmoid', code: DIVERGENCE_CODES.sigmoidCrossEntropy, gradient: 'y−d' },
    torch: 'BCELoss',
  },
} as const satisfies Record<string, Divergence>;

export type DivergenceName = keyof typeof DIVERGENCES;
export const DIVERGENCE_NAMES = Object.keys(DIVERGENCES) as DivergenceName[];
