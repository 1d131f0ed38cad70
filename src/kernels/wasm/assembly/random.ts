// Uniform draws by Threefry-2x32-20 (see src/random.ts), four blocks of the cipher at a time.
import { store } from './vector';

const PARITY: i32 = 0x1bd11bda;
/**
 * A block's second counter holds the layer's number above this many bits, and half the unit's number below.
 */
const UNIT_BITS: i32 = 20;

// @ts-ignore: decorator
@inline
function mix(x0: v128, x1: v128, r: i32): v128 {
  return v128.xor(v128.or(i32x4.shl(x1, r), i32x4.shr_u(x1, 32 - r)), x0);
}

/** u[R,N] in [0,1) on a grid of 2⁻²⁴. Row r draws with the counter row0 + r, and a block serves two units. */
export function uniform(u: usize, R: i32, N: i32, k0: i32, k1: i32, row0: i32, layer: i32): void {
  const k2 = PARITY ^ k0 ^ k1;
  const a = i32x4.splat(k0), b = i32x4.splat(k1), c = i32x4.splat(k2);
  const scale = f32x4.splat(<f32>(1.0 / 16777216.0));
  for (let r = 0; r < R; r++) {
    const first = i32x4.splat(row0 + r + k0);
    for (let n = 0; n < N; n += 8) {
      const base = (layer << UNIT_BITS) + (n >> 1) + k1;
      let x0 = first;
      let x1 = i32x4.add(i32x4.splat(base), i32x4(0, 1, 2, 3));
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 13); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 15);
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 26); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 6);
      x0 = i32x4.add(x0, b); x1 = i32x4.add(x1, i32x4.add(c, i32x4.splat(1)));
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 17); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 29);
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 16); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 24);
      x0 = i32x4.add(x0, c); x1 = i32x4.add(x1, i32x4.add(a, i32x4.splat(2)));
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 13); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 15);
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 26); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 6);
      x0 = i32x4.add(x0, a); x1 = i32x4.add(x1, i32x4.add(b, i32x4.splat(3)));
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 17); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 29);
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 16); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 24);
      x0 = i32x4.add(x0, b); x1 = i32x4.add(x1, i32x4.add(c, i32x4.splat(4)));
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 13); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 15);
      x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 26); x0 = i32x4.add(x0, x1); x1 = mix(x0, x1, 6);
      x0 = i32x4.add(x0, c); x1 = i32x4.add(x1, i32x4.add(a, i32x4.splat(5)));
      x0 = i32x4.shr_u(x0, 8);
      x1 = i32x4.shr_u(x1, 8);
      const at = u + (<usize>(r * N + n) << 2);
      store(at, f32x4.mul(f32x4.convert_i32x4_s(v128.shuffle<i32>(x0, x1, 0, 4, 1, 5)), scale), N - n);
      if (n + 4 < N) {
        store(at + 16, f32x4.mul(f32x4.convert_i32x4_s(v128.shuffle<i32>(x0, x1, 2, 6, 3, 7)), scale), N - n - 4);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function mixWord(x0: i32, x1: i32, r: i32): i32 {
  return rotl<i32>(x1, r) ^ x0;
}

/** Block (index, counter) of the cipher, as in src/random.ts: its first word is in the low half. */
function cipher(k0: i32, k1: i32, index: i32, counter: i32): u64 {
  let x0 = index + k0, x1 = counter + k1;
  let a = k1, b = PARITY ^ k0 ^ k1, c = k0;
  for (let group = 1; ; group += 2) {
    x0 += x1; x1 = mixWord(x0, x1, 13); x0 += x1; x1 = mixWord(x0, x1, 15);
    x0 += x1; x1 = mixWord(x0, x1, 26); x0 += x1; x1 = mixWord(x0, x1, 6);
    x0 += a; x1 += b + group;
    if (group == 5) break;
    x0 += x1; x1 = mixWord(x0, x1, 17); x0 += x1; x1 = mixWord(x0, x1, 29);
    x0 += x1; x1 = mixWord(x0, x1, 16); x0 += x1; x1 = mixWord(x0, x1, 24);
    x0 += b; x1 += c + group + 1;
    const held = a;
    a = c;
    c = b;
    b = held;
  }
  return <u64><u32>x0 | (<u64><u32>x1 << 32);
}

/** Shuffles whole numbers as `permute` of src/random.ts does, whose draws these are. */
export function permute(order: usize, count: i32, k0: i32, k1: i32, counter: i32): void {
  let block: u64 = 0;
  let draws = 0;
  for (let i = count - 1; i > 0; i--) {
    const n = <u32>(i + 1);
    const refused = (<u32>0 - n) % n; // 2³² mod n
    let draw: u32;
    do {
      if (draws & 1) block >>= 32;
      else block = cipher(k0, k1, draws >> 1, counter);
      draw = <u32>block;
      draws++;
    } while (draw < refused);
    const a = order + (<usize>i << 2), b = order + (<usize>(draw % n) << 2);
    const held = i32.load(a);
    i32.store(a, i32.load(b));
    i32.store(b, held);
  }
}
