/** Settings with variables of the environment. */
import { describe, expect, it } from 'vitest';
import { allocatorEnvironments, blasEnvironments, environmentWith, splitSetting } from './environment.mjs';

describe('the environment of a contestant', () => {
  it('words in capitals are variables, and all others belong to the command line', () => {
    expect(splitSetting('threads=1 OPENBLAS_CORETYPE=SkylakeX MALLOC_TOP_PAD_=64 precision=bf16')).toEqual({
      words: ['threads=1', 'precision=bf16'],
      variables: { OPENBLAS_CORETYPE: 'SkylakeX', MALLOC_TOP_PAD_: '64' },
    });
    expect(splitSetting('')).toEqual({ words: [], variables: {} });
  });

  it('loses what slows OpenBLAS, unless the setting has it', () => {
    const inherited = { PATH: '/bin', OPENBLAS_CORETYPE: 'Haswell', OPENBLAS_L2_SIZE: '256' };
    expect(environmentWith({}, inherited)).toEqual({ PATH: '/bin' });
    expect(environmentWith({ OPENBLAS_CORETYPE: 'SkylakeX' }, inherited)).toEqual({
      PATH: '/bin',
      OPENBLAS_CORETYPE: 'SkylakeX',
    });
  });

  it('has OpenBLAS kernels for AVX-512 only where the CPU has it', () => {
    expect(blasEnvironments(false)).toEqual(allocatorEnvironments());
    const [allocator, kernels, both] = blasEnvironments(true);
    expect([allocator]).toEqual(allocatorEnvironments());
    expect(splitSetting(both).variables).toEqual({
      ...splitSetting(kernels).variables,
      ...splitSetting(allocator).variables,
    });
    expect(Object.keys(splitSetting(allocator).variables)).toEqual([
      'MALLOC_TRIM_THRESHOLD_',
      'MALLOC_MMAP_THRESHOLD_',
      'MALLOC_TOP_PAD_',
    ]);
  });
});
