// The element-wise steps of SGD, Adam and AdamW as PyTorch defines them, four parameters at a time.
import { load, madd, splat, store } from './vector';

/** v = 0: without momentum. */
export function sgd(
  w: usize, g: usize, v: usize, count: i32, lr: f64, momentum: f64, nesterov: bool, weightDecay: f64, gradientScale: f64,
): void {
  const rate = splat(<f32>-lr), mu = splat(<f32>momentum), decay = splat(<f32>weightDecay), scale = splat(<f32>gradientScale);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2, n = count - i;
    const weight = load(w + at, n, 0);
    const gradient = madd(decay, weight, f32x4.mul(load(g + at, n, 0), scale));
    let direction = gradient;
    if (v != 0) {
      const velocity = madd(mu, load(v + at, n, 0), gradient);
      store(v + at, velocity, n);
      direction = nesterov ? madd(mu, velocity, gradient) : velocity;
    }
    store(w + at, madd(rate, direction, weight), n);
  }
}

/** `decoupled`: AdamW, whose decay shrinks the weights and stays out of the moments. */
export function adam(
  w: usize, g: usize, m: usize, v: usize, count: i32, lr: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64,
  decoupled: bool, correction1: f64, correction2: f64, gradientScale: f64,
): void {
  const scale = splat(<f32>gradientScale);
  const decay = splat(decoupled ? 0 : <f32>weightDecay), shrink = splat(decoupled ? <f32>(1 - lr * weightDecay) : 1);
  const b1 = splat(<f32>beta1), rest1 = splat(<f32>(1 - beta1));
  const b2 = splat(<f32>beta2), rest2 = splat(<f32>(1 - beta2));
  const rate = splat(<f32>(-lr / correction1)), root = splat(<f32>sqrt(correction2)), epsilon = splat(<f32>eps);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2, n = count - i;
    const weight = load(w + at, n, 0);
    const gradient = madd(decay, weight, f32x4.mul(load(g + at, n, 0), scale));
    const mean = madd(rest1, gradient, f32x4.mul(b1, load(m + at, n, 0)));
    const square = madd(f32x4.mul(rest2, gradient), gradient, f32x4.mul(b2, load(v + at, n, 0)));
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(square), root), epsilon);
    store(m + at, mean, n);
    store(v + at, square, n);
    store(w + at, madd(rate, f32x4.div(mean, denominator), f32x4.mul(shrink, weight)), n);
  }
}
