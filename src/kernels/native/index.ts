/** `--kernels native`: matrix products by a library of the system, if one is there that passes its tests. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { UsageError } from '../../errors.js';
import type { Precision } from '../bfloat16.js';
import { toBfloat16 } from '../reference/bfloat16.js';
import { installHint, libraryCandidates } from './discover.js';
import { bindLibrary, koffiProblem, type NativeLibrary, openLibrary } from './library.js';
import { type Operands, TEST_BYTES, testGemm } from './selftest.js';

export { installHint } from './discover.js';
export { bindLibrary, koffiProblem, type NativeLibrary } from './library.js';
export { bySize, nativeProducts, STRIP_BYTES } from './products.js';
export { undisturbed } from './signals.js';

/** A library that the system keeps, and why it cannot be used: null where it can. */
export interface SurveyedLibrary {
  readonly path: string;
  /** null: it does not even say what it is */
  readonly library: NativeLibrary | null;
  readonly refused: string | null;
}

/** What a search came to. */
export interface Search {
  /** the best that works */
  readonly library: NativeLibrary | null;
  /** why there is none, and what would help, in one line */
  readonly why: string;
  /** whether something was there that should have worked, or was asked for: to go without it is worth a line */
  readonly refused: boolean;
}

/** Looks for the library at `path`, or for the first that works of those that this system keeps. */
export function searchLibrary(
  path: string | undefined,
  precision: Precision,
  candidates = libraryCandidates(),
): Search {
  const none = (why: string, refused = true): Search => ({ library: null, why, refused });
  const problem = koffiProblem();
  if (problem !== null) return none(problem);
  if (path !== undefined) {
    const { library, refused } = examined(path, precision);
    return refused === null ? { library, why: '', refused: false } : none(`--native-library: ${refused}`);
  }
  const failed: SurveyedLibrary[] = [];
  for (const found of survey(candidates, precision)) {
    if (found.refused === null) return { library: found.library, why: '', refused: false };
    failed.push(found);
  }
  const needed = precision === 'bf16' ? 'oneDNN with bfloat16' : 'oneDNN or CBLAS';
  const reasons = failed.map(({ refused }) => refused).join('; ');
  const why = `found no ${needed} that works here${reasons ? ` (${reasons})` : ''}`;
  // another copy of a library that is not made for this CPU would be no better
  const install = failed.some(({ library }) => library?.interface === 'oneDNN') ? [] : [hint(precision)];
  return none([why, ...install].join('; '), failed.length > 0);
}

const hint = (precision: Precision) => installHint(undefined, undefined, precision);

/** The same. Throws UsageError in one line when there is none. */
export function findLibrary(path: string | undefined, precision: Precision): NativeLibrary {
  const { library, why } = searchLibrary(path, precision);
  if (!library) throw new UsageError(path === undefined ? `--kernels native: ${why}` : why);
  return library;
}

/** Every library that this system keeps, each once, the best first. */
export const surveyLibraries = (candidates = libraryCandidates()): SurveyedLibrary[] => [
  ...survey(candidates, 'f32'),
];

function* survey(candidates: readonly string[], precision: Precision): Generator<SurveyedLibrary> {
  const told = new Set<string>();
  for (const path of candidates) {
    const found = examined(path, precision);
    // a library goes by several names, and is as bad under each
    const words = `${found.library?.version} ${found.refused?.replaceAll(path, '')}`;
    if (isAbsent(found) || told.has(words)) continue;
    told.add(words);
    yield found;
  }
}

function examined(path: string, precision: Precision): SurveyedLibrary {
  let library: NativeLibrary | null = null;
  try {
    library = openLibrary(path);
    return { path, library: tested(library, precision), refused: null };
  } catch (error) {
    return { path, library, refused: (error as Error).message };
  }
}

/** Names that the system's loader does not know are no news; a file that is there and does not load is. */
function isAbsent({ path, refused }: SurveyedLibrary): boolean {
  return refused?.startsWith('cannot load') === true && !(isAbsolute(path) && existsSync(path));
}

/** The library itself, if it passes. Throws Error in one line. */
function tested(library: NativeLibrary, precision: Precision): NativeLibrary {
  const { path, version } = library;
  if (precision === 'bf16' && !library.bf16) {
    const here = library.interface === 'oneDNN' ? ' on this CPU' : '';
    throw new Error(`${version} multiplies no bfloat16${here}`);
  }
  const pages = Math.ceil(TEST_BYTES / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { sgemm, bf16gemm, signals } = bindLibrary(library, memory);
  signals.hold();
  try {
    if (precision === 'f32') testGemm(sgemm, `sgemm of ${path}`, memory, float32(memory));
    else testGemm(bf16gemm!, `bfloat16 gemm of ${path}`, memory, bfloat16(memory));
  } finally {
    signals.release();
  }
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
