/**
 * oneDNN's sgemm points the stack pointer at a buffer of its own while it multiplies (seen in 2.6). When the thread takes a
 * signal then, a Ctrl-C say, the system writes its frame over whatever lies before that buffer. So a thread takes none while
 * it multiplies: those that are meant for the process go to another thread meanwhile.
 */
import type { Products } from '../products.js';

/** Keeps signals from the thread that calls, from `hold` until `release`. */
export interface SignalMask {
  hold(): void;
  release(): void;
}

/** pthread_sigmask(how, set, old), by address. */
export type SetMask = (how: number, set: number, old: number) => number;

/** What the systems call SIG_BLOCK and SIG_SETMASK. */
const HOW: Readonly<Partial<Record<string, readonly [number, number]>>> = {
  linux: [0, 2],
  darwin: [1, 3],
};
/** Numbers on Linux and macOS of signals that a thread sends itself by a mistake: ILL, TRAP, ABRT, BUS, FPE, BUS, SEGV. */
const OWN = [4, 5, 6, 7, 8, 10, 11];
/** As large as any system's sigset_t. */
const SET_BYTES = 128;

/** For libraries that need none. */
export const NO_MASK: SignalMask = { hold() {}, release() {} };

/** @param addressOf where a buffer lies */
export function signalMask(
  setMask: SetMask,
  addressOf: (buffer: ArrayBuffer) => number,
  platform: string = process.platform,
): SignalMask {
  const how = HOW[platform];
  if (!how) return NO_MASK; // Windows has no signals
  const [block, set] = how;
  const held = new Uint8Array(new ArrayBuffer(SET_BYTES)).fill(0xff);
  for (const signal of OWN) held[(signal - 1) >> 3] &= ~(1 << ((signal - 1) & 7));
  const sets = [held.buffer, new ArrayBuffer(SET_BYTES)];
  const [heldAt, beforeAt] = sets.map(addressOf);
  const mask = {
    sets, // as long as the mask lives, so must they
    hold: () => void setMask(block, heldAt, beforeAt),
    release: () => void setMask(set, beforeAt, 0),
  };
  return mask;
}

/** The products, each of them without a signal. */
export function undisturbed(products: Products, signals: SignalMask): Products {
  const held =
    <Arguments extends unknown[]>(product: (...operands: Arguments) => void) =>
    (...operands: Arguments): void => {
      signals.hold();
      try {
        product(...operands);
      } finally {
        signals.release();
      }
    };
  return {
    affine: held(products.affine),
    affineInputGradient: held(products.affineInputGradient),
    affineWeightGradient: held(products.affineWeightGradient),
  };
}
