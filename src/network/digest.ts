import { createHash } from 'node:crypto';
import type { FloatArray } from '../kernels/kernels.js';
import type { ParameterLayout } from './layout.js';

/**
 * Returns the SHA-256 of all parameters in the layout's order, without the padding between them. Two
 * trainings that end with the same digest ended with the same bits.
 */
export function weightsSha256(layout: ParameterLayout, weights: FloatArray): string {
  const hash = createHash('sha256');
  for (const { offset, length } of layout.views) {
    const { buffer, byteOffset, byteLength } = weights.subarray(offset, offset + length);
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

/** The most members that a bag may have: all of them predict every row. */
export const MOST_MEMBERS = 1000;

/**
 * Returns the digest of a bag: the SHA-256 of its members' digests, as bytes and in order. A single network
 * has its own.
 */
export function membersSha256(digests: readonly string[]): string {
  if (digests.length === 1) return digests[0];
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(digest, 'hex');
  return hash.digest('hex');
}
