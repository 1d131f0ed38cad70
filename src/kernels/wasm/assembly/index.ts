export { setScratch } from './scratch';
export { affine, affineInputGradient } from './matmul';
export { affineWeightGradient, columnSums } from './shards';
export { activate, activateBackward } from './activations';
export { divergence, softmax, softmaxBackward } from './rows';
export { add, allFinite, sumOfSquares } from './reduce';
export { adadelta, adagrad, adam, adamax, lion, regularize, rmsprop, rprop, sgd } from './optim';
export { uniform } from './random';
export { expOf, logOf } from './math';
