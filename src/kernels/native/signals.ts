/**
 * Keeps signals away from a thread while it multiplies. oneDNN's sgemm points the stack pointer at a buffer
 * of its own while it multiplies (seen in 2.6). If the thread takes a signal at that moment, from Ctrl-C say,
 * the system writes the signal's frame over whatever lies before that buffer. Signals for the process go to
 * another thread meanwhile.
 */
import type { Products } from '../products.js';

/** Keeps signals away from the calling thread, from `hold` until `release`. */
export interface SignalMask {
  hold(): void;
  release(): void;
}

/** The system's pthread_sigmask(how, set, old), which takes addresses. */
export type SetMask = (how: number, set: number, old: number) => number;

/** The values of `how` that add to the mask (SIG_BLOCK) and replace it (SIG_SETMASK). */
const HOW: Readonly<Partial<Record<string, readonly [number, number]>>> = {
  linux: [0, 2],
  darwin: [1, 3],
};
/**
 * The numbers, on Linux and macOS, of signals that a faulty instruction sends to its own thread: ILL, TRAP,
 * ABRT, BUS, FPE, BUS, SEGV. They are not held back.
 */
const FAULTS = [4, 5, 6, 7, 8, 10, 11];
/** At least the size of any system's sigset_t. */
const SET_BYTES = 128;

/** Holds nothing back, for libraries that do not need it. */
export const NO_MASK: SignalMask = { hold() {}, release() {} };

/**
 * Returns a mask for the calling thread.
 * @param addressOf returns the address of a buffer
 */
export function signalMask(
  setMask: SetMask,
  addressOf: (buffer: ArrayBuffer) => number,
  platform: string = process.platform,
): SignalMask {
  const how = HOW[platform];
  if (!how) return NO_MASK; // Windows has no signals
  const [block, replace] = how;
  const held = new Uint8Array(new ArrayBuffer(SET_BYTES)).fill(0xff);
  for (const signal of FAULTS) held[(signal - 1) >> 3] &= ~(1 << ((signal - 1) & 7));
  const sets = [held.buffer, new ArrayBuffer(SET_BYTES)];
  const [heldAt, beforeAt] = sets.map(addressOf);
  const mask = {
    sets, // kept alive with the mask, whose calls use their addresses
    hold: () => void setMask(block, heldAt, beforeAt),
    release: () => void setMask(replace, beforeAt, 0),
  };
  return mask;
}

/** Returns products that hold signals back from the calling thread while they multiply. */
export function withSignalsHeld(products: Products, signals: SignalMask): Products {
  const guarded =
    <Arguments extends unknown[], Result>(product: (...operands: Arguments) => Result) =>
    (...operands: Arguments): Result => {
      signals.hold();
      try {
        return product(...operands);
      } finally {
        signals.release();
      }
    };
  return {
    affine: guarded(products.affine),
    affineInputGradient: guarded(products.affineInputGradient),
    affineWeightGradient: guarded(products.affineWeightGradient),
  };
}
