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
} as const;

/** Divergences of a whole row; those marked (class) take d as [R,1] class indices, the others as [R,N]. */
export const DIVERGENCE_CODES = {
  /** ½‖y−d‖² */
  squaredError: 0,
  /** −log y_c (class), y probabilities */
  crossEntropy: 1,
  /** log Σ exp z − z_c (class), y logits: softmax and cross-entropy fused, ∂/∂z = softmax(z) − onehot(c) */
  softmaxCrossEntropy: 2,
  /** Σ −d log y − (1−d) log(1−y), y probabilities */
  binaryCrossEntropy: 3,
  /** the same on logits, fused with the sigmoid: ∂/∂z = σ(z) − d */
  sigmoidCrossEntropy: 4,
} as const;
