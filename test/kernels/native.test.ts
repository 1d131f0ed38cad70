/** What stands between a library and training: the self-test, and the trials of how it rounds. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Precision } from '#src/kernels/bfloat16.js';
import { installHint, libraryCandidates } from '#src/kernels/native/discover.js';
import type { Gemm } from '#src/kernels/native/gemm.js';
import { searchLibrary, surveyLibraries } from '#src/kernels/native/index.js';
import { bySize } from '#src/kernels/native/products.js';
import { TEST_BYTES, testGemm } from '#src/kernels/native/selftest.js';
import { createTrials } from '#src/kernels/native/trials.js';
import type { Products } from '#src/kernels/products.js';
import { toBfloat16 } from '#src/kernels/reference/bfloat16.js';
import { libraries, linearImplementations } from './implementations.js';

/** How a pretended library goes about it. */
interface Habits {
  /** the order in which K products are added, by the shape */
  readonly order?: (M: number, K: number) => 'up' | 'down';
  /** adds product by product to c instead of the whole at once */
  readonly ontoC?: boolean;
  readonly mistake?: 'transpose' | 'add' | 'beyond' | 'number';
}

/** A gemm in float32 on buffers at pretended addresses. */
function pretend({ order = () => 'up', ontoC = false, mistake }: Habits, buffer: ArrayBufferLike) {
  const places: { base: number; floats: Float32Array }[] = [{ base: 0, floats: new Float32Array(buffer) }];
  const at = (offset: number) => {
    const { base, floats } = places.findLast((place) => place.base <= offset)!;
    return { floats, index: (offset - base) / 4 };
  };
  const gemm: Gemm = (transposeA, transposeB, M, N, K, aAt, aRow, bAt, bRow, add, cAt, cRow) => {
    const [a, b, c] = [at(aAt), at(bAt), at(cAt)];
    const steps = Array.from({ length: K }, (_, k) => (order(M, K) === 'up' ? k : K - 1 - k));
    for (let i = 0; i < M; i++) {
      for (let j = 0; j < N; j++) {
        const to = c.index + i * cRow + j;
        const before = add && mistake !== 'add' ? c.floats[to] : 0;
        let sum = ontoC ? before : 0;
        for (const k of steps) {
          const left = a.floats[a.index + (transposeA ? k * aRow + i : i * aRow + k)];
          const right =
            b.floats[b.index + (transposeB && mistake !== 'transpose' ? j * bRow + k : k * bRow + j)];
          sum = Math.fround(sum + Math.fround(left * right));
        }
        c.floats[to] = ontoC ? sum : before + sum;
      }
      if (mistake === 'beyond') c.floats[c.index + i * cRow + N] = 0;
    }
    if (mistake === 'number' && K > 60) c.floats[c.index] += 0.01;
  };
  const offsetOf = (buffer: ArrayBuffer) => {
    places.push({ base: 2 ** 30 * places.length, floats: new Float32Array(buffer) });
    return places[places.length - 1].base;
  };
  return { gemm, offsetOf };
}

describe('the self-test', () => {
  const pages = Math.ceil(TEST_BYTES / 65536);
  const run = (mistake: Habits['mistake']) => {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { gemm } = pretend(mistake ? { mistake } : {}, memory.buffer);
    testGemm(gemm, 'sgemm of pretended.so', memory, {
      bytes: 4,
      round: Math.fround,
      write: (offset, values) => new Float32Array(memory.buffer, offset, values.length).set(values),
    });
  };

  it('lets a right product pass', () => {
    expect(() => run(undefined)).not.toThrow();
  });

  it.each(['transpose', 'add', 'beyond', 'number'] as const)('refuses one with a mistake (%s)', (mistake) => {
    expect(() => run(mistake)).toThrow(/^sgemm of pretended\.so is wrong: element \(\d+,\d+\) of a \[/);
  });
});

describe('trials', () => {
  /** b, the weights that are multiplied, lies at 0. */
  const weights = () =>
    Float32Array.from({ length: 2000 }, (_, i) => Math.fround(((i * 7919) % 1009) / 1009 - 0.4)).buffer;
  const trials = (habits: Habits, b = weights()) => createTrials(pretend(habits, b), 4);
  const shards = { bounds: Int32Array.of(0, 3, 6, 8), first: 0, last: 3 };

  it('rows may be taken together when the order of the additions does not depend on their number', () => {
    for (const transposeB of [false, true]) {
      expect(trials({}).keepsRowsApart(transposeB, false, shards, 5, 20, 0)).toBe(true);
      expect(trials({}).keepsRowsApart(transposeB, true, shards, 5, 20, 0)).toBe(true);
      const manyRows = trials({ order: (M) => (M > 4 ? 'down' : 'up') });
      expect(manyRows.keepsRowsApart(transposeB, false, shards, 5, 20, 0)).toBe(false);
      expect(manyRows.keepsRowsApart(transposeB, false, { ...shards, last: 1 }, 5, 20, 0)).toBe(true);
    }
  });

  it('a difference in the last shard alone, and in a single column, is seen', () => {
    const two = trials({ order: (M) => (M === 2 ? 'down' : 'up') });
    expect(two.keepsRowsApart(false, false, shards, 1, 20, 0)).toBe(false);
  });

  it('weights that are zeros tell nothing', () => {
    const zeros = new ArrayBuffer(8000);
    expect(trials({}, zeros).keepsRowsApart(false, false, shards, 5, 20, 0)).toBe(false);
    expect(trials({}, zeros).keepsRowsApart(false, true, shards, 5, 20, 0)).toBe(false);
  });

  it('a product stands for an addition of the tree only where c is added to in one rounding', () => {
    expect(trials({}).addsInOneRounding(4, 6, 9, 30, 40)).toBe(true);
    expect(trials({ ontoC: true }).addsInOneRounding(4, 6, 9, 30, 40)).toBe(false);
    expect(trials({ ontoC: true }).addsInOneRounding(1, 1, 2, 30, 40)).toBe(false);
  });

  it('are made once for each shape, and not for matrices beyond all bounds', () => {
    let calls = 0;
    const { gemm, offsetOf } = pretend({}, weights());
    const counted: Gemm = (...all) => {
      calls++;
      gemm(...all);
    };
    const { keepsRowsApart } = createTrials({ gemm: counted, offsetOf }, 4);
    keepsRowsApart(false, false, shards, 70, 20, 0);
    const once = calls;
    expect(once).toBeGreaterThan(0);
    keepsRowsApart(false, false, shards, 70, 20, 0);
    expect(calls).toBe(once);
    keepsRowsApart(false, true, shards, 70, 20, 0);
    expect(calls).toBe(2 * once);
    expect(keepsRowsApart(false, false, shards, 2 ** 24, 1, 0)).toBe(false);
    expect(calls).toBe(2 * once);
  });

  it('bfloat16 operands are those of float32 with the lower half cut off', () => {
    const seen: number[] = [];
    let buffer = new ArrayBuffer(0);
    const gemm: Gemm = (_a, _b, M, N, K, a, aRow) => {
      const halves = new Uint16Array(buffer, a, (M - 1) * aRow + K);
      seen.push(...new Float32Array(new Uint32Array([...halves].map((half) => half << 16)).buffer));
      expect(N).toBe(70);
    };
    const offsetOf = (made: ArrayBuffer) => {
      buffer = made;
      return 0;
    };
    createTrials({ gemm, offsetOf }, 2).keepsRowsApart(false, false, shards, 70, 20, 0);
    expect(new Set(seen).size).toBeGreaterThan(100);
    expect(seen.every((value) => Math.abs(value) <= 1 && toBfloat16(value) === value)).toBe(true);
  });
});

it('small layers by the first products, the others by the second', () => {
  const calls: string[] = [];
  const named = (name: string): Products => ({
    affine: () => calls.push(name),
    affineInputGradient: () => calls.push(name),
    affineWeightGradient: () => calls.push(name),
  });
  const products = bySize(named('small'), named('large'));
  const shards = { bounds: Int32Array.of(0, 1), first: 0, last: 1 };
  for (const [K, N] of [
    [64, 64],
    [64, 65],
  ]) {
    products.affine(0, 0, 0, 0, shards, K, N);
    products.affineInputGradient(0, 0, 0, shards, K, N);
    products.affineWeightGradient(0, 0, 0, shards, K, N, 'start');
  }
  expect(calls).toEqual(['small', 'small', 'small', 'large', 'large', 'large']);
});

describe('where libraries are', () => {
  it('oneDNN comes before CBLAS, a conda environment before the system', () => {
    const names = libraryCandidates('linux', {});
    const oneDnn = names.findIndex((name) => name.includes('dnnl'));
    expect(oneDnn).toBe(0);
    expect(names.findIndex((name) => name.includes('openblas'))).toBeGreaterThan(oneDnn);
    expect(libraryCandidates('darwin', {})).toContain(
      '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    );
    expect(libraryCandidates('aix', {})).toEqual([]);
  });

  it.each([
    ['ID=debian\nVERSION_ID="12"', /apt-get install libdnnl2/],
    ['ID=debian\nVERSION_ID="13"', /apt-get install libdnnl3/],
    ['ID=ubuntu\nVERSION_ID="22.04"', /libdnnl2/],
    ['ID=ubuntu\nVERSION_ID="24.04"', /libdnnl3/],
    ['ID=fedora', /dnf install onednn/],
    ['ID=manjaro\nID_LIKE=arch', /pacman -S onednn/],
    ['', /--native-library PATH/],
  ])('how to install one: %j', (release, hint) => {
    expect(installHint('linux', release)).toMatch(hint);
    expect(installHint('linux', release)).toMatch(/blas/i);
    expect(installHint('linux', release, 'bf16')).not.toMatch(/blas/i); // none multiplies bfloat16
    expect(installHint('darwin', release)).toBe('brew install onednn');
  });
});

describe('a search', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-search-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const broken = join(folder, 'libdnnl.so.3');
  writeFileSync(broken, 'no library');
  const search = (candidates: string[], precision: Precision = 'f32') =>
    searchLibrary(undefined, precision, candidates);

  it('that finds nothing says what to install; that is no news', () => {
    const found = search(['libnowhere.so', join(folder, 'absent.so')]);
    expect(found).toMatchObject({ library: null, refused: false });
    expect(found.why).toBe(`found no oneDNN or CBLAS that works here; ${installHint()}`);
    expect(surveyLibraries(['libnowhere.so'])).toEqual([]);
  });

  it('tells of a file that is there and does not load', () => {
    const found = search([broken]);
    expect(found).toMatchObject({ library: null, refused: true });
    expect(found.why).toContain(`works here (cannot load ${broken}: `);
    expect(surveyLibraries([broken])).toEqual([
      { path: broken, library: null, refused: expect.stringContaining('cannot load') },
    ]);
  });

  it.skipIf(libraries.length === 0)('takes the first that works', () => {
    const paths = libraries.map(({ path }) => path);
    expect(search([broken, ...paths])).toEqual({ library: libraries[0], why: '', refused: false });
    expect(surveyLibraries([broken, ...paths, ...paths]).map(({ path }) => path)).toEqual([broken, ...paths]);
  });

  const cblas = libraries.find((library) => library.interface === 'CBLAS' && isAbsolute(library.path));
  it.skipIf(!cblas)('tells once of a library with several names', () => {
    const alias = join(folder, 'alias.so');
    symlinkSync(cblas!.path, alias);
    expect(search([cblas!.path, alias], 'bf16').why).toBe(
      `found no oneDNN with bfloat16 that works here (${cblas!.version} multiplies no bfloat16); ${installHint(undefined, undefined, 'bf16')}`,
    );
  });

  it.for([
    ['oneDNN', 'libdnnl2'],
    ['CBLAS', 'libopenblas0-pthread'],
  ])('finds %s where all tests are to run; the contract is tested on it', ([name, debian], { skip }) => {
    const library = libraries.find((library) => library.interface === name);
    if (!library) skip(`no ${name} on this machine: apt-get install ${debian}`);
    expect(linearImplementations.map(({ label }) => label)).toContain(`native ${library!.version}`);
  });
});
