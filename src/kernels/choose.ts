/** Chooses the kernels of a training: those asked for by name, or the fastest that load on this machine. */
import { readFileSync } from 'node:fs';
import { cpus, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../atomic.js';
import { UsageError } from '../errors.js';
import { VERSION } from '../version.js';
import type { Precision } from './bfloat16.js';
import type { KernelName } from './kernels.js';
import { compileKernels, fastestWasm } from './load.js';
import { findLibrary, type NativeLibrary, searchLibrary } from './native/index.js';
import { kernelGflops } from './speed.js';

/** The options from which kernels are chosen. */
export interface KernelOptions {
  readonly kernels: 'auto' | KernelName;
  readonly precision: Precision;
  /** A library's path or name, to be taken instead of those that this system keeps. */
  readonly nativeLibrary?: string | undefined;
}

/** Returns how many GFLOP/s kernels reach. */
type Measure = (kernels: { readonly name: KernelName; readonly library: NativeLibrary | null }) => number;

/** The kernels that were chosen. */
export interface ChosenKernels {
  readonly name: KernelName;
  readonly library: NativeLibrary | null;
  /** What the user should know about the choice, in one line. */
  readonly note: string | null;
}

/**
 * Chooses kernels. Throws UsageError when kernels that were asked for by name cannot be had.
 * @param gflops measures how fast kernels multiply, which `auto` must know to choose between WASM and a
 * library
 */
export function chooseKernels(options: KernelOptions, gflops: Measure = kernelGflops): ChosenKernels {
  const { kernels, precision, nativeLibrary } = options;
  if (nativeLibrary !== undefined && kernels !== 'auto' && kernels !== 'native') {
    throw new UsageError(
      `--native-library is for --kernels native or auto, found --kernels ${kernels}: leave out one of them`,
    );
  }
  if (kernels === 'native') return native(findLibrary(nativeLibrary, precision), precision);
  if (kernels !== 'auto') {
    compileKernels(kernels);
    return { name: kernels, library: null, note: emulation(precision) };
  }
  const wasm = fastestWasm();
  const { library, why, refused } = searchLibrary(nativeLibrary, precision);
  if (!library) {
    if (precision === 'bf16') return { name: wasm, library, note: `${EMULATION}: ${why}` };
    return { name: wasm, library, note: refused ? `${why}; taking kernels ${wasm}` : null };
  }
  // `auto` takes a CBLAS only if it was asked for: OpenBLAS 0.3.26 gave other bits on a Xeon when the number
  // of workers changed.
  const askedFor = nativeLibrary !== undefined || precision === 'bf16';
  const suits = () => library.interface !== 'CBLAS' && !isClearlySlower(library, wasm, gflops);
  if (askedFor || suits()) return native(library, precision);
  return { name: wasm, library: null, note: null };
}

const EMULATION = 'precision bf16 is emulated, slower than f32';

function emulation(precision: Precision): string | null {
  return precision === 'f32'
    ? null
    : `${EMULATION}: --kernels native makes it fast, with oneDNN and a CPU that has bfloat16`;
}

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

function processorFlags(): string | null {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return null;
  }
}

interface Measurement {
  readonly wasm: number;
  readonly native: number;
  readonly expires: number;
}

const DAY = 24 * 60 * 60 * 1000;
/** How long a measurement is used before it is taken again. */
const VALIDITY = 30 * DAY;
/**
 * A library is clearly slower than WASM below this share of its speed. Two runs must make the same choice, or
 * their bits differ, so a difference that could be noise must not decide.
 */
const CLEARLY_SLOWER = 0.8;

/** Returns whether the library multiplies clearly slower than WASM on this machine, measured once a month. */
function isClearlySlower(library: NativeLibrary, wasm: 'wasm' | 'portable', gflops: Measure): boolean {
  const key = [VERSION, process.version, cpus()[0]?.model, library.path, library.version].join('|');
  const cached = readMeasurements();
  let measured = cached[key];
  if (!measured || measured.expires < Date.now()) {
    measured = {
      wasm: gflops({ name: wasm, library: null }),
      native: gflops({ name: 'native', library }),
      expires: Date.now() + VALIDITY,
    };
    writeMeasurements({ ...cached, [key]: measured });
  }
  return measured.native < CLEARLY_SLOWER * measured.wasm;
}

const measurementsFile = () =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gradpool', 'kernels.json');

function readMeasurements(): Record<string, Measurement> {
  try {
    return JSON.parse(readFileSync(measurementsFile(), 'utf8'));
  } catch {
    return {}; // no measurements yet
  }
}

function writeMeasurements(measurements: Record<string, Measurement>): void {
  const valid = Object.entries(measurements).filter(([, { expires }]) => expires > Date.now());
  try {
    makeFolder(dirname(measurementsFile()));
    writeFileAtomic(measurementsFile(), JSON.stringify(Object.fromEntries(valid), null, 2));
  } catch {
    // the home folder cannot be written to, so the next run measures again
  }
}
