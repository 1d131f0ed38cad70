/**
 * The Sobol sequence with the direction numbers of Joe and Kuo (new-joe-kuo-6, SIAM J. Sci. Comput. 30, 2008;
 * BSD licence). Its points fill the unit cube more evenly than independent draws.
 */
import { DIRECTIONS } from './sobolnumbers.js';

const BITS = 32;

/** The most dimensions that there are direction numbers for. */
export const MOST_DIMENSIONS = DIRECTIONS.length + 1;

/** Returns the direction numbers v₁ … v₃₂ of a dimension, counted from 0, as 32-bit fractions. */
function directions(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  if (dimension === 0) {
    for (let i = 0; i < BITS; i++) v[i] = 2 ** (BITS - 1 - i);
    return v;
  }
  const [polynomial, ...initial] = DIRECTIONS[dimension - 1];
  const degree = initial.length;
  for (let i = 0; i < degree; i++) v[i] = initial[i] * 2 ** (BITS - 1 - i);
  for (let i = degree; i < BITS; i++) {
    // m_i = 2a₁m_{i−1} ⊕ … ⊕ 2^{s−1}a_{s−1}m_{i−s+1} ⊕ 2^s m_{i−s} ⊕ m_{i−s}, here as fractions v = m/2^i
    v[i] = v[i - degree] ^ (v[i - degree] >>> degree);
    for (let k = 1; k < degree; k++) if ((polynomial >>> (degree - k)) & 1) v[i] ^= v[i - k];
  }
  return v;
}

/**
 * Returns the first points of the sequence as 32-bit fractions, points[i·dimensions + d]. In the order of the
 * Gray code, point i + 1 differs from point i by the direction of the lowest zero bit of i.
 */
export function sobolPoints(count: number, dimensions: number): Uint32Array {
  const points = new Uint32Array(count * dimensions);
  for (let d = 0; d < dimensions; d++) {
    const v = directions(d);
    let x = 0;
    for (let i = 0; i < count; i++) {
      points[i * dimensions + d] = x;
      x = (x ^ v[31 - Math.clz32(~i & (i + 1))]) >>> 0;
    }
  }
  return points;
}
