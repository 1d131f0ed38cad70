/** Stages of work that is done again and again with the same arrays, and what kernels make of them. */

/** A part of a pass that is made for one batch after the other. */
export interface KernelStage {
  /** Whether it does nothing but call kernels, with the same arrays and sizes each time. */
  readonly recordable: boolean;
  readonly run: () => void;
}

/** What makes stages again. */
export interface Repetition {
  /**
   * Whether it makes the calls of machine code that the stages made, as one call, on whatever their arrays
   * hold by then. Otherwise it runs a stage itself.
   */
  readonly recorded: boolean;
  /**
   * If recorded, returns what no magnitude exceeds among the sums over rows that it stores, NaN if one is
   * NaN.
   */
  readonly run: () => number | undefined;
}
