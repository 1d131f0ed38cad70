/** Layers made of layers: fan-out, where x influences Div along several paths and its derivative is their sum. */
import type { FloatArray } from '../../kernels/kernels.js';
import type { BoundSequence, Layer, LayerArrays, Pass } from '../layer.js';
import { backward, forward } from '../sequence.js';

/** y = F(x), the layers of one branch under one name. */
export function sequential(kind: string, layers: readonly Layer[]): Layer {
  return {
    ...composite(kind, [layers], layers[layers.length - 1].outputs),

    forward(pass: Pass, { y, branches: [inner] }: LayerArrays) {
      forward(pass, inner);
      copy(y, inner.output, pass.rows * inner.layers[inner.layers.length - 1].outputs);
    },

    backward(pass: Pass, { dy, dx, branches: [inner] }: LayerArrays) {
      copy(inner.outputGradient, dy, pass.rows * inner.layers[inner.layers.length - 1].outputs);
      backward(pass, inner);
      if (dx) sumInputGradients(pass, dx, [inner], layers[0].inputs);
    },
  };
}

/** y = x + F(x): ∂Div/∂x = ∂Div/∂y + what comes back through F. */
export function residual(layers: readonly Layer[]): Layer {
  const width = layers[0].inputs;
  return {
    ...composite('residual', [layers], width),

    forward(pass: Pass, { x, y, branches: [inner] }: LayerArrays) {
      forward(pass, inner);
      copy(y, x, pass.rows * width);
      pass.kernels.add(y, inner.output, pass.rows * width);
    },

    backward(pass: Pass, { dy, dx, branches: [inner] }: LayerArrays) {
      copy(inner.outputGradient, dy, pass.rows * width);
      backward(pass, inner);
      if (!dx) return;
      sumInputGradients(pass, dx, [inner], width);
      pass.kernels.add(dx, dy, pass.rows * width);
    },
  };
}

/** y = Σ_b F_b(x): each branch gets ∂Div/∂y. */
export function sum(branches: readonly (readonly Layer[])[]): Layer {
  const width = outputsOf(branches[0]);
  return {
    ...composite('add', branches, width),

    forward(pass: Pass, { y, branches: bound }: LayerArrays) {
      for (const inner of bound) forward(pass, inner);
      copy(y, bound[0].output, pass.rows * width);
      for (const inner of bound.slice(1)) pass.kernels.add(y, inner.output, pass.rows * width);
    },

    backward(pass: Pass, { dy, dx, branches: bound }: LayerArrays) {
      for (const inner of bound) {
        copy(inner.outputGradient, dy, pass.rows * width);
        backward(pass, inner);
      }
      if (dx) sumInputGradients(pass, dx, bound, branches[0][0].inputs);
    },
  };
}

/** y = Π_b F_b(x), element by element: branch b gets ∂Div/∂y times the others' outputs, never y/F_b: zeros are exact. */
export function product(branches: readonly (readonly Layer[])[]): Layer {
  const width = outputsOf(branches[0]);
  return {
    ...composite('multiply', branches, width),

    forward(pass: Pass, { y, branches: bound }: LayerArrays) {
      for (const inner of bound) forward(pass, inner);
      for (let i = 0; i < pass.rows * width; i++) {
        let value = 1;
        for (const { output } of bound) value *= output[i];
        y[i] = value;
      }
    },

    backward(pass: Pass, { dy, dx, branches: bound }: LayerArrays) {
      for (const inner of bound) {
        for (let i = 0; i < pass.rows * width; i++) {
          let value = dy[i];
          for (const other of bound) if (other !== inner) value *= other.output[i];
          inner.outputGradient[i] = value;
        }
      }
      for (const inner of bound) backward(pass, inner);
      if (dx) sumInputGradients(pass, dx, bound, branches[0][0].inputs);
    },
  };
}

/** y = (F_1(x), F_2(x), …): each branch gets its part of ∂Div/∂y. */
export function concat(branches: readonly (readonly Layer[])[]): Layer {
  const widths = branches.map(outputsOf);
  const width = widths.reduce((total, part) => total + part, 0);
  return {
    ...composite('concat', branches, width),

    forward(pass: Pass, { y, branches: bound }: LayerArrays) {
      let at = 0;
      for (const [b, inner] of bound.entries()) {
        forward(pass, inner);
        for (let r = 0; r < pass.rows; r++) {
          for (let n = 0; n < widths[b]; n++) y[r * width + at + n] = inner.output[r * widths[b] + n];
        }
        at += widths[b];
      }
    },

    backward(pass: Pass, { dy, dx, branches: bound }: LayerArrays) {
      let at = 0;
      for (const [b, inner] of bound.entries()) {
        for (let r = 0; r < pass.rows; r++) {
          for (let n = 0; n < widths[b]; n++)
            inner.outputGradient[r * widths[b] + n] = dy[r * width + at + n];
        }
        backward(pass, inner);
        at += widths[b];
      }
      if (dx) sumInputGradients(pass, dx, bound, branches[0][0].inputs);
    },
  };
}

function composite(kind: string, branches: readonly (readonly Layer[])[], outputs: number) {
  return {
    kind,
    inputs: branches[0][0].inputs,
    outputs,
    parameters: [],
    saved: [],
    multiplyAdds: branches.flat().reduce((total, layer) => total + layer.multiplyAdds, 0),
    branches,
  };
}

/** The distributed chain rule: ∂Div/∂x is the sum over the branches that x influences. */
function sumInputGradients(pass: Pass, dx: FloatArray, bound: readonly BoundSequence[], width: number): void {
  const count = pass.rows * width;
  copy(dx, bound[0].inputGradient!, count);
  for (const inner of bound.slice(1)) pass.kernels.add(dx, inner.inputGradient!, count);
}

function outputsOf(layers: readonly Layer[]): number {
  return layers[layers.length - 1].outputs;
}

function copy(to: FloatArray, from: FloatArray, count: number): void {
  for (let i = 0; i < count; i++) to[i] = from[i];
}
