/**
 * Memory that holds machine code. It is written while it is writable and only then made executable: it is
 * never both at once, so nothing that goes wrong later can change code that runs.
 */
import { type ForeignFunction, loadKoffi } from '../foreign.js';

/** How a system gives memory: `take` returns the address of writable pages, `seal` makes them executable. */
interface Pages {
  take(bytes: number): number;
  /** Returns whether the system allowed it. */
  seal(address: number, bytes: number): boolean;
  /** Copies bytes to an address. */
  copy(to: number, from: Uint8Array, bytes: number): void;
}

const PAGE = 4096;
const MEMCPY = 'uintptr_t memcpy(uintptr_t, const uint8_t *, size_t)';

/** The pages of Linux and macOS, whose numbers differ in one flag alone. */
function posixPages(anonymous: number): Pages {
  const [READ, WRITE, EXECUTE] = [1, 2, 4];
  const PRIVATE = 2;
  const system = loadKoffi().load(null);
  const mmap: ForeignFunction = system.func('intptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)');
  const mprotect: ForeignFunction = system.func('int mprotect(uintptr_t, size_t, int)');
  return {
    take: (bytes) => Number(mmap(0, bytes, READ | WRITE, PRIVATE | anonymous, -1, 0)),
    seal: (address, bytes) => mprotect(address, bytes, READ | EXECUTE) === 0,
    copy: system.func(MEMCPY),
  };
}

function windowsPages(): Pages {
  const COMMIT_AND_RESERVE = 0x3000;
  const [READ_WRITE, EXECUTE_READ] = [4, 0x20];
  const kernel = loadKoffi().load('kernel32.dll');
  const allocate: ForeignFunction = kernel.func(
    'uintptr_t VirtualAlloc(uintptr_t, size_t, uint32_t, uint32_t)',
  );
  const protect = kernel.func('int VirtualProtect(uintptr_t, size_t, uint32_t, _Out_ uint32_t *)');
  return {
    take: (bytes) => Number(allocate(0, bytes, COMMIT_AND_RESERVE, READ_WRITE)) || -1,
    seal: (address, bytes) => protect(address, bytes, EXECUTE_READ, [0]) !== 0,
    copy: loadKoffi().load('msvcrt.dll').func(MEMCPY),
  };
}

const PAGES: Readonly<Partial<Record<string, () => Pages>>> = {
  linux: () => posixPages(0x20),
  darwin: () => posixPages(0x1000),
  win32: windowsPages,
};

/**
 * Puts code into executable memory, which is never given back, and returns its address: it holds in every
 * thread of this process. Throws Error in one line where this system does not allow it.
 */
export function placeCode(code: Uint8Array, platform: string = process.platform): number {
  const open = PAGES[platform];
  if (!open) throw new Error(`executable memory on ${platform} is not known here`);
  const pages = open();
  const bytes = Math.ceil(code.length / PAGE) * PAGE;
  const address = pages.take(bytes);
  if (address === -1) throw new Error(`the system gives no ${bytes} bytes of memory for machine code`);
  pages.copy(address, code, code.length);
  if (!pages.seal(address, bytes)) throw new Error('the system refuses executable memory');
  return address;
}

/** Returns the code at an address as a function that takes the address of its arguments. */
export function callable(address: number): (block: number) => void {
  const { decode, load, proto } = loadKoffi();
  if (!prototype) {
    // koffi 3.3 takes a thread's memory for calls when the thread first loads a library; without it, the
    // first
    // call would end the process.
    load(null);
    prototype = proto('void', ['uintptr_t']);
  }
  return decode(BigInt(address), prototype) as (block: number) => void;
}

/** koffi keeps every prototype that it is given, so there is one. */
let prototype: ReturnType<ReturnType<typeof loadKoffi>['proto']> | undefined;
