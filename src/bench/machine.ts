/** Facts about the machine, without which the figures of a report mean nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../version.js';

/** Describes a machine as the operating system tells it, and the program that was measured on it. */
export interface MachineFacts {
  /** Version of gradpool. */
  readonly gradpool: string;
  /** The checkout's commit, with '-dirty' where files differ from it; null for an installed package. */
  readonly commit: string | null;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  /** Cores; `usable` are those this process may run on; `physical` is null where the system does not tell. */
  readonly cores: { readonly logical: number; readonly physical: number | null; readonly usable: number };
  /** CPU time that the control group allows, in CPUs; null without a limit. */
  readonly cpuQuota: number | null;
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  /** Bytes; `limit` is the control group's, null without one. */
  readonly memory: { readonly total: number; readonly free: number; readonly limit: number | null };
  /** Vector instructions, where Linux names them. */
  readonly simd: readonly string[];
}

/** Examines the machine. The load is that of this moment, so call it before any work of your own. */
export function machineFacts(): MachineFacts {
  const info = readText('/proc/cpuinfo');
  const limit = process.constrainedMemory() ?? 0;
  return {
    gradpool: VERSION,
    commit: commit(),
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: { logical: cpus().length, physical: physicalCores(info), usable: availableParallelism() },
    cpuQuota: cpuQuota(),
    load: loadavg(),
    memory: { total: totalmem(), free: freemem(), limit: limit > 0 && limit < totalmem() ? limit : null },
    simd: simdFlags(info),
  };
}

/** The package's own folder, three levels above the compiled file. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function commit(): string | null {
  if (!existsSync(`${ROOT}/.git`)) return null;
  try {
    const words = ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=7'];
    return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null; // no git here
  }
}

function physicalCores(cpuinfo: string): number | null {
  const fields = (name: string) =>
    [...cpuinfo.matchAll(new RegExp(`^${name}\\s*: (\\d+)`, 'gm'))].map(([, id]) => id);
  const packages = fields('physical id');
  const cores = fields('core id');
  return cores.length === 0 ? null : new Set(cores.map((core, index) => `${packages[index]}/${core}`)).size;
}

/** Reads the quota of control groups version 2, or else of version 1. */
function cpuQuota(): number | null {
  const [quota, period] = readText('/sys/fs/cgroup/cpu.max').split(/\s/).map(Number);
  const quotaOfVersion1 = Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const cpus =
    quota > 0 ? quota / period : quotaOfVersion1 / Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return cpus > 0 && Number.isFinite(cpus) ? cpus : null;
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
