/** Builds the library that lets calls to the system go wrong, and tells it what to do. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./shim.c', import.meta.url));
/** Kinds beside the numbers of an errno, and the layout of the control file, as shim.c has them. */
const KINDS = { kill: -1, short: -2, copy: -3, ...constants.errno };
const [CALLS, LETTERS, FOLDER, COPIES, SIZE] = [24, 32, 64, 1024, 2048];

/** Builds the library; null where there is no compiler. */
export function buildShim(folder) {
  const library = join(folder, 'shim.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl', '-lpthread']);
    return library;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** A control file, which one process at a time obeys. */
export class Control {
  #file;

  constructor(path, shim) {
    this.#file = openSync(path, 'w+');
    ftruncateSync(this.#file, SIZE);
    this.env = { LD_PRELOAD: shim, FAULTS_CONTROL: path };
  }

  /**
   * Lets the call `at` of those that `letters` name and that concern the folder go wrong, and all after it if
   * `stays`; none where `at` is 0.
   */
  set({ kind, letters, stays = false, folder = '', at = 0, copies = '' }) {
    const bytes = Buffer.alloc(SIZE);
    for (const [i, number] of [at, KINDS[kind] ?? 0, Number(stays)].entries()) {
      bytes.writeBigInt64LE(BigInt(number), 8 * i);
    }
    bytes.write(letters ?? '', LETTERS);
    bytes.write(folder === '' ? '' : join(folder, '/'), FOLDER);
    bytes.write(copies, COPIES);
    writeSync(this.#file, bytes, 0, SIZE, 0);
  }

  /** Calls that were counted since then. */
  get calls() {
    const bytes = Buffer.alloc(8);
    readSync(this.#file, bytes, 0, 8, CALLS);
    return Number(bytes.readBigInt64LE());
  }

  close() {
    closeSync(this.#file);
  }
}
