import type { Machine } from '../machine.js';
import { bytes, facts, plural, table } from './text.js';

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
    ['cpu quota', cpuQuota === null ? 'none' : `${plural(cpuQuota, 'CPU')} (control group)`],
    ['load', load.map((value) => value.toFixed(1)).join(' ')],
    [
      'memory',
      `${bytes(memory.free)} free of ${bytes(memory.total)}${memory.limit ? `, limited to ${bytes(memory.limit)}` : ''}`,
    ],
    ['simd', simd.join(' ')],
  ]);
  const packages = machine.packages.map(({ name, use, version }) => [
    name,
    version ?? 'missing',
    version ? use : `${use}: npm install ${name}`,
  ]);
  const rows = machine.kernels.map(({ name, gflops, missing }) => [
    name,
    gflops === null ? '-' : gflops.toFixed(1),
    missing ?? '',
  ]);
  const speeds = table(['kernels', 'GFLOPS', ''], rows);
  const installed = table(['package', 'version', 'for'], packages);
  return [
    summary,
    installed,
    `${speeds}\n\none thread, X·W with X [256, 512] and W [512, 256]`,
    advice(machine),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function advice({ load, cores, cpuQuota }: Machine): string {
  const lines: string[] = [];
  if (load[0] > cores.usable / 2) {
    lines.push(
      `The machine is busy (load ${load[0].toFixed(1)} on ${plural(cores.usable, 'core')}): times will be longer than they could be.`,
    );
  }
  if (cpuQuota !== null && cpuQuota < cores.usable) {
    lines.push(
      `The control group allows ${cpuQuota} CPUs: more workers than that wait for each other; give --workers ${Math.max(1, Math.floor(cpuQuota))}.`,
    );
  }
  return lines.join('\n');
}
