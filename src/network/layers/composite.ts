/**
 * Composite layers run other layers, their branches. They fan out: x influences Div along several paths, and
 * its derivative is the sum over them (lecture, section 1).
 */
import type { FloatArray } from '../../kernels/kernels.js';
import { type BoundSequence, defineLayer, type Layer, outputWidth, type Pass } from '../layer.js';
import { backward, forward } from '../sequence.js';

/** Runs the layers of one branch under one name: y = F(x). */
export function sequential(kind: string, layers: readonly Layer[]): Layer {
  const width = outputWidth(layers);
  return defineLayer({
    ...composite(kind, [layers], width),

    forward(pass, { y, branches: [inner] }) {
      forward(pass, inner);
      copy(y, inner.output, pass.rows * width);
    },

    backward(pass, { dy, dx, branches: [inner] }) {
      copy(inner.outputGradient, dy, pass.rows * width);
      backward(pass, inner);
      if (dx) sumInputGradients(pass, dx, [inner], layers[0].inputs);
    },
  });
}

/** Adds a branch to its input: y = x + F(x). ∂Div/∂x is ∂Div/∂y plus what comes back through F. */
export function residual(layers: readonly Layer[]): Layer {
  const width = layers[0].inputs;
  return defineLayer({
    ...composite('residual', [layers], width),

    forward(pass, { x, y, branches: [inner] }) {
      forward(pass, inner);
      copy(y, x, pass.rows * width);
      pass.kernels.add(y, inner.output, pass.rows * width);
    },

    backward(pass, { dy, dx, branches: [inner] }) {
      copy(inner.outputGradient, dy, pass.rows * width);
      backward(pass, inner);
      if (!dx) return;
      sumInputGradients(pass, dx, [inner], width);
      pass.kernels.add(dx, dy, pass.rows * width);
    },
  });
}

/** Adds up branches: y = Σ_b F_b(x). Each branch gets ∂Div/∂y. */
export function sum(branches: readonly (readonly Layer[])[]): Layer {
  const width = outputWidth(branches[0]);
  return defineLayer({
    ...composite('add', branches, width),

    forward(pass, { y, branches: bound }) {
      for (const inner of bound) forward(pass, inner);
      copy(y, bound[0].output, pass.rows * width);
      for (const inner of bound.slice(1)) pass.kernels.add(y, inner.output, pass.rows * width);
    },

    backward(pass, { dy, dx, branches: bound }) {
      for (const inner of bound) {
        copy(inner.outputGradient, dy, pass.rows * width);
        backward(pass, inner);
      }
      if (dx) sumInputGradients(pass, dx, bound, branches[0][0].inputs);
    },
  });
}

/**
 * Multiplies branches element by element: y = Π_b F_b(x). Branch b gets ∂Div/∂y times the outputs of the
 * others, never y/F_b, so that zeros are exact.
 */
export function product(branches: readonly (readonly Layer[])[]): Layer {
  const width = outputWidth(branches[0]);
  return defineLayer({
    ...composite('multiply', branches, width),

    forward(pass, { y, branches: bound }) {
      for (const inner of bound) forward(pass, inner);
      for (let i = 0; i < pass.rows * width; i++) {
        let value = 1;
        for (const { output } of bound) value *= output[i];
        y[i] = value;
      }
    },

    backward(pass, { dy, dx, branches: bound }) {
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
  });
}

/** Puts branches side by side: y = (F_1(x), F_2(x), …). Each branch gets its part of ∂Div/∂y. */
export function concat(branches: readonly (readonly Layer[])[]): Layer {
  const widths = branches.map(outputWidth);
  const width = widths.reduce((total, part) => total + part, 0);
  return defineLayer({
    ...composite('concat', branches, width),

    forward(pass, { y, branches: bound }) {
      let offset = 0;
      for (const [b, inner] of bound.entries()) {
        forward(pass, inner);
        for (let r = 0; r < pass.rows; r++) {
          for (let n = 0; n < widths[b]; n++) y[r * width + offset + n] = inner.output[r * widths[b] + n];
        }
        offset += widths[b];
      }
    },

    backward(pass, { dy, dx, branches: bound }) {
      let offset = 0;
      for (const [b, inner] of bound.entries()) {
        for (let r = 0; r < pass.rows; r++) {
          for (let n = 0; n < widths[b]; n++)
            inner.outputGradient[r * widths[b] + n] = dy[r * width + offset + n];
        }
        backward(pass, inner);
        offset += widths[b];
      }
      if (dx) sumInputGradients(pass, dx, bound, branches[0][0].inputs);
    },
  });
}

/** Returns what every composite layer says about itself. */
function composite(kind: string, branches: readonly (readonly Layer[])[], outputs: number) {
  return {
    kind,
    inputs: branches[0][0].inputs,
    outputs,
    multiplyAdds: branches.flat().reduce((total, layer) => total + layer.multiplyAdds, 0),
    branches,
  };
}

/**
 * Applies the distributed chain rule (lecture, section 1): ∂Div/∂x is the sum over the branches that x
 * influences.
 */
function sumInputGradients(pass: Pass, dx: FloatArray, bound: readonly BoundSequence[], width: number): void {
  const count = pass.rows * width;
  copy(dx, bound[0].inputGradient!, count);
  for (const inner of bound.slice(1)) pass.kernels.add(dx, inner.inputGradient!, count);
}

function copy(to: FloatArray, from: FloatArray, count: number): void {
  for (let i = 0; i < count; i++) to[i] = from[i];
}
