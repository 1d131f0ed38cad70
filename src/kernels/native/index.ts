/**
 * `--kernels native` multiplies matrices with a library of the system, if there is one that passes its tests.
 */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { UsageError } from '../../errors.js';
import type { Precision } from '../bfloat16.js';
import { koffiProblem } from '../foreign.js';
import { toBfloat16 } from '../reference/bfloat16.js';
import { installHint, libraryCandidates } from './discover.js';
import { bindLibrary, type NativeLibrary, openLibrary } from './library.js';
import { type Operands, TEST_BYTES, testGemm } from './selftest.js';

export { installHint } from './discover.js';
export { bindLibrary, type NativeLibrary } from './library.js';
export { bySize, nativeProducts, PART_STACK_BYTES } from './products.js';
export { withSignalsHeld } from './signals.js';

/** A library that the system keeps, and the reason if it cannot be used. */
interface SurveyedLibrary {
  readonly path: string;
  /** Null where it could not be opened. */
  readonly library: NativeLibrary | null;
  /** Null where it can be used. */
  readonly refused: string | null;
}

/** The outcome of a search for a library. */
interface Search {
  /** The best library that works. */
  readonly library: NativeLibrary | null;
  /** Why there is none, and what would help, in one line. */
  readonly why: string;
  /** Whether a library was refused that was asked for or should have worked: the user should hear of it. */
  readonly refused: boolean;
}

/** Looks for the library at `path`, or for the first one that works among those that this system keeps. */
export function searchLibrary(
  path: string | undefined,
  precision: Precision,
  candidates = libraryCandidates(),
): Search {
  const none = (why: string, refused = true): Search => ({ library: null, why, refused });
  const problem = koffiProblem();
  if (problem !== null) return none(problem);
  if (path !== undefined) {
    const { library, refused } = examine(path, precision);
    return refused === null ? { library, why: '', refused: false } : none(`--native-library: ${refused}`);
  }
  const failed: SurveyedLibrary[] = [];
  for (const surveyed of survey(candidates, precision)) {
    if (surveyed.refused === null) return { library: surveyed.library, why: '', refused: false };
    failed.push(surveyed);
  }
  const needed = precision === 'bf16' ? 'oneDNN with bfloat16' : 'oneDNN or CBLAS';
  const reasons = failed.map(({ refused }) => refused).join('; ');
  const why = `found no ${needed} that works here${reasons ? ` (${reasons})` : ''}`;
  // If oneDNN was refused on this CPU, installing oneDNN would not help.
  const install = failed.some(({ library }) => library?.interface === 'oneDNN') ? [] : [hint(precision)];
  return none([why, ...install].join('; '), failed.length > 0);
}

const hint = (precision: Precision) => installHint(undefined, undefined, precision);

/** Returns the library that `searchLibrary` finds. Throws UsageError in one line when there is none. */
export function findLibrary(path: string | undefined, precision: Precision): NativeLibrary {
  const { library, why } = searchLibrary(path, precision);
  if (!library) throw new UsageError(path === undefined ? `--kernels native: ${why}` : why);
  return library;
}

/**
 * Throws UsageError for a library that stands in a file and is none of those that this machine's own search
 * finds. Loading a library runs its code, and a run's folder or a configuration may come from anybody.
 * @param where the file or key that names it
 */
export function refuseNamedLibrary(path: unknown, where: string): void {
  if (path === undefined || libraryCandidates().includes(String(path))) return;
  throw new UsageError(
    `${where}: ${path} is not a library that this machine's own search finds, and to load it is to run its code; if you trust it, name it yourself with --native-library`,
  );
}

/** Returns every library that this system keeps, each once, the best first. */
export const surveyLibraries = (candidates = libraryCandidates()): SurveyedLibrary[] => [
  ...survey(candidates, 'f32'),
];

/** Examines the candidates that exist one after the other, leaving out further names of the same library. */
function* survey(candidates: readonly string[], precision: Precision): Generator<SurveyedLibrary> {
  const outcomes = new Set<string>();
  for (const path of candidates) {
    const surveyed = examine(path, precision);
    // A library has the same version, or is refused for the same reason, under each of its names.
    const outcome = `${surveyed.library?.version} ${surveyed.refused?.replaceAll(path, '')}`;
    if (isAbsent(surveyed) || outcomes.has(outcome)) continue;
    outcomes.add(outcome);
    yield surveyed;
  }
}

function examine(path: string, precision: Precision): SurveyedLibrary {
  let library: NativeLibrary | null = null;
  try {
    library = openLibrary(path);
    testLibrary(library, precision);
    return { path, library, refused: null };
  } catch (error) {
    return { path, library, refused: (error as Error).message };
  }
}

/**
 * Returns whether there simply is no such library: a name that the system's loader does not know, not a file
 * that exists but does not load.
 */
function isAbsent({ path, refused }: SurveyedLibrary): boolean {
  return refused?.startsWith('cannot load') === true && !(isAbsolute(path) && existsSync(path));
}

/** Throws Error in one line if the library does not multiply correctly in this precision. */
function testLibrary(library: NativeLibrary, precision: Precision): void {
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
