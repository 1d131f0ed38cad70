/** What an update rule is: hyper-parameters, the slots it keeps, and one step over flat arrays. */
import type { FloatArray, Kernels } from '../kernels/kernels.js';

/** One parameter's place in the block. */
export interface ParameterBlock {
  readonly offset: number;
  readonly length: number;
  readonly spec: { readonly shape: readonly number[] };
}

/** The block being updated, or the same slice of each of its arrays. */
export interface UpdateArrays {
  readonly weights: FloatArray;
  /** the sum over the batch's rows, each times its weight; `gradientScale` makes it the mean */
  readonly gradient: FloatArray;
  readonly slots: readonly FloatArray[];
  /** for rules that look at whole parameters; without it the block counts as one */
  readonly views?: readonly ParameterBlock[];
}

/** What changes from step to step. */
export interface StepScale {
  /** t = 1, 2, … */
  readonly step: number;
  readonly lr: number;
  /** 1/Σw over the rows, which is 1/T where they have no weights, times the clipping coefficient */
  readonly gradientScale: number;
}

/** The loss of the batch as a function of the weights, for rules that search along a line. */
export interface BatchLoss {
  /** the mean loss at the weights before the step */
  readonly value: number;
  /** the mean loss at the weights as they are now; leaves their gradient in `gradient` */
  evaluate(): number | Promise<number>;
}

/** Every rule's hyper-parameters, under PyTorch's names. */
export interface Hyper {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly lrDecay: number;
  readonly rho: number;
  readonly alpha: number;
  readonly centered: boolean;
  readonly momentumDecay: number;
  readonly etas: readonly [number, number];
  readonly stepSizes: readonly [number, number];
  readonly historySize: number;
}

export interface UpdateRule {
  readonly formula: string;
  /** the class of torch.optim that it equals, or where the rule comes from */
  readonly torch: string;
  readonly lr: number;
  /** where the rule's own defaults differ from those of the others */
  readonly defaults?: Partial<Hyper>;
  /** it compares gradients from step to step, so they must be those of all rows */
  readonly fullBatch?: boolean;
  /** it looks at norms over whole parameters, so the block cannot be updated slice by slice */
  readonly wholeBlock?: boolean;
  /** the arrays it keeps beside the weights, all zero at first */
  slots(hyper: Hyper): readonly string[];
  step(
    kernels: Kernels,
    arrays: UpdateArrays,
    hyper: Hyper,
    scale: StepScale,
    loss: BatchLoss,
  ): void | Promise<void>;
}
