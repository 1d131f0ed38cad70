/** Finds an MPI library and the values by which it is called: each MPI has its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { type ForeignFunction, type LibraryHandle, loadKoffi } from '../kernels/foreign.js';
import type { Launch } from './launcher.js';

/** What programs in C take from mpi.h. */
interface Handles {
  readonly world: number;
  readonly byte: number;
  /** The error handler that lets calls return a code. */
  readonly errorsReturn: number;
  readonly ignoreStatuses: number;
  /** The C type of a handle, and its bytes. */
  readonly type: 'int' | 'uintptr_t';
  readonly bytes: 4 | 8;
}

/** MPICH's are numbers; MPIs that keep to its binary interface (Intel, MVAPICH, Cray) have the same. */
const MPICH: Handles = {
  world: 0x44000000,
  byte: 0x4c00010d,
  errorsReturn: 0x54000001,
  ignoreStatuses: 1,
  type: 'int',
  bytes: 4,
};

/** Open MPI's are the addresses of objects that it exports. */
function openMpi(library: LibraryHandle): Handles {
  const { address } = loadKoffi();
  const at = (name: string) => Number(address(library.symbol(name, 'char')));
  return {
    world: at('ompi_mpi_comm_world'),
    byte: at('ompi_mpi_byte'),
    errorsReturn: at('ompi_mpi_errors_return'),
    ignoreStatuses: 0,
    type: 'uintptr_t',
    bytes: 8,
  };
}

/** File names, by what the library then calls itself. */
const NAMES: readonly { readonly file: string; readonly kind: MpiLibrary['kind'] }[] = [
  { file: 'libmpich.so.12', kind: 'MPICH' },
  { file: 'libmpi.so.12', kind: 'MPICH' },
  { file: 'libmpi.so.40', kind: 'Open MPI' },
];
const FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64/mpich/lib',
  '/usr/lib64/openmpi/lib',
  '/usr/lib64',
  '/usr/local/lib',
];
/** How a library that keeps to MPICH's binary interface names itself. */
const MPICH_KIN = /MPICH|MVAPICH|Intel\(R\) MPI/i;

/** An MPI library that was found. */
export interface MpiLibrary {
  readonly kind: 'MPICH' | 'Open MPI';
  readonly path: string;
  /** The name and version that it gives itself. */
  readonly version: string;
}

/** An MPI library that was loaded. */
export interface LoadedMpi extends MpiLibrary {
  readonly library: LibraryHandle;
  readonly handles: Handles;
}

/**
 * What UCX, which MPICH may move bytes with, reads as it is loaded. It would take over SIGSEGV, which V8
 * needs: WebAssembly's accesses outside of its memory end in it. And it would put itself before brk and
 * munmap, while threads of V8 allocate: now and then a part of the heap that is in use was then gone.
 */
const UCX_SETTINGS = {
  UCX_ERROR_SIGNALS: '',
  UCX_MEM_EVENTS: 'n',
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_MEM_MALLOC_HOOKS: 'n',
};

/** Where Linux lists devices that reach another machine's memory without its processor. */
const REMOTE_MEMORY = '/sys/class/infiniband';

/**
 * Lets UCX send what a step sends without asking the receiver first, where ranks are on several machines: its
 * handshake goes to and fro, so that 32 KiB over a link of 1 ms took 7 ms instead of 1.7 ms. On one machine,
 * and with remote memory, the handshake saves a copy and is quick. The user's own setting stays.
 */
export function settleUcx({ size, here }: Pick<Launch, 'size' | 'here'>): void {
  const apart = here !== null && here < size;
  if (apart && !existsSync(REMOTE_MEMORY)) process.env.UCX_RNDV_THRESH ??= '4m';
}

/** Says how to install an MPI. */
export const MPI_HINT = 'apt-get install mpich';

/**
 * Loads the library that belongs to the launcher.
 * @throws UsageError where there is none
 */
export function loadMpi(kind: MpiLibrary['kind'] | null = null): LoadedMpi {
  Object.assign(process.env, UCX_SETTINGS);
  const others: string[] = [];
  for (const name of NAMES) {
    if (kind !== null && name.kind !== kind) continue;
    for (const path of [name.file, ...FOLDERS.map((folder) => join(folder, name.file)).filter(existsSync)]) {
      const found = tryLoad(path, name.kind);
      if (typeof found === 'object') return found;
      if (found !== 'missing') others.push(`${path} is ${found}`);
    }
  }
  const why = others.length > 0 ? `: ${others[0]}` : '';
  throw new UsageError(
    `this process was started as one of several ranks, and no library of ${kind ?? 'MPICH or Open MPI'} was found${why}; ${kind ? `install ${kind}` : MPI_HINT}, or start gradpool without mpiexec`,
  );
}

/** Loads a library if it is of that kind; otherwise says what it is. */
function tryLoad(path: string, kind: MpiLibrary['kind']): LoadedMpi | 'missing' | string {
  const { load } = loadKoffi();
  let library: LibraryHandle;
  try {
    library = load(path, { global: kind === 'Open MPI' });
  } catch {
    return 'missing';
  }
  try {
    const version = versionOf(library);
    if (kind === 'MPICH' && !MPICH_KIN.test(version)) return `neither MPICH nor of its kin (${version})`;
    return { kind, path, version, library, handles: kind === 'MPICH' ? MPICH : openMpi(library) };
  } catch (error) {
    return `no MPI that gradpool can call (${(error as Error).message.split('\n')[0]})`;
  }
}

const MOST_TEXT = 8192;

function versionOf(library: LibraryHandle): string {
  const text = Buffer.from(new ArrayBuffer(MOST_TEXT));
  const length = new Int32Array(new ArrayBuffer(64));
  (
    library.func('int MPI_Get_library_version(void *, void *)') as unknown as (
      ...buffers: unknown[]
    ) => number
  )(text, length);
  const said = text.toString('latin1', 0, length[0]);
  const mpich = /^MPICH Version:\s*(\S+)/m.exec(said);
  return mpich ? `MPICH ${mpich[1]}` : said.split(/[\n,\0]/)[0].trim();
}

/** Returns the MPI libraries of this machine, for `gradpool doctor`. */
export function surveyMpi(): MpiLibrary[] {
  return NAMES.map(({ kind }) => kind)
    .filter((kind, index, all) => all.indexOf(kind) === index)
    .flatMap((kind) => {
      try {
        const { path, version } = loadMpi(kind);
        return [{ kind, path, version }];
      } catch {
        return [];
      }
    });
}

/** Returns the functions of MPI that gradpool calls. Arrays are passed as addresses. */
export function mpiFunctions({ library, handles: { type: H } }: LoadedMpi) {
  const P = 'uintptr_t';
  const bind = (prototype: string): ForeignFunction => library.func(prototype);
  return {
    init: bind(`int MPI_Init_thread(${P}, ${P}, int, ${P})`),
    setErrorHandler: bind(`int MPI_Comm_set_errhandler(${H}, ${H})`),
    rank: bind(`int MPI_Comm_rank(${H}, ${P})`),
    size: bind(`int MPI_Comm_size(${H}, ${P})`),
    send: bind(`int MPI_Isend(${P}, int, ${H}, int, int, ${H}, ${P})`),
    receive: bind(`int MPI_Irecv(${P}, int, ${H}, int, int, ${H}, ${P})`),
    testAll: bind(`int MPI_Testall(int, ${P}, ${P}, ${P})`),
    finalize: bind('int MPI_Finalize()'),
    abort: bind(`int MPI_Abort(${H}, int)`),
  };
}
