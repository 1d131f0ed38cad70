import { cos } from '../../elementary.js';
import { normalQuantile, PURPOSE, Stream } from '../../random.js';

/** Positions and noise come from streams of their own: the same points with and without noise. */
const STREAM = { positions: 0, noise: 1 } as const;

export function positions(seed: number): Stream {
  return new Stream(seed, PURPOSE.problem, STREAM.positions);
}

/** Draws from the normal distribution with mean 0 and the given deviation. */
export function normalNoise(seed: number, deviation: number): () => number {
  const stream = new Stream(seed, PURPOSE.problem, STREAM.noise);
  return () => deviation * normalQuantile((stream.uint32() + 0.5) / 2 ** 32);
}

export const sin = (x: number): number => cos(x - Math.PI / 2);
