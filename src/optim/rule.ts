/**
 * The interface of an update rule: its hyper-parameters, the slots it keeps, and one step over flat arrays.
 */
import type { HyperRecord, HyperValues } from '../hyperparameters.js';
import type { FloatArray, Kernels } from '../kernels/kernels.js';

/** Says where one parameter lies in the block of all parameters. */
export interface ParameterBlock {
  readonly offset: number;
  readonly length: number;
  readonly spec: {
    readonly shape: readonly number[];
    /** How many times the learning rate of the others this parameter has (default 1). */
    readonly rateFactor?: number;
    /** Set where `decayBiases: false` spares the parameter weight decay. */
    readonly decay?: false;
  };
}

/** The arrays that a step reads and writes: whole blocks, or the same slice of each. */
export interface UpdateArrays {
  readonly weights: FloatArray;
  /** The sum over the batch's rows, each times its weight; `gradientScale` turns it into the mean. */
  readonly gradient: FloatArray;
  readonly slots: readonly FloatArray[];
  /** The parameters, for rules that take norms over each; without them the block counts as one parameter. */
  readonly views?: readonly ParameterBlock[];
}

/** Holds what changes from step to step. */
export interface StepScale {
  /** The step's number: t = 1, 2, … */
  readonly step: number;
  readonly lr: number;
  /** 1/Σw over the rows (1/T where rows have no weights), times the clipping coefficient. */
  readonly gradientScale: number;
}

/** The loss of the batch as a function of the weights, for rules that search along a line. */
export interface BatchLoss {
  /** The mean loss at the weights before the step. */
  readonly value: number;
  /** Returns the mean loss at the current weights, and leaves their gradient in `gradient`. */
  evaluate(): number | Promise<number>;
}

/** An update rule, with a record of its own hyper-parameters; `slots` and `step` can read no others. */
export interface UpdateRule<H extends HyperRecord = HyperRecord> {
  readonly formula: string;
  /** The class of torch.optim that computes the same, or the paper that the rule comes from. */
  readonly torch: string;
  /** The default learning rate. */
  readonly lr: number;
  /**
   * The default for regression, whose errors are unbounded, where it differs from the one for class
   * probabilities.
   */
  readonly regressionLr?: number;
  readonly hyper: H;
  /** Whether the rule compares gradients from step to step, so that they must be those of all rows. */
  readonly fullBatch?: boolean;
  /** Whether the rule takes norms over whole parameters, so that the block cannot be updated in slices. */
  readonly wholeBlock?: boolean;
  /** Whether the rule searches along the loss's own gradient, which then must not be clipped or penalised. */
  readonly lineSearch?: boolean;
  /** Throws UsageError where values that are each valid contradict one another. */
  check?(hyper: HyperValues<H>): void;
  /** Names the arrays that the rule keeps beside the weights; all start as zeros. */
  slots(hyper: HyperValues<H>): readonly string[];
  step(
    kernels: Kernels,
    arrays: UpdateArrays,
    hyper: HyperValues<H>,
    scale: StepScale,
    loss: BatchLoss,
  ): void | Promise<void>;
}

/** Returns the rule as it is; its type makes `slots` and `step` see exactly the hyper-parameters declared. */
export function rule<const H extends HyperRecord>(definition: UpdateRule<H>): UpdateRule<H> {
  return definition;
}
