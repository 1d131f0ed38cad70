/** Draws the positions and the noise of built-in problems. */
import { cos } from '../../elementary.js';
import { normalQuantile, PURPOSE, Stream } from '../../random.js';

/** Positions and noise come from different streams, so the points are the same with and without noise. */
const STREAM = { positions: 0, noise: 1 } as const;

/** Returns the random stream from which positions are drawn. */
export function positions(seed: number): Stream {
  return new Stream(seed, PURPOSE.problem, STREAM.positions);
}

/**
 * Returns a function that draws from the normal distribution with mean 0 and the given standard deviation.
 */
export function normalNoise(seed: number, deviation: number): () => number {
  const stream = new Stream(seed, PURPOSE.problem, STREAM.noise);
  return () => deviation * normalQuantile((stream.uint32() + 0.5) / 2 ** 32);
}

/** Computes the sine through our cosine, which has the same bits on every machine. */
export const sin = (x: number): number => cos(x - Math.PI / 2);
