/**
 * The numbers by which the coordinator names an element-wise function to a kernel. An entry here has a row in
 * `reference/`, a case in `wasm/assembly/` and an entry in `network/`; a test holds the lists together.
 */
export const ACTIVATION_CODES = {
  identity: 0,
  sigmoid: 1,
  tanh: 2,
  relu: 3,
  leakyRelu: 4,
  gelu: 5,
  geluTanh: 6,
  silu: 7,
  softplus: 8,
  softsign: 9,
  hardSigmoid: 10,
  hardTanh: 11,
  relu6: 12,
  elu: 13,
  selu: 14,
  celu: 15,
  hardSwish: 16,
  mish: 17,
  gaussian: 18,
  sine: 19,
  exp: 20,
  threshold: 21,
  straightThrough: 22,
  perceptron: 23,
} as const;

/**
 * Divergences of a whole row; those marked (class) take d as [R,1] class indices, the others as [R,N]. p is the
 * divergence's parameter; the fused ones take z, the input of the activation that they stand for too.
 */
export const DIVERGENCE_CODES = {
  /** ½‖y−d‖² */
  squaredError: 0,
  /** −log y_c (class), y probabilities; p smooths the class over all: (1−p)·onehot + p/N */
  crossEntropy: 1,
  /** log Σ exp z − z_c (class), y logits: softmax and cross-entropy fused, ∂/∂z = softmax(z) − onehot(c); p as above */
  softmaxCrossEntropy: 2,
  /** Σ −d log y − (1−d) log(1−y), y probabilities */
  binaryCrossEntropy: 3,
  /** the same on logits, fused with the sigmoid: ∂/∂z = σ(z) − d */
  sigmoidCrossEntropy: 4,
  /** ‖y−d‖²/N */
  meanSquaredError: 5,
  /** Σ |y−d| */
  absoluteError: 6,
  /** Σ ½e² where |e| ≤ p, else p(|e| − p/2), e = y−d */
  huber: 7,
  /** Σ log cosh(y−d) */
  logCosh: 8,
  /** Σ d log d − d log y, y probabilities */
  kl: 9,
  /** the same on logits, fused with the softmax: ∂/∂z = softmax(z)·Σd − d */
  softmaxKl: 10,
  /** Σ max(0, 1 − s·y), s = 1 where d > 0, else −1 */
  hinge: 11,
  /** Σ max(0, 1 − s·y)² */
  squaredHinge: 12,
  /** −(1−y_c)^p log y_c (class), y probabilities */
  focal: 13,
  /** the same on logits, fused with the softmax */
  softmaxFocal: 14,
  /** Σ y − d log y, y rates */
  poisson: 15,
  /** the same on logarithms of rates, fused with exp: ∂/∂z = e^z − d */
  expPoisson: 16,
  /** Σ max(p(d−y), (p−1)(d−y)) */
  quantile: 17,
  /** −y_c (class), y logarithms of probabilities */
  nll: 18,
} as const;

/** The element-wise steps of the update rules with their scalars, in the order in which a kernel takes them. */
export const STEPS = {
  /** slots: velocity or null */
  sgd: ['lr', 'momentum', 'nesterov', 'weightDecay', 'gradientScale'],
  /** slots: mean, square, largest square or null */
  adam: ['lr', 'gradientShare', 'beta1', 'beta2', 'root', 'eps', 'weightDecay', 'shrink', 'gradientScale'],
  /** slots: sum of squares */
  adagrad: ['lr', 'eps', 'weightDecay', 'gradientScale'],
  /** slots: mean square of the gradient, and of the change */
  adadelta: ['lr', 'rho', 'eps', 'weightDecay', 'gradientScale'],
  /** slots: mean square, mean or null, velocity or null */
  rmsprop: ['lr', 'alpha', 'eps', 'momentum', 'weightDecay', 'gradientScale'],
  /** slots: mean, largest magnitude */
  adamax: ['lr', 'beta1', 'beta2', 'eps', 'weightDecay', 'gradientScale'],
  /** slots: mean */
  lion: ['lr', 'beta1', 'beta2', 'shrink', 'gradientScale'],
  /** slots: gradient before, step size */
  rprop: ['etaMinus', 'etaPlus', 'smallest', 'largest', 'weightDecay', 'gradientScale'],
  /** no slots; changes g and leaves w */
  regularize: ['clipValue', 'l1', 'gradientScale'],
} as const;

export type StepName = keyof typeof STEPS;
export type StepScalars<Name extends StepName> = Readonly<Record<(typeof STEPS)[Name][number], number>>;

/** A step's scalars in its kernel's order. */
export function ordered<Name extends StepName>(name: Name, scalars: StepScalars<Name>): number[] {
  return STEPS[name].map((key) => scalars[key as keyof typeof scalars]);
}
