/** Runs once before all tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseKernels } from '#src/kernels/choose.js';

/**
 * Lets `--kernels auto` measure once, into a cache of the tests' own. Otherwise two processes that a test
 * compares could each measure for themselves, choose different kernels, and end in different bits.
 */
export default function setup(): () => void {
  const cache = mkdtempSync(join(tmpdir(), 'gradpool-cache-'));
  process.env.XDG_CACHE_HOME = cache;
  chooseKernels({ kernels: 'auto', precision: 'f32' });
  return () => rmSync(cache, { recursive: true });
}
