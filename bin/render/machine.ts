import { MPI_HINT } from '../../src/ranks/library.js';
import type { Machine } from '../machine.js';
import { bytes, countOf, facts, table } from './text.js';

export function machineText(machine: Machine): string {
  const { cores, memory, load, simd, cpuQuota } = machine;
  const physical = cores.physical === null ? '' : `, ${cores.physical} physical`;
  const summary = facts([
    [
      'gradpool',
      `${machine.gradpool}${machine.commit ? ` (${machine.commit})` : ''} on node ${machine.node} (V8 ${machine.v8}), ${machine.platform}`,
    ],
    ['cpu', machine.cpu],
    ['cores', `${cores.usable} usable of ${cores.logical} logical${physical}`],
    ['cpu quota', cpuQuota === null ? 'none' : `${countOf(cpuQuota, 'CPU')} (control group)`],
    ['load', load.map((value) => value.toFixed(1)).join(' ')],
    [
      'memory',
      `${bytes(memory.free)} free of ${bytes(memory.total)}${memory.limit ? `, limited to ${bytes(memory.limit)}` : ''}`,
    ],
    ['simd', simd.join(' ')],
    ['mpi', machine.mpi.map(({ version, path }) => `${version} (${path})`).join(', ') || `none: ${MPI_HINT}`],
  ]);
  const packages = machine.packages.map(({ name, use, version }) => [
    name,
    version ?? 'missing',
    version ? use : `${use}: npm install ${name}`,
  ]);
  const rate = (gflops: number | null) => (gflops === null ? '-' : gflops.toFixed(1));
  const rows = machine.kernels.map(({ name, library, instructions, gflops, bf16Gflops, missing }) => [
    name,
    rate(gflops),
    rate(bf16Gflops),
    missing ?? (library ? `${library.version} (${library.path})` : (instructions ?? '')),
  ]);
  const speeds = table(['kernels', 'GFLOPS', 'bf16', ''], rows);
  const { kernels, library } = machine.auto;
  const auto = `--kernels auto takes ${kernels}${library ? `: ${library}` : ''}`;
  const installed = table(['package', 'version', 'for'], packages);
  return [
    summary,
    installed,
    `${speeds}\n\none thread, X·W with X [256, 512] and W [512, 256]\n${auto}`,
    advice(machine),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function advice({ load, cores, cpuQuota, hint }: Machine): string {
  const lines: string[] = [];
  if (hint) lines.push(`With oneDNN, --precision bf16 is fast on this CPU: ${hint}`);
  if (load[0] > cores.usable / 2) {
    lines.push(
      `The machine is busy (load ${load[0].toFixed(1)} on ${countOf(cores.usable, 'core')}): times will be longer than they could be.`,
    );
  }
  if (cpuQuota !== null && cpuQuota < cores.usable) {
    lines.push(
      `The control group allows ${cpuQuota} CPUs: more workers than that wait for each other; give --workers ${Math.max(1, Math.floor(cpuQuota))}.`,
    );
  }
  return lines.join('\n');
}
