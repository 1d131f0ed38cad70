/** Chooses the kernels of a training: those asked for by name, or the fastest that this machine has. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.js';
import type { Precision } from './bfloat16.js';
import type { KernelName } from './kernels.js';
import { compileKernels, fastestBuiltIn, whyEmulated, whyNoAmx } from './load.js';
import { findLibrary, type NativeLibrary, searchLibrary } from './native/index.js';

/** The options from which kernels are chosen. */
export interface KernelOptions {
  readonly kernels: 'auto' | KernelName;
  readonly precision: Precision;
  /** A library's path or name, to be taken instead of those that this system keeps. */
  readonly nativeLibrary?: string | undefined;
}

/** The kernels that were chosen. */
export interface ChosenKernels {
  readonly name: KernelName;
  readonly library: NativeLibrary | null;
  /** What the user should know about the choice, in one line. */
  readonly note: string | null;
}

/**
 * Chooses kernels. `auto` takes a library only where one is asked for; all others that it may take have the
 * same bits. Throws UsageError when kernels that were asked for by name cannot be had.
 */
export function chooseKernels({ kernels, precision, nativeLibrary }: KernelOptions): ChosenKernels {
  if (nativeLibrary !== undefined && kernels !== 'auto' && kernels !== 'native') {
    throw new UsageError(
      `--native-library is for --kernels native or auto, found --kernels ${kernels}: leave out one of them`,
    );
  }
  if (kernels === 'native') return native(findLibrary(nativeLibrary, precision), precision);
  if (kernels !== 'auto') {
    compileKernels(kernels);
    const note = kernels === 'amx' ? unusedAmx(precision) : emulation(kernels, precision);
    return { name: kernels, library: null, note };
  }
  const { name, note } = fastestBuiltIn();
  const notes = [note, emulation(name, precision)];
  if (nativeLibrary !== undefined) {
    const { library, why } = searchLibrary(nativeLibrary, precision);
    if (library) return native(library, precision);
    notes.unshift(`${why}; taking kernels ${name}`);
  }
  return { name, library: null, note: notes.filter((one) => one !== null).join('; ') || null };
}

/** Says that kernels emulate bfloat16, if they do, and what would multiply it here, or why nothing does. */
function emulation(kernels: KernelName, precision: Precision): string | null {
  if (precision === 'f32') return null;
  const why = whyEmulated();
  if (kernels === 'jit' && why === null) return null;
  return `precision bf16 is emulated, slower than f32: ${multiplierHere(why)}`;
}

/**
 * Says what multiplies bfloat16 on this CPU.
 * @param why the reason why jit kernels do not, or null
 */
function multiplierHere(why: string | null): string {
  if (why === null) return '--kernels jit multiplies it on this CPU, with the same bits';
  if (whyNoAmx() === null) return `${why}; --kernels amx multiplies it on this CPU, with other bits`;
  const flags = processorFlags();
  const hasOther = flags !== null && hasBfloat16(flags);
  return hasOther ? `${why}; --kernels native multiplies it, with oneDNN and other bits` : why;
}

/** Says that nothing is there for AMX to multiply, if so. */
const unusedAmx = (precision: Precision): string | null =>
  precision === 'bf16'
    ? null
    : 'kernels amx: AMX multiplies bfloat16 alone, so float32 is multiplied as by jit; --precision bf16';

function native(library: NativeLibrary, precision: Precision): ChosenKernels {
  const note =
    precision === 'bf16' && !hasBfloat16(processorFlags())
      ? `precision bf16: this CPU has no bfloat16 instructions, ${library.version} emulates them; --precision f32 is likely faster`
      : null;
  return { name: 'native', library, note };
}

/**
 * Returns whether a CPU with these flags multiplies bfloat16. Where the system tells no flags (null), it
 * counts as one that does, so that nobody is warned without cause.
 */
export function hasBfloat16(flags: string | null): boolean {
  return flags === null || /\b(avx512_bf16|amx_bf16|avx_ne_convert|bf16|svebf16)\b/.test(flags);
}

/** Returns what the system says of its processors; null where it says nothing. */
export function processorFlags(): string | null {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return null;
  }
}
