/** `--kernels native`: matrix products by a library of the system, if one is there that passes its tests. */
import { UsageError } from '../../errors.js';
import type { Precision } from '../bfloat16.js';
import { toBfloat16 } from '../reference/bfloat16.js';
import { installHint, libraryCandidates } from './discover.js';
import { bindLibrary, type NativeLibrary, openLibrary } from './library.js';
import { type Operands, TEST_BYTES, testGemm } from './selftest.js';

export { installHint } from './discover.js';
export { bindLibrary, type NativeLibrary } from './library.js';
export { bySize, nativeProducts, STRIP_BYTES } from './products.js';

/**
 * The library at `path`, or the first of those that this system keeps; tested. Throws UsageError in one line when there is
 * none, saying of the one that was asked for what is wrong with it, and how to get one.
 */
export function findLibrary(path: string | undefined, precision: Precision): NativeLibrary {
  if (path !== undefined) {
    try {
      return tested(path, precision);
    } catch (error) {
      throw new UsageError(`--native-library: ${(error as Error).message}`);
    }
  }
  const failures = new Set<string>();
  for (const candidate of libraryCandidates()) {
    try {
      return tested(candidate, precision);
    } catch (error) {
      const { message } = error as Error;
      if (!message.startsWith('cannot load')) failures.add(message); // not being there is no news
    }
  }
  const why = failures.size > 0 ? ` (${[...failures].join('; ')})` : '';
  const needed = precision === 'bf16' ? 'oneDNN with bfloat16' : 'oneDNN or a CBLAS';
  throw new UsageError(`--kernels native: found no ${needed} that works here${why}; ${installHint()}`);
}

/** A library that the system keeps, and why it cannot be used: null where it can. */
export interface SurveyedLibrary {
  readonly path: string;
  /** null: it does not even say what it is */
  readonly library: NativeLibrary | null;
  readonly refused: string | null;
}

/** Every library that this system keeps, each once, the best first. */
export function surveyLibraries(): SurveyedLibrary[] {
  const found = new Map<string, SurveyedLibrary>();
  for (const path of libraryCandidates()) {
    let library: NativeLibrary | null = null;
    let refused: string | null = null;
    try {
      library = openLibrary(path);
      tested(path, 'f32');
    } catch (error) {
      refused = (error as Error).message;
      if (refused.startsWith('cannot load')) continue; // not there
    }
    const key = library?.version ?? refused!;
    if (!found.has(key)) found.set(key, { path, library, refused });
  }
  return [...found.values()];
}

function tested(path: string, precision: Precision): NativeLibrary {
  const library = openLibrary(path);
  if (precision === 'bf16' && !library.bf16) throw new Error(`${path} multiplies no bfloat16`);
  const pages = Math.ceil(TEST_BYTES / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { sgemm, bf16gemm } = bindLibrary(library, memory);
  if (precision === 'f32') testGemm(sgemm, `sgemm of ${path}`, memory, float32(memory));
  else testGemm(bf16gemm!, `bfloat16 gemm of ${path}`, memory, bfloat16(memory));
  return library;
}

const float32 = ({ buffer }: WebAssembly.Memory): Operands => ({
  bytes: 4,
  round: Math.fround,
  write: (offset, values) => new Float32Array(buffer, offset, values.length).set(values),
});

const bfloat16 = ({ buffer }: WebAssembly.Memory): Operands => ({
  bytes: 2,
  round: toBfloat16,
  write(offset, values) {
    const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
    new Uint16Array(buffer, offset, values.length).set(patterns.map((pattern) => pattern >>> 16));
  },
});
