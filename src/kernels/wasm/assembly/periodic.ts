// The periodic embedding of numbers (reference/periodic.ts says what each function computes), four
// frequencies at a time. Shapes: x and dx [R,K], y and dy [R,N] with N = K + C·V, cosines and sines [R,C·F],
// w and b [C,F], a [C,V,F], c [C,V].
import { bound, stackArea } from './scratch';
import { storeCosAndSin } from './sine';
import { load, madd, splat, store, sumLanes } from './vector';

const TWO_PI: f32 = 6.283185307179586;

/** y = (x_j, c_j + a_j·cos θ_j for each of the C columns, the further inputs), θ_jf = 2π·w_jf·x_j + b_jf. */
export function periodic(
  y: usize, cosines: usize, sines: usize, x: usize, w: usize, b: usize, a: usize, c: usize, R: i32, K: i32, C: i32, F: i32, V: i32,
): void {
  for (let r = 0; r < R; r++) {
    for (let j = 0; j < C; j++) {
      const value = f32.load(x + (<usize>j << 2));
      const turns = splat(TWO_PI * value);
      const own = <usize>(j * F) << 2;
      f32.store(y, value);
      y += 4;
      for (let f = 0; f < F; f += 4) {
        const at = own + (<usize>f << 2), width = F - f;
        const angle = madd(turns, load(w + at, width, 0), load(b + at, width, 0));
        storeCosAndSin(cosines + at, sines + at, angle, width);
      }
      for (let v = 0; v < V; v++) {
        const row = a + (<usize>((j * V + v) * F) << 2);
        let sum = splat(0);
        for (let f = 0; f < F; f += 4) {
          const at = <usize>f << 2;
          sum = madd(load(row + at, F - f, 0), load(cosines + own + at, F - f, 0), sum);
        }
        f32.store(y, f32.load(c + (<usize>(j * V + v) << 2)) + sumLanes(sum));
        y += 4;
      }
    }
    const further = <usize>(K - C) << 2;
    memory.copy(y, x + (<usize>C << 2), further);
    y += further;
    x += <usize>K << 2;
    cosines += <usize>(C * F) << 2;
    sines += <usize>(C * F) << 2;
  }
}

/**
 * The gradients of w, b, a and c over the rows of `shards` shards. With `continued`, the rows of one shard
 * are added to what they hold.
 */
export function periodicGradients(
  dw: usize, db: usize, da: usize, dc: usize, dy: usize, cosines: usize, sines: usize, x: usize, a: usize,
  shards: i32, K: i32, C: i32, F: i32, V: i32, continued: bool,
): void {
  const N = K + C * V;
  for (let j = 0; j < C; j++) {
    const dv = dy + (<usize>(j * (V + 1) + 1) << 2);
    sumValues(dc + (<usize>(j * V) << 2), dv, N, shards, V, continued);
    for (let f = 0; f < F; f += 4) {
      const own = <usize>(j * F + f) << 2, values = <usize>(j * V * F + f) << 2;
      sumAngles(
        dw + own, db + own, da + values, dv, cosines + own, sines + own, x + (<usize>j << 2), a + values,
        shards, K, N, C * F, F, V, min(4, F - f), continued,
      );
    }
  }
}

/** dc[V] = Σ dv over the rows; a row of dv begins N floats after the one before. */
function sumValues(dc: usize, dv: usize, N: i32, shards: i32, V: i32, continued: bool): void {
  for (let v = 0; v < V; v += 4) {
    const width = min(4, V - v), dst = dc + (<usize>v << 2);
    let top = stackArea();
    for (let shard = 0; shard < shards; shard++) {
      let sum = continued ? load(dst, width, 0) : splat(0);
      for (let r = bound(shard); r < bound(shard + 1); r++) {
        sum = f32x4.add(sum, load(dv + (<usize>(r * N + v) << 2), width, 0));
      }
      v128.store(top, sum);
      top = addShard(top, 1, shard, shards);
    }
    store(dst, v128.load(stackArea()), width);
  }
}

/** The gradients that belong to up to four frequencies of a column: of w, b, and V rows of a. */
function sumAngles(
  dw: usize, db: usize, da: usize, dv: usize, cosines: usize, sines: usize, x: usize, a: usize,
  shards: i32, K: i32, N: i32, angles: i32, F: i32, V: i32, width: i32, continued: bool,
): void {
  const row = <usize>F << 2;
  let top = stackArea();
  for (let shard = 0; shard < shards; shard++) {
    let sumW = continued ? load(dw, width, 0) : splat(0);
    let sumB = continued ? load(db, width, 0) : splat(0);
    for (let v = 0; v < V; v++) {
      v128.store(top + (<usize>(v + 2) << 4), continued ? load(da + <usize>v * row, width, 0) : splat(0));
    }
    for (let r = bound(shard); r < bound(shard + 1); r++) {
      const at = <usize>(r * angles) << 2;
      const cosine = load(cosines + at, width, 0);
      let slope = splat(0);
      let sums = top + 32, values = a, gradient = dv + (<usize>(r * N) << 2);
      for (let v = 0; v < V; v++) {
        const change = v128.load32_splat(gradient);
        slope = madd(change, load(values, width, 0), slope);
        v128.store(sums, madd(change, cosine, v128.load(sums)));
        sums += 16;
        values += row;
        gradient += 4;
      }
      slope = f32x4.neg(f32x4.mul(slope, load(sines + at, width, 0)));
      sumB = f32x4.add(sumB, slope);
      sumW = madd(splat(TWO_PI * f32.load(x + (<usize>(r * K) << 2))), slope, sumW);
    }
    v128.store(top, sumW);
    v128.store(top, sumB, 16);
    top = addShard(top, V + 2, shard, shards);
  }
  const sums = stackArea();
  store(dw, v128.load(sums), width);
  store(db, v128.load(sums, 16), width);
  for (let v = 0; v < V; v++) store(da + <usize>v * row, v128.load(sums + (<usize>(v + 2) << 4)), width);
}

/**
 * Adds the sums of a shard, `count` vectors on top of the stack, to those below them that the tree joins them
 * with (shards.ts explains the order). Returns the place above.
 */
function addShard(top: usize, count: i32, shard: i32, shards: i32): usize {
  const level = <usize>count << 4;
  for (let additions = shard + 1 == shards ? popcnt(shard) : ctz(shard + 1); additions > 0; additions--) {
    const below = top - level;
    for (let i: usize = 0; i < level; i += 16) {
      v128.store(below + i, f32x4.add(v128.load(below + i), v128.load(top + i)));
    }
    top = below;
  }
  return top + level;
}

/** dx_j = dy_j − 2π·Σ_f w_jf·sin θ_jf·Σ_v a_jvf·dy_jv; the further inputs pass on their gradient. */
export function periodicInputGradient(
  dx: usize, dy: usize, sines: usize, w: usize, a: usize, R: i32, K: i32, C: i32, F: i32, V: i32,
): void {
  for (let r = 0; r < R; r++) {
    for (let j = 0; j < C; j++) {
      let sum = splat(0);
      for (let f = 0; f < F; f += 4) {
        let slope = splat(0);
        for (let v = 0; v < V; v++) {
          const value = load(a + (<usize>((j * V + v) * F + f) << 2), F - f, 0);
          slope = madd(v128.load32_splat(dy + (<usize>(v + 1) << 2)), value, slope);
        }
        const at = <usize>(j * F + f) << 2;
        slope = f32x4.mul(slope, load(sines + at, F - f, 0));
        sum = madd(slope, load(w + at, F - f, 0), sum);
      }
      f32.store(dx + (<usize>j << 2), f32.load(dy) - TWO_PI * sumLanes(sum));
      dy += <usize>(V + 1) << 2;
    }
    const further = <usize>(K - C) << 2;
    memory.copy(dx + (<usize>C << 2), dy, further);
    dy += further;
    dx += <usize>K << 2;
    sines += <usize>(C * F) << 2;
  }
}
