/** Calls a system library; arrays in shared memory are passed as addresses. */
import { address, type ForeignFunction, foreignFunction, type LibraryHandle, loadKoffi } from '../foreign.js';
import type { WasmMemory } from '../wasm/types.js';
import { builtForAnother } from './elf.js';
import type { BoundGemm, Gemm } from './gemm.js';
import { NO_MASK, type SetMask, type SignalMask, signalMask } from './signals.js';

/** Describes a library. The description crosses to the workers, and each loads the library for itself. */
export interface NativeLibrary {
  readonly path: string;
  readonly interface: 'oneDNN' | 'CBLAS';
  /** The name and version that it gives itself. */
  readonly version: string;
  /** Whether it multiplies bfloat16 on this CPU. */
  readonly bf16: boolean;
}

/** A library's products on a shared memory. */
interface BoundLibrary {
  readonly sgemm: Gemm;
  readonly bf16gemm: Gemm | null;
  readonly offsetOf: BoundGemm['offsetOf'];
  /** Must be held while `sgemm` multiplies. */
  readonly signals: SignalMask;
}

/**
 * The environment variables that libraries, and the thread pools under them, read when they are loaded. Set
 * to 1, they keep a library to its caller's thread.
 */
const ONE_THREAD = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'GOTO_NUM_THREADS',
  'MKL_NUM_THREADS',
  'BLIS_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
];

/** The functions that set the number of threads once a library is loaded, for the calling thread. */
const THREAD_SETTERS = [
  'omp_set_num_threads',
  'openblas_set_num_threads',
  'MKL_Set_Num_Threads',
  'bli_thread_set_num_threads',
];

/**
 * Opens the library at a path. Throws Error in one line if the file cannot be loaded or is no library that
 * multiplies matrices.
 */
export function openLibrary(path: string): NativeLibrary {
  const library = load(path);
  if (foreignFunction(library, 'int dnnl_sgemm()')) {
    return {
      path,
      interface: 'oneDNN',
      version: oneDnnVersion(library),
      bf16: multipliesBfloat16(library),
    };
  }
  if (foreignFunction(library, 'void cblas_sgemm()')) {
    if (foreignFunction(library, 'int openblas_get_parallel()')?.() === 0) {
      throw new Error(
        `${path} is an OpenBLAS built without threads: it does not guard its buffers, so that calls from two workers at a time give wrong products`,
      );
    }
    return { path, interface: 'CBLAS', version: cblasVersion(library, path), bf16: false };
  }
  throw new Error(`${path} has neither dnnl_sgemm (oneDNN) nor cblas_sgemm (CBLAS)`);
}

/**
 * Returns whether oneDNN's bfloat16 product works here: the function always exists, but on x64 it needs
 * AVX-512.
 */
function multipliesBfloat16(library: LibraryHandle): boolean {
  if (!foreignFunction(library, `int ${BF16_GEMM}()`)) return false;
  const numbers = new ArrayBuffer(12);
  try {
    oneDnnGemm(library, BF16_GEMM, address(numbers))(false, false, 1, 1, 1, 0, 1, 4, 1, false, 8, 1);
    return true;
  } catch {
    return false;
  }
}

/** Binds a library's products to a shared memory, for the calling thread. */
export function bindLibrary(library: NativeLibrary, memory: WasmMemory): BoundLibrary {
  const handle = load(library.path);
  for (const setter of THREAD_SETTERS) foreignFunction(handle, `void ${setter}(int)`)?.(1);
  const threads = foreignFunction(handle, 'int omp_get_max_threads()')?.() ?? 1;
  if (threads !== 1) throw new Error(`${library.path} would use ${threads} threads in each worker`);
  const base = address(memory.buffer);
  const offsetOf = (buffer: ArrayBuffer) => address(buffer) - base;
  if (library.interface === 'CBLAS') {
    return { sgemm: cblasGemm(handle, base), bf16gemm: null, offsetOf, signals: NO_MASK };
  }
  return {
    sgemm: oneDnnGemm(handle, 'dnnl_sgemm', base),
    bf16gemm: library.bf16 ? oneDnnGemm(handle, BF16_GEMM, base) : null,
    offsetOf,
    signals: threadSignals(),
  };
}

function load(path: string): LibraryHandle {
  for (const name of ONE_THREAD) process.env[name] = '1'; // a worker has its own copy of the environment
  const { load } = loadKoffi();
  try {
    return load(path);
  } catch (error) {
    const why = builtForAnother(path) ?? (error as Error).message.split('\n')[0];
    throw new Error(`cannot load ${path}: ${why}`);
  }
}

function threadSignals(): SignalMask {
  const setMask = foreignFunction(loadKoffi().load(null), 'int pthread_sigmask(int, uintptr_t, uintptr_t)');
  return setMask ? signalMask(setMask as SetMask, address) : NO_MASK;
}

const BF16_GEMM = 'dnnl_gemm_bf16bf16f32';

function oneDnnGemm(library: LibraryHandle, name: string, base: number): Gemm {
  const [D, P] = ['int64_t', 'uintptr_t']; // dnnl_dim_t and an address
  const gemm: ForeignFunction = library.func(
    `int ${name}(char, char, ${D}, ${D}, ${D}, float, ${P}, ${D}, ${P}, ${D}, float, ${P}, ${D})`,
  );
  const [yes, no] = ['T', 'N'].map((letter) => letter.charCodeAt(0));
  return (transposeA, transposeB, M, N, K, a, aRow, b, bRow, add, c, cRow) => {
    const [opA, opB] = [transposeA ? yes : no, transposeB ? yes : no];
    const status = gemm(opA, opB, M, N, K, 1, base + a, aRow, base + b, bRow, add ? 1 : 0, base + c, cRow);
    if (status !== 0) throw new Error(`${name} failed with status ${status}`);
  };
}

const ROW_MAJOR = 101;
const [NO_TRANSPOSE, TRANSPOSE] = [111, 112];

function cblasGemm(library: LibraryHandle, base: number): Gemm {
  const P = 'uintptr_t';
  const gemm: ForeignFunction = library.func(
    `void cblas_sgemm(int, int, int, int, int, int, float, ${P}, int, ${P}, int, float, ${P}, int)`,
  );
  return (transposeA, transposeB, M, N, K, a, aRow, b, bRow, add, c, cRow) => {
    const [opA, opB] = [transposeA ? TRANSPOSE : NO_TRANSPOSE, transposeB ? TRANSPOSE : NO_TRANSPOSE];
    gemm(ROW_MAJOR, opA, opB, M, N, K, 1, base + a, aRow, base + b, bRow, add ? 1 : 0, base + c, cRow);
  };
}

function oneDnnVersion(library: LibraryHandle): string {
  const { decode } = loadKoffi();
  const [major, minor, patch] = decode(library.func('void *dnnl_version()')(), 'int', 3) as number[];
  return `oneDNN ${major}.${minor}.${patch}`;
}

function cblasVersion(library: LibraryHandle, path: string): string {
  const config = foreignFunction(library, 'str openblas_get_config()')?.() as unknown as string | undefined;
  return config?.split(/\s+/).slice(0, 2).join(' ') ?? `CBLAS of ${path}`;
}
