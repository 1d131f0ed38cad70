/** Which instruction sets a processor and its system have, from what CPUID and XGETBV say. */
import { expect, it } from 'vitest';
import { amxOf, narrowingOf, setsOf } from '#src/kernels/jit/cpu.js';

const [FMA, OSXSAVE, AVX] = [1 << 12, 1 << 27, 1 << 28];
const [AVX2, AVX512F] = [1 << 5, 1 << 16];
const EVERYTHING = { leaves: 7, first: FMA | OSXSAVE | AVX, seventh: AVX2 | AVX512F, saved: 0xe7 };

it.each([
  ['everything', {}, ['avx512', 'avx2']],
  ['no AVX-512', { seventh: AVX2 }, ['avx2']],
  ['a system that saves no registers of AVX-512', { saved: 0x7 }, ['avx2']],
  ['a system that saves the masks alone', { saved: 0x27 }, ['avx2']],
  ['a system that saves no registers of AVX', { saved: 0x3 }, []],
  ['a system that does not tell what it saves', { first: FMA | AVX }, []],
  ['no AVX2', { seventh: 0 }, []],
  ['no FMA', { first: OSXSAVE | AVX }, []],
  ['too few leaves', { leaves: 6 }, []],
])('%s', (_, change, sets) => {
  const { leaves, first, seventh, saved } = { ...EVERYTHING, ...change };
  const found = setsOf((instruction, leaf) => {
    if (instruction === 'cpuid') return { 0: [leaves], 1: [0, 0, first], 7: [0, seventh] }[leaf]!;
    // Without it, the instruction would end the process.
    expect(first & OSXSAVE).toBeTruthy();
    return [saved];
  });
  expect(found).toEqual(sets);
});

const BF16 = 1 << 5;
const NARROWING = { seventh: AVX2 | AVX512F | (1 << 30), subleaves: 1, further: BF16 };

it.each([
  ['everything', {}, true],
  ['no bfloat16', { further: 0xffffffff & ~BF16 }, false],
  ['no leaf that tells', { subleaves: 0 }, false],
  ['no instructions on words', { seventh: AVX2 | AVX512F }, false],
  ['no AVX-512', { seventh: AVX2 | (1 << 30) }, false],
  ['a system that saves no registers of AVX-512', { saved: 0x7 }, false],
])('AVX512_BF16 where there is %s', (_, change, has) => {
  const { leaves, first, seventh, saved, subleaves, further } = { ...EVERYTHING, ...NARROWING, ...change };
  const found = narrowingOf((instruction, leaf, subleaf) => {
    if (instruction === 'xgetbv') return [saved];
    if (leaf === 7) return subleaf === 0 ? [subleaves, seventh] : [further];
    return leaf === 0 ? [leaves] : [0, 0, first];
  });
  expect(found).toBe(has);
});

const AMX = { leaves: 0x1d, saved: 0x600e7, edx: (1 << 22) | (1 << 24), tiles: 64 | (8 << 16), rows: 16 };

it.each([
  ['everything', {}, true],
  ['no bfloat16 for tiles', { edx: 1 << 24 }, false],
  ['no tiles', { edx: 1 << 22 }, false],
  ['a system that does not save their sizes', { saved: 0x400e7 }, false],
  ['a system that does not save them', { saved: 0x200e7 }, false],
  ['no leaf that describes them', { leaves: 7 }, false],
  ['fewer tiles', { tiles: 64 | (4 << 16) }, false],
  ['shorter rows', { tiles: 32 | (8 << 16) }, false],
  ['fewer rows', { rows: 8 }, false],
  ['no AVX512_BF16', { further: 0 }, false],
])('AMX where there is %s', (_, change, has) => {
  const { first, seventh, subleaves, further, ...given } = {
    ...{ ...EVERYTHING, ...NARROWING },
    ...{ ...AMX, ...change },
  };
  const found = amxOf((instruction, leaf, subleaf) => {
    if (instruction === 'xgetbv') return [given.saved];
    if (leaf === 7) return subleaf === 0 ? [subleaves, seventh, 0, given.edx] : [further];
    if (leaf === 0x1d) return [0, given.tiles, given.rows];
    return leaf === 0 ? [given.leaves] : [0, 0, first];
  });
  expect(found).toBe(has);
});
