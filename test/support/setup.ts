/** Before all tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseKernels } from '#src/kernels/choose.js';

/**
 * Kernels `auto` go by a measurement, which is kept in the cache. It is made here, once and in a cache of the tests' own:
 * otherwise two processes that a test compares could each measure for themselves, and take kernels of other bits.
 */
export default function setup(): () => void {
  const cache = mkdtempSync(join(tmpdir(), 'gradpool-cache-'));
  process.env.XDG_CACHE_HOME = cache;
  chooseKernels({ kernels: 'auto', precision: 'f32' });
  return () => rmSync(cache, { recursive: true });
}
