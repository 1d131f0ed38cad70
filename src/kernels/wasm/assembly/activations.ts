// Activations, four elements at a time.
import { exp, expm1, normalCdf, normalPdf, sigmoid, softplus, tanh } from './math';
import { cos, sin } from './sine';
import { load, madd, select, splat, store } from './vector';

/**
 * The numbers of the activations, by their names in reference/activations.ts: the host reads them from the
 * exports.
 */
export enum Activation {
  identity,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  gelu,
  geluTanh,
  silu,
  softplus,
  softsign,
  hardSigmoid,
  hardTanh,
  relu6,
  elu,
  selu,
  celu,
  hardSwish,
  mish,
  gaussian,
  sine,
  exp,
  threshold,
  straightThrough,
  perceptron,
}

/**
 * y = f(z). The choice of f is inlined into the loop, where it costs a tenth of a nanosecond per element; a
 * call would cost more. ReLU, the default, has a loop of its own without the choice.
 */
export function activate(code: i32, y: usize, z: usize, count: i32, p: f32): void {
  const parameter = splat(p);
  if (code == Activation.relu) {
    const zero = splat(0);
    for (; count >= 16; count -= 16, y += 64, z += 64) {
      v128.store(y, f32x4.max(v128.load(z), zero));
      v128.store(y, f32x4.max(v128.load(z, 16), zero), 16);
      v128.store(y, f32x4.max(v128.load(z, 32), zero), 32);
      v128.store(y, f32x4.max(v128.load(z, 48), zero), 48);
    }
  }
  for (const last = y + (<usize>(count & ~3) << 2); y < last; y += 16, z += 16) {
    v128.store(y, forward(code, v128.load(z), parameter));
  }
  const rest = count & 3;
  if (rest > 0) store(y, forward(code, load(z, rest, 0), parameter), rest);
}

/** dz = f′(z)·dy */
export function activateBackward(code: i32, dz: usize, dy: usize, z: usize, y: usize, count: i32, p: f32): void {
  const parameter = splat(p);
  if (code == Activation.relu) {
    for (; count >= 16; count -= 16, dz += 64, dy += 64, z += 64, y += 64) {
      v128.store(dz, f32x4.mul(v128.load(dy), reluSlope(v128.load(z), parameter)));
      v128.store(dz, f32x4.mul(v128.load(dy, 16), reluSlope(v128.load(z, 16), parameter)), 16);
      v128.store(dz, f32x4.mul(v128.load(dy, 32), reluSlope(v128.load(z, 32), parameter)), 32);
      v128.store(dz, f32x4.mul(v128.load(dy, 48), reluSlope(v128.load(z, 48), parameter)), 48);
    }
  }
  for (const last = z + (<usize>(count & ~3) << 2); z < last; dz += 16, dy += 16, z += 16, y += 16) {
    v128.store(dz, f32x4.mul(v128.load(dy), derivative(code, v128.load(z), v128.load(y), parameter)));
  }
  const rest = count & 3;
  if (rest === 0) return;
  const slope = derivative(code, load(z, rest, 0), load(y, rest, 0), parameter);
  store(dz, f32x4.mul(load(dy, rest, 0), slope), rest);
}

// @ts-ignore: decorator
@inline
function forward(code: i32, z: v128, p: v128): v128 {
  switch (code) {
    case Activation.sigmoid: return sigmoid(z);
    case Activation.tanh: return tanh(z);
    case Activation.relu: return f32x4.max(z, splat(0));
    case Activation.leakyRelu: return select(f32x4.gt(z, splat(0)), z, f32x4.mul(p, z));
    case Activation.gelu: return f32x4.mul(leftTail(z), normalCdf(z));
    case Activation.geluTanh: return f32x4.mul(leftTail(z), tanhGate(z));
    case Activation.silu: return f32x4.mul(leftTail(z), sigmoid(z));
    case Activation.softplus: return softplus(z);
    case Activation.softsign: {
      const c = clamp(z, -1e30, 1e30); // ∞/∞
      return f32x4.div(c, f32x4.add(splat(1), f32x4.abs(c)));
    }
    case Activation.hardSigmoid: return hardGate(z);
    case Activation.hardTanh: return clamp(z, -1, 1);
    case Activation.relu6: return clamp(z, 0, 6);
    case Activation.elu: return select(positive(z), z, f32x4.mul(p, expm1(z)));
    case Activation.selu: return select(positive(z), f32x4.mul(z, splat(SELU_SCALE)), f32x4.mul(splat(SELU_SCALE_ALPHA), expm1(z)));
    case Activation.celu: return select(positive(z), z, f32x4.mul(p, expm1(f32x4.div(z, p))));
    case Activation.hardSwish: return f32x4.mul(leftTail(z), hardGate(z));
    case Activation.mish: {
      const e = exp(f32x4.neg(f32x4.abs(z)));
      const numerator = mishNumerator(z, e);
      return f32x4.mul(leftTail(z), f32x4.div(numerator, f32x4.add(numerator, mishGap(z, e))));
    }
    case Activation.gaussian: return exp(f32x4.neg(f32x4.mul(z, z)));
    case Activation.sine: return sin(z);
    case Activation.exp: return exp(z);
    case Activation.threshold:
    case Activation.straightThrough:
    case Activation.perceptron: return orNaN(z, v128.and(positive(z), splat(1)));
    default: return z;
  }
}

// @ts-ignore: decorator
@inline
function derivative(code: i32, z: v128, y: v128, p: v128): v128 {
  const one = splat(1);
  switch (code) {
    case Activation.sigmoid: return f32x4.mul(y, f32x4.sub(one, y));
    case Activation.tanh: return f32x4.sub(one, f32x4.mul(y, y));
    case Activation.relu: return reluSlope(z, p);
    case Activation.leakyRelu: return select(f32x4.gt(z, splat(0)), one, select(f32x4.le(z, splat(0)), p, z));
    case Activation.gelu: return madd(bothTails(z), normalPdf(z), normalCdf(z));
    case Activation.geluTanh: {
      const c = bothTails(z);
      const gate = tanhGate(c);
      const inner = madd(f32x4.mul(c, c), splat(0.214064488), splat(1.59576912));
      return madd(f32x4.mul(c, f32x4.mul(gate, f32x4.sub(one, gate))), inner, gate);
    }
    case Activation.silu: {
      const gate = sigmoid(z);
      return f32x4.mul(gate, madd(bothTails(z), f32x4.sub(one, gate), one));
    }
    case Activation.softplus: return sigmoid(z);
    case Activation.softsign: {
      const size = f32x4.add(one, f32x4.abs(z));
      return f32x4.div(one, f32x4.mul(size, size));
    }
    case Activation.hardSigmoid: return orNaN(z, v128.and(between(z, -3, 3), splat(SIXTH)));
    case Activation.hardTanh: return orNaN(z, v128.and(between(z, -1, 1), one));
    case Activation.relu6: return orNaN(z, v128.and(between(z, 0, 6), one));
    case Activation.elu: return select(positive(z), one, f32x4.mul(p, exp(z)));
    case Activation.selu: return select(positive(z), splat(SELU_SCALE), f32x4.mul(splat(SELU_SCALE_ALPHA), exp(z)));
    case Activation.celu: return select(positive(z), one, exp(f32x4.div(z, p)));
    case Activation.hardSwish: {
      const middle = f32x4.add(f32x4.div(z, splat(3)), splat(0.5));
      return select(f32x4.ge(z, splat(3)), one, select(f32x4.le(z, splat(-3)), splat(0), middle));
    }
    case Activation.mish: {
      const e = exp(f32x4.neg(f32x4.abs(z)));
      const numerator = mishNumerator(z, e), gap = mishGap(z, e);
      const whole = f32x4.add(numerator, gap);
      // 1 − gate²
      const slope = f32x4.div(f32x4.mul(gap, f32x4.add(numerator, whole)), f32x4.mul(whole, whole));
      return madd(f32x4.mul(bothTails(z), sigmoid(z)), slope, f32x4.div(numerator, whole));
    }
    case Activation.gaussian: return f32x4.mul(f32x4.mul(splat(-2), bothTails(z)), y);
    case Activation.sine: return cos(z);
    case Activation.exp: return y;
    case Activation.threshold: return orNaN(z, splat(0));
    case Activation.straightThrough: return orNaN(z, v128.and(f32x4.le(f32x4.abs(z), one), one));
    case Activation.perceptron: return orNaN(z, one);
    default: return one;
  }
}

const SIXTH: f32 = 0.166666672;
/**
 * λ and λα, with which a mean of 0 and a variance of 1 reproduce themselves from layer to layer (Klambauer et
 * al. 2017).
 */
const SELU_SCALE: f32 = 1.05070102;
const SELU_SCALE_ALPHA: f32 = 1.75809932;

/** relu6(z + 3)/6 */
// @ts-ignore: decorator
@inline
function hardGate(z: v128): v128 {
  return f32x4.mul(clamp(f32x4.add(z, splat(3)), 0, 6), splat(SIXTH));
}

/**
 * tanh(log(1 + e^z)) = numerator/(numerator + gap), with e = e^−|z|: (1 + 2e)/(1 + 2e + 2e²) right of 0 and
 * (e² + 2e)/(e² + 2e + 2) left of it. Nothing overflows, and 1 minus its square is a product.
 */
// @ts-ignore: decorator
@inline
function mishNumerator(z: v128, e: v128): v128 {
  return f32x4.add(f32x4.add(e, e), select(positive(z), splat(1), f32x4.mul(e, e)));
}

// @ts-ignore: decorator
@inline
function mishGap(z: v128, e: v128): v128 {
  return f32x4.mul(splat(2), select(positive(z), f32x4.mul(e, e), splat(1)));
}

/** 1 above 0, p at 0, 0 below. */
// @ts-ignore: decorator
@inline
function reluSlope(z: v128, p: v128): v128 {
  const atMostZero = select(f32x4.lt(z, splat(0)), splat(0), p);
  return select(f32x4.gt(z, splat(0)), splat(1), select(f32x4.le(z, splat(0)), atMostZero, z));
}

// @ts-ignore: decorator
@inline
function positive(z: v128): v128 {
  return f32x4.gt(z, splat(0));
}

// @ts-ignore: decorator
@inline
function clamp(z: v128, low: f32, high: f32): v128 {
  return f32x4.min(f32x4.max(z, splat(low)), splat(high));
}

/** Whether low < z < high. */
// @ts-ignore: decorator
@inline
function between(z: v128, low: f32, high: f32): v128 {
  return v128.and(f32x4.gt(z, splat(low)), f32x4.lt(z, splat(high)));
}

/**
 * `value`, but NaN where z is NaN. Every comparison with NaN is false, so `value` alone would hide the NaN.
 */
// @ts-ignore: decorator
@inline
function orNaN(z: v128, value: v128): v128 {
  return select(f32x4.eq(z, z), value, z);
}

/**
 * ½(1 + tanh(√(2/π)(z + 0.044715 z³))) as the sigmoid to which it is equal: 2√(2/π) = 1.59576912, times
 * 0.044715 = 0.0713548163.
 */
function tanhGate(z: v128): v128 {
  return sigmoid(f32x4.mul(z, madd(f32x4.mul(z, z), splat(0.0713548163), splat(1.59576912))));
}

/** Left of −120, z·gate(z) is 0 in float32; the bound avoids −∞·0. */
// @ts-ignore: decorator
@inline
function leftTail(z: v128): v128 {
  return f32x4.max(z, splat(-120));
}

/** Beyond ±120 every gate is flat in float32; the bounds avoid ∞·0. */
// @ts-ignore: decorator
@inline
function bothTails(z: v128): v128 {
  return clamp(z, -120, 120);
}
