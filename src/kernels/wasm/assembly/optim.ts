// The element-wise steps of the update rules, four parameters at a time; reference/optim.ts says what each
// computes. `count` is a multiple of 4: to check at every load whether four are left would cost more than the
// step itself, so the host handles the last few parameters separately (../index.ts).
import { SMALLEST_NORMAL } from './math';
import { madd, select, splat } from './vector';

/** g·scale + λw */
// @ts-ignore: decorator
@inline
function gradientOf(g: usize, scale: v128, decay: v128, weight: v128): v128 {
  return madd(decay, weight, f32x4.mul(v128.load(g), scale));
}

/** decay·mean + rest·x */
// @ts-ignore: decorator
@inline
function average(decay: v128, mean: v128, rest: v128, x: v128): v128 {
  return madd(rest, x, f32x4.mul(decay, mean));
}

/** What a slot keeps of an average: 0 for subnormal numbers (../../reference/optim.ts says why), and −0. */
// @ts-ignore: decorator
@inline
function settled(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), splat(SMALLEST_NORMAL)));
}

/** 1, 0 or −1, lane by lane. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const zero = splat(0);
  return v128.or(v128.and(f32x4.gt(x, zero), splat(1)), v128.and(f32x4.lt(x, zero), splat(-1)));
}

/** v = 0 stands for no momentum. Two vectors per turn take two thirds of the time of one. */
export function sgd(
  w: usize, g: usize, v: usize, count: i32, lr: f64, momentum: f64, nesterov: bool, weightDecay: f64, gradientScale: f64,
): void {
  const rate = splat(<f32>-lr), mu = splat(<f32>momentum), decay = splat(<f32>weightDecay), scale = splat(<f32>gradientScale);
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at + 32 <= end; at += 32) {
    sgdStep(at, w, g, v, rate, mu, nesterov, decay, scale);
    sgdStep(at + 16, w, g, v, rate, mu, nesterov, decay, scale);
  }
  if (at < end) sgdStep(at, w, g, v, rate, mu, nesterov, decay, scale);
}

// @ts-ignore: decorator
@inline
function sgdStep(at: usize, w: usize, g: usize, v: usize, rate: v128, mu: v128, nesterov: bool, decay: v128, scale: v128): void {
  const weight = v128.load(w + at);
  const gradient = gradientOf(g + at, scale, decay, weight);
  let direction = gradient;
  if (v != 0) {
    const velocity = madd(mu, v128.load(v + at), gradient);
    v128.store(v + at, settled(velocity));
    direction = nesterov ? madd(mu, velocity, gradient) : velocity;
  }
  v128.store(w + at, madd(rate, direction, weight));
}

/**
 * largest = 0 stands for a denominator made of v itself, not of the largest v so far (AMSGrad). Two vectors
 * per turn take half the time of one.
 */
export function adam(
  w: usize, g: usize, m: usize, v: usize, largest: usize, count: i32, lr: f64, gradientShare: f64, beta1: f64, beta2: f64,
  root: f64, eps: f64, weightDecay: f64, shrink: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), decay = splat(<f32>weightDecay), kept = splat(<f32>shrink);
  const b1 = splat(<f32>beta1), rest1 = splat(<f32>(1 - beta1));
  const b2 = splat(<f32>beta2), rest2 = splat(<f32>(1 - beta2));
  const rate = splat(<f32>-lr), share = splat(<f32>gradientShare), inverse = splat(<f32>(1 / root)), epsilon = splat(<f32>eps);
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at + 32 <= end; at += 32) {
    adamStep(at, w, g, m, v, largest, scale, decay, kept, b1, rest1, b2, rest2, rate, share, inverse, epsilon);
    adamStep(at + 16, w, g, m, v, largest, scale, decay, kept, b1, rest1, b2, rest2, rate, share, inverse, epsilon);
  }
  if (at < end) adamStep(at, w, g, m, v, largest, scale, decay, kept, b1, rest1, b2, rest2, rate, share, inverse, epsilon);
}

// @ts-ignore: decorator
@inline
function adamStep(
  at: usize, w: usize, g: usize, m: usize, v: usize, largest: usize, scale: v128, decay: v128, kept: v128, b1: v128, rest1: v128,
  b2: v128, rest2: v128, rate: v128, share: v128, inverse: v128, epsilon: v128,
): void {
  const weight = v128.load(w + at);
  const gradient = gradientOf(g + at, scale, decay, weight);
  const mean = average(b1, v128.load(m + at), rest1, gradient);
  let square = madd(f32x4.mul(rest2, gradient), gradient, f32x4.mul(b2, v128.load(v + at)));
  v128.store(m + at, settled(mean));
  v128.store(v + at, settled(square));
  if (largest != 0) {
    square = f32x4.max(square, v128.load(largest + at));
    v128.store(largest + at, square);
  }
  const denominator = madd(f32x4.sqrt(square), inverse, epsilon);
  const direction = f32x4.div(madd(share, gradient, mean), denominator);
  v128.store(w + at, madd(rate, direction, f32x4.mul(kept, weight)));
}

export function adagrad(
  w: usize, g: usize, sum: usize, count: i32, lr: f64, eps: f64, weightDecay: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), decay = splat(<f32>weightDecay);
  const rate = splat(<f32>-lr), epsilon = splat(<f32>eps);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const weight = v128.load(w + at);
    const gradient = gradientOf(g + at, scale, decay, weight);
    const squares = madd(gradient, gradient, v128.load(sum + at));
    v128.store(sum + at, squares);
    v128.store(w + at, madd(rate, f32x4.div(gradient, f32x4.add(f32x4.sqrt(squares), epsilon)), weight));
  }
}

export function adadelta(
  w: usize, g: usize, square: usize, change: usize, count: i32, lr: f64, rho: f64, eps: f64, weightDecay: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), decay = splat(<f32>weightDecay);
  const kept = splat(<f32>rho), rest = splat(<f32>(1 - rho)), rate = splat(<f32>-lr), epsilon = splat(<f32>eps);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const weight = v128.load(w + at);
    const gradient = gradientOf(g + at, scale, decay, weight);
    const squares = average(kept, v128.load(square + at), rest, f32x4.mul(gradient, gradient));
    const changes = v128.load(change + at);
    const ratio = f32x4.div(f32x4.sqrt(f32x4.add(changes, epsilon)), f32x4.sqrt(f32x4.add(squares, epsilon)));
    const delta = f32x4.mul(ratio, gradient);
    v128.store(square + at, settled(squares));
    v128.store(change + at, settled(average(kept, changes, rest, f32x4.mul(delta, delta))));
    v128.store(w + at, madd(rate, delta, weight));
  }
}

/** mean = 0 stands for not centered, v = 0 for no momentum. */
export function rmsprop(
  w: usize, g: usize, square: usize, mean: usize, v: usize, count: i32, lr: f64, alpha: f64, eps: f64, momentum: f64,
  weightDecay: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), decay = splat(<f32>weightDecay), mu = splat(<f32>momentum);
  const kept = splat(<f32>alpha), rest = splat(<f32>(1 - alpha)), rate = splat(<f32>-lr), epsilon = splat(<f32>eps);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const weight = v128.load(w + at);
    const gradient = gradientOf(g + at, scale, decay, weight);
    let variance = average(kept, v128.load(square + at), rest, f32x4.mul(gradient, gradient));
    v128.store(square + at, settled(variance));
    if (mean != 0) {
      const centre = average(kept, v128.load(mean + at), rest, gradient);
      v128.store(mean + at, settled(centre));
      variance = f32x4.max(splat(0), f32x4.sub(variance, f32x4.mul(centre, centre)));
    }
    let direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(variance), epsilon));
    if (v != 0) {
      direction = madd(mu, v128.load(v + at), direction);
      v128.store(v + at, settled(direction));
    }
    v128.store(w + at, madd(rate, direction, weight));
  }
}

export function adamax(
  w: usize, g: usize, m: usize, largest: usize, count: i32, lr: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64,
  gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), decay = splat(<f32>weightDecay), rate = splat(<f32>-lr);
  const b1 = splat(<f32>beta1), rest1 = splat(<f32>(1 - beta1)), b2 = splat(<f32>beta2), epsilon = splat(<f32>eps);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const weight = v128.load(w + at);
    const gradient = gradientOf(g + at, scale, decay, weight);
    const mean = average(b1, v128.load(m + at), rest1, gradient);
    const faded = f32x4.mul(b2, v128.load(largest + at));
    const magnitude = f32x4.max(faded, f32x4.add(f32x4.abs(gradient), epsilon));
    v128.store(m + at, settled(mean));
    v128.store(largest + at, magnitude);
    v128.store(w + at, madd(rate, f32x4.div(mean, magnitude), weight));
  }
}

export function lion(
  w: usize, g: usize, m: usize, count: i32, lr: f64, beta1: f64, beta2: f64, shrink: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), kept = splat(<f32>shrink), rate = splat(<f32>-lr);
  const b1 = splat(<f32>beta1), rest1 = splat(<f32>(1 - beta1));
  const b2 = splat(<f32>beta2), rest2 = splat(<f32>(1 - beta2));
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const gradient = f32x4.mul(v128.load(g + at), scale);
    const mean = v128.load(m + at);
    const direction = sign(average(b1, mean, rest1, gradient));
    v128.store(m + at, settled(average(b2, mean, rest2, gradient)));
    v128.store(w + at, madd(rate, direction, f32x4.mul(kept, v128.load(w + at))));
  }
}

export function rprop(
  w: usize, g: usize, before: usize, size: usize, count: i32, etaMinus: f64, etaPlus: f64, smallest: f64, largest: f64,
  weightDecay: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale), decay = splat(<f32>weightDecay), zero = splat(0);
  const slower = splat(<f32>etaMinus), faster = splat(<f32>etaPlus), least = splat(<f32>smallest), most = splat(<f32>largest);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const weight = v128.load(w + at);
    const gradient = gradientOf(g + at, scale, decay, weight);
    const agreement = f32x4.mul(sign(gradient), sign(v128.load(before + at)));
    const turned = f32x4.lt(agreement, zero);
    const factor = select(turned, slower, select(f32x4.gt(agreement, zero), faster, splat(1)));
    const step = f32x4.min(most, f32x4.max(least, f32x4.mul(v128.load(size + at), factor)));
    const counted = v128.andnot(gradient, turned);
    v128.store(size + at, step);
    v128.store(before + at, counted);
    v128.store(w + at, f32x4.sub(weight, f32x4.mul(sign(counted), step)));
  }
}

/** Changes g and leaves w as it is. */
export function regularize(w: usize, g: usize, count: i32, clipValue: f64, l1: f64, gradientScale: f64): void {
  const scale = splat(<f32>gradientScale), most = splat(<f32>clipValue), least = splat(<f32>-clipValue), lambda = splat(<f32>l1);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const clipped = f32x4.min(most, f32x4.max(least, f32x4.mul(v128.load(g + at), scale)));
    v128.store(g + at, madd(lambda, sign(v128.load(w + at)), clipped));
  }
}
