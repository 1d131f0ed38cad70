/**
 * The element-wise steps of which update rules are made, each with its scalars in the order in which a kernel
 * takes them. reference/optim.ts says what each step computes.
 */
export const STEPS = {
  /** Slots: velocity or null. */
  sgd: ['lr', 'momentum', 'nesterov', 'weightDecay', 'gradientScale'],
  /** Slots: mean, square, largest square or null. */
  adam: ['lr', 'gradientShare', 'beta1', 'beta2', 'root', 'eps', 'weightDecay', 'shrink', 'gradientScale'],
  /** Slots: sum of squares. */
  adagrad: ['lr', 'eps', 'weightDecay', 'gradientScale'],
  /** Slots: mean square of the gradient, and of the change. */
  adadelta: ['lr', 'rho', 'eps', 'weightDecay', 'gradientScale'],
  /** Slots: mean square, mean or null, velocity or null. */
  rmsprop: ['lr', 'alpha', 'eps', 'momentum', 'weightDecay', 'gradientScale'],
  /** Slots: mean, largest magnitude. */
  adamax: ['lr', 'beta1', 'beta2', 'eps', 'weightDecay', 'gradientScale'],
  /** Slots: mean. */
  lion: ['lr', 'beta1', 'beta2', 'shrink', 'gradientScale'],
  /** Slots: gradient before, step size. */
  rprop: ['etaMinus', 'etaPlus', 'smallest', 'largest', 'weightDecay', 'gradientScale'],
  /** No slots; changes g and leaves w as it is. */
  regularize: ['clipValue', 'l1', 'gradientScale'],
} as const;

/** Names a step. */
export type StepName = keyof typeof STEPS;
/** A step's scalars by name. */
export type StepScalars<Name extends StepName> = Readonly<Record<(typeof STEPS)[Name][number], number>>;

/** A step's scalars in the order in which its kernel takes them. */
export type OrderedScalars = readonly number[] | Float64Array;

/** Returns a step's scalars in the order in which its kernel takes them. */
export function ordered<Name extends StepName>(name: Name, scalars: StepScalars<Name>): number[] {
  return STEPS[name].map((key) => scalars[key as keyof typeof scalars]);
}
