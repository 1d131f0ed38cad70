// Activations, four elements at a time; the codes are those of ../../codes.ts.
import { normalCdf, normalPdf, sigmoid, tanh } from './math';
import { load, madd, select, splat, store } from './vector';

const SIGMOID = 1;
const TANH = 2;
const RELU = 3;
const LEAKY_RELU = 4;
const GELU = 5;
const GELU_TANH = 6;
const SILU = 7;

/** y = f(z) */
export function activate(code: i32, y: usize, z: usize, count: i32, p: f32): void {
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    store(y + at, forward(code, load(z + at, count - i, 0), splat(p)), count - i);
  }
}

/** dz = f′(z)·dy */
export function activateBackward(code: i32, dz: usize, dy: usize, z: usize, y: usize, count: i32, p: f32): void {
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const n = count - i;
    const slope = derivative(code, load(z + at, n, 0), load(y + at, n, 0), splat(p));
    store(dz + at, f32x4.mul(load(dy + at, n, 0), slope), n);
  }
}

function forward(code: i32, z: v128, p: v128): v128 {
  switch (code) {
    case SIGMOID: return sigmoid(z);
    case TANH: return tanh(z);
    case RELU: return f32x4.max(z, splat(0));
    case LEAKY_RELU: return select(f32x4.gt(z, splat(0)), z, f32x4.mul(p, z));
    case GELU: return f32x4.mul(leftTail(z), normalCdf(z));
    case GELU_TANH: return f32x4.mul(leftTail(z), tanhGate(z));
    case SILU: return f32x4.mul(leftTail(z), sigmoid(z));
    default: return z;
  }
}

function derivative(code: i32, z: v128, y: v128, p: v128): v128 {
  const one = splat(1);
  switch (code) {
    case SIGMOID: return f32x4.mul(y, f32x4.sub(one, y));
    case TANH: return f32x4.sub(one, f32x4.mul(y, y));
    case RELU: {
      const atMostZero = select(f32x4.lt(z, splat(0)), splat(0), p);
      return select(f32x4.gt(z, splat(0)), one, select(f32x4.le(z, splat(0)), atMostZero, z));
    }
    case LEAKY_RELU: return select(f32x4.gt(z, splat(0)), one, select(f32x4.le(z, splat(0)), p, z));
    case GELU: return madd(bothTails(z), normalPdf(z), normalCdf(z));
    case GELU_TANH: {
      const c = bothTails(z);
      const gate = tanhGate(c);
      const inner = madd(f32x4.mul(c, c), splat(0.214064488), splat(1.59576912));
      return madd(f32x4.mul(c, f32x4.mul(gate, f32x4.sub(one, gate))), inner, gate);
    }
    case SILU: {
      const gate = sigmoid(z);
      return f32x4.mul(gate, madd(bothTails(z), f32x4.sub(one, gate), one));
    }
    default: return one;
  }
}

/** ½(1 + tanh(√(2/π)(z + 0.044715 z³))) as the sigmoid that it is: 2√(2/π) = 1.59576912, times 0.044715 = 0.0713548163. */
function tanhGate(z: v128): v128 {
  return sigmoid(f32x4.mul(z, madd(f32x4.mul(z, z), splat(0.0713548163), splat(1.59576912))));
}

/** Left of here z·gate(z) is zero in float32; keeps −∞·0 away. */
// @ts-ignore: decorator
@inline
function leftTail(z: v128): v128 {
  return f32x4.max(z, splat(-120));
}

/** Beyond ±120 every gate is flat in float32; keeps ∞·0 away. */
// @ts-ignore: decorator
@inline
function bothTails(z: v128): v128 {
  return f32x4.min(leftTail(z), splat(120));
}
