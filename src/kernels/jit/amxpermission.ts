/** Asks the system for the tile registers of AMX, which it gives only to a process that asks. */
import { loadKoffi } from '../foreign.js';

/** Linux: the system call, its operation, and the number of the registers' state in the processor's. */
const [ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA] = [158, 0x1023, 18];

/**
 * Asks for all threads of this process; asking again does no harm. Throws Error in one line where the system
 * does not give them.
 */
export function requestTileRegisters(platform: string = process.platform): void {
  if (platform !== 'linux') throw new Error(`AMX is known here on Linux alone, not on ${platform}`);
  const syscall = loadKoffi().load(null).func('int64_t syscall(int64_t, int64_t, int64_t)');
  if (Number(syscall(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA)) !== 0) {
    throw new Error('the system gives this process no tile registers of AMX');
  }
}
