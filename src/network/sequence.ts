/**
 * Runs a sequence of layers forward (lecture, section 2) and backward (lecture, section 3), and binds it to
 * memory. A composite layer runs its branches with the same functions.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { BoundPass, BoundSequence, Layer, LayerArrays, Pass } from './layer.js';

/** Runs the forward pass: for k = 1 … N, y^(k) = f_k(y^(k−1)). */
export function forward(pass: Pass, { passes }: Pick<BoundSequence, 'passes'>): void {
  for (const layerPass of passes.forward) layerPass(pass);
}

/**
 * Runs the backward pass: for k = N … 1, from ∂Div/∂y^(k) the gradients of layer k's parameters and
 * ∂Div/∂y^(k−1).
 */
export function backward(pass: Pass, { passes }: Pick<BoundSequence, 'passes'>): void {
  for (const layerPass of passes.backward) layerPass(pass);
}

/** Returns a sequence in which each layer makes its passes by itself, so that all arrays are written. */
export function apart<Sequence extends BoundSequence>(sequence: Sequence): Sequence {
  return { ...sequence, passes: passesOf(sequence, false) };
}

/**
 * Returns the passes of a sequence.
 * @param fused whether a layer does the work of a neighbour that rectifies, where it can; then the result
 *   before ReLU, and the gradient after it, are not written
 */
function passesOf(
  { layers, arrays }: Pick<BoundSequence, 'layers' | 'arrays'>,
  fused: boolean,
): BoundSequence['passes'] {
  const forward: BoundPass[] = [];
  const backward: BoundPass[] = [];
  let recordable = true;
  /** Whether layer k rectifies what the layer before it, or the gradient that the one after it, has left. */
  const before = (k: number) => fused && layers[k]?.rectifies && layers[k - 1]?.rectified;
  const after = (k: number) => fused && layers[k]?.rectifies && layers[k + 1]?.rectified;
  for (const [k, layer] of layers.entries()) {
    const rectified = before(k + 1);
    if (rectified) {
      const bound = { ...arrays[k], y: arrays[k + 1].y };
      forward.push((pass) => rectified.forward(pass, bound));
    } else if (!before(k)) forward.push((pass) => layer.forward(pass, arrays[k]));
    if (!before(k) && !layer.repeatable) recordable = false;
  }
  for (const [k, layer] of [...layers.entries()].reverse()) {
    const rectified = after(k - 1);
    if (rectified) {
      const bound = { ...arrays[k], dx: arrays[k - 1].dx };
      backward.push((pass) => rectified.backward(pass, bound));
    } else if (!after(k)) {
      // The slope of ReLU follows from y too, which is written in any case.
      const bound = before(k) ? { ...arrays[k], x: arrays[k].y } : arrays[k];
      backward.push((pass) => layer.backward(pass, bound));
      if (!layer.repeatable) recordable = false;
    }
  }
  return { forward, backward, recordable };
}

/** Says what a sequence is bound to. */
interface Binding {
  readonly maxRows: number;
  /** Hands out one array; a caller that only measures may hand out arrays of length 0. */
  readonly allocate: (length: number) => FloatArray;
  /** Whether there is a backward pass. */
  readonly differentiated: boolean;
  /** Whether layers may work together, so that not all arrays are written. */
  readonly fused: boolean;
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
  const passes = passesOf({ layers, arrays }, binding.fused);
  return { layers, arrays, passes, input, inputGradient, output: x, outputGradient: dx ?? x.subarray(0, 0) };
}

function hasParameters(layer: Layer): boolean {
  return layer.parameters.length > 0 || layer.branches.some((branch) => branch.some(hasParameters));
}

function next<T>(iterator: Iterator<T>): T {
  const { value, done } = iterator.next();
  if (done) throw new Error('a layer has more parameters than its layout');
  return value;
}
