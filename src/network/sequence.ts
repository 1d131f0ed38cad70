/**
 * Runs a sequence of layers forward (lecture, section 2) and backward (lecture, section 3), and binds it to
 * memory. A composite layer runs its branches with the same functions.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { BoundSequence, Layer, LayerArrays, Pass } from './layer.js';

/** Runs the forward pass: for k = 1 … N, y^(k) = f_k(y^(k−1)). */
export function forward(pass: Pass, { layers, arrays }: BoundSequence): void {
  for (let k = 0; k < layers.length; k++) layers[k].forward(pass, arrays[k]);
}

/**
 * Runs the backward pass: for k = N … 1, from ∂Div/∂y^(k) the gradients of layer k's parameters and
 * ∂Div/∂y^(k−1).
 */
export function backward(pass: Pass, { layers, arrays }: BoundSequence): void {
  for (let k = layers.length - 1; k >= 0; k--) layers[k].backward(pass, arrays[k]);
}

/** Says what a sequence is bound to. */
interface Binding {
  readonly maxRows: number;
  /** Hands out one array; a caller that only measures may hand out arrays of length 0. */
  readonly allocate: (length: number) => FloatArray;
  /** Whether there is a backward pass. */
  readonly differentiated: boolean;
  /** The parameters in the layout's order: each layer takes the next ones. */
  readonly parameters: Iterator<FloatArray>;
  /** For each gradient block, its gradients in the layout's order. */
  readonly gradients: readonly Iterator<FloatArray>[];
  /** Numbers the layers. */
  readonly ids: Iterator<number>;
}

/** Binds layers to an input, and to where the input's gradient goes: null where it is not wanted. */
export function bindSequence(
  layers: readonly Layer[],
  input: FloatArray,
  inputGradient: FloatArray | null,
  binding: Binding,
): BoundSequence {
  const { maxRows, allocate, differentiated } = binding;
  // A layer's x and dx are the y and dy of the layer before it. Its dx is wanted only where something before
  // it has parameters, or where the caller wants the gradient of the input.
  let x = input;
  let dx = inputGradient;
  let wanted = inputGradient !== null;
  const arrays = layers.map((layer): LayerArrays => {
    const id = next(binding.ids);
    const y = allocate(maxRows * layer.outputs);
    const dy = differentiated ? allocate(maxRows * layer.outputs) : y.subarray(0, 0);
    const bound: LayerArrays = {
      id,
      x,
      y,
      dy,
      dx: wanted ? dx : null,
      parameters: layer.parameters.map(() => next(binding.parameters)),
      gradients: layer.parameters.map(() => binding.gradients.map(next)),
      saved: layer.saved.map((width) => allocate(maxRows * width)),
      branches: layer.branches.map((branch) => {
        const branchGradient = wanted ? allocate(maxRows * layer.inputs) : null;
        return bindSequence(branch, x, branchGradient, binding);
      }),
    };
    wanted ||= differentiated && hasParameters(layer);
    x = y;
    dx = dy;
    return bound;
  });
  return { layers, arrays, input, inputGradient, output: x, outputGradient: dx ?? x.subarray(0, 0) };
}

function hasParameters(layer: Layer): boolean {
  return layer.parameters.length > 0 || layer.branches.some((branch) => branch.some(hasParameters));
}

function next<T>(iterator: Iterator<T>): T {
  const { value, done } = iterator.next();
  if (done) throw new Error('a layer has more parameters than its layout');
  return value;
}
