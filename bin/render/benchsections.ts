/** Arranges a benchmark's report in titled tables and remarks, which become text or Markdown. */

import { CONSTANT_WITHIN, GROWTH_BATCH } from '../../src/bench/growth.js';
import type { BenchSettings } from '../../src/bench/options.js';
import type {
  BatchSweep,
  BenchReport,
  Checks,
  Growth,
  ScalingPoint,
  Strong,
  TimeToTarget,
  Weak,
} from '../../src/bench/report.js';
import type { Estimate } from '../../src/bench/statistics.js';
import { stepBars } from './benchbars.js';
import { limitSection } from './benchlimit.js';
import { type Format, megaflops, type Section, share, singleTime, timeFormat } from './benchunits.js';
import { bytes, count, countOf, duration } from './text.js';

const INTERVAL = '95 % interval';

export function sections({ limits, checks, strong, weak, batch, target, growth }: BenchReport): Section[] {
  return [
    ...(strong ? [strongSection(strong, checks)] : []),
    limitSection(limits, strong),
    ...(weak ? [weakSection(weak)] : []),
    ...(batch ? [batchSection(batch)] : []),
    ...(target ? [targetSection(target)] : []),
    ...(growth ? growthSections(growth) : []),
  ];
}

function strongSection({ points, oneShard, costOfShards }: Strong, checks: Checks | undefined): Section {
  const time = timeFormat(points[0].step.value);
  const last = points.at(-1)!;
  const noSpeedup = { speedup: null, efficiency: null, serialFraction: null };
  const shown: readonly (readonly [string, ScalingPoint])[] = [
    ...points.map((point) => [`${point.workers}`, point] as const),
    ...(oneShard ? [['0, 1 shard', { ...oneShard, ...noSpeedup }] as const] : []),
  ];
  return {
    title: `Strong scaling: ${countOf(last.batch, 'row')} a step, shared by the workers`,
    header: [
      'workers',
      'step',
      INTERVAL,
      'samples/s',
      'GFLOP/s',
      'of peak',
      'speed-up',
      INTERVAL,
      'efficiency',
      'serial',
    ],
    rows: shown.map(([name, point]) => [
      name,
      ...timeCells(point.step, time),
      count(Math.round(point.samplesPerSecond.value)),
      point.gflops.toFixed(1),
      share(point.peakShare),
      ...speedupCells(point.speedup),
      point.efficiency === null ? '' : share(point.efficiency),
      point.serialFraction === null ? '' : point.serialFraction.toFixed(3),
    ]),
    remarks: [
      ...(last.speedup && last.workers > 0
        ? [`${countOf(last.workers, 'worker')}: ${verdict(last.speedup)}`]
        : []),
      ...(costOfShards
        ? [
            `same bits for any worker count: ${points[0].shards} shards cost the serial loop ${signed(costOfShards)} over a single one`,
          ]
        : []),
      ...(checks?.step ? [checksRemark(checks, checks.step)] : []),
    ],
    drawing: stepBars(shown.map(([name, point]) => ({ name, point }))),
  };
}

/** Says what it costs to look for values that are not finite. */
const checksRemark = ({ gradients, state }: Checks, step: NonNullable<Checks['step']>): string =>
  `checks for values that are not finite: at most ${singleTime(gradients)} of a step in-process (${share(gradients / step.with)}), and ${singleTime(state)} at each epoch and checkpoint`;

function weakSection({ points }: Weak): Section {
  const time = timeFormat(points[0].step.value);
  return {
    title: `Weak scaling: ${countOf(points[0].batch, 'row')} a step for each worker`,
    header: ['workers', 'batch', 'step', INTERVAL, 'samples/s', 'scaled speed-up', INTERVAL, 'efficiency'],
    rows: points.map(({ workers, batch, step, samplesPerSecond, speedup, efficiency }) => [
      `${workers}`,
      count(batch),
      ...timeCells(step, time),
      count(Math.round(samplesPerSecond.value)),
      ...speedupCells(speedup),
      efficiency === null ? '' : share(efficiency),
    ]),
    remarks: [],
  };
}

function batchSection({ points, workers, breakEven }: BatchSweep): Section {
  const threads = countOf(workers, 'worker');
  return {
    title: `Batch size: in-process and ${threads}`,
    header: ['batch', 'in-process', threads, 'samples/s', `samples/s, ${threads}`, 'speed-up', INTERVAL],
    rows: points.map(({ serial, parallel }) => [
      count(serial.batch),
      singleTime(serial.step.value),
      singleTime(parallel.step.value),
      count(Math.round(serial.samplesPerSecond.value)),
      count(Math.round(parallel.samplesPerSecond.value)),
      ...speedupCells(parallel.speedup),
    ]),
    remarks: [
      breakEven === null
        ? `break-even: none of these batches is certain to gain from ${threads}`
        : `break-even: from batch ${breakEven} on, ${threads} ${workers === 1 ? 'is' : 'are'} faster, with the whole interval`,
    ],
  };
}

function targetSection({
  data,
  network,
  wanted,
  subset,
  reached,
  accuracy,
  steps,
  epochs,
  points,
}: TimeToTarget): Section {
  const time = timeFormat(points[0].seconds.value);
  const rows = subset === 'test' ? 'test rows' : 'validation rows';
  const where = `${(100 * accuracy).toFixed(2)} % of the ${rows} after ${count(steps)} steps (${epochs.toFixed(2)} epochs)`;
  return {
    title: `Time to ${100 * wanted} %: ${network} on ${data}`,
    header: ['workers', 'time', INTERVAL, 'speed-up', INTERVAL],
    rows: points.map(({ workers, seconds, speedup }) => [
      `${workers}`,
      ...timeCells(seconds, time),
      ...speedupCells(speedup),
    ]),
    remarks: [
      `${reached ? '' : 'not reached: '}${where}`,
      `timed from the start of the threads on, evaluations included; ${countOf(points[0].times.length, 'run')} each`,
    ],
  };
}

function growthSections({ rows, parameters }: Growth): Section[] {
  return [
    {
      title: `Growth with the data: ${rows.points[0].network}, whole epochs, in-process`,
      header: ['rows', 'time per row', INTERVAL],
      rows: rows.points.map((point) => [
        count(point.rows),
        ...timeCells(point.seconds, timeFormat(point.seconds.value)),
      ]),
      remarks: [
        `time per row is ${rows.constant ? '' : 'not '}constant within ${share(CONSTANT_WITHIN)}: the largest is ${share(rows.spread)} above the least`,
        `an epoch grows with rows^${estimate(rows.exponent)}`,
      ],
    },
    {
      title: `Growth with the network: batch ${GROWTH_BATCH}, in-process`,
      header: ['parameters', 'network', 'time per step', INTERVAL, 'per parameter'],
      rows: parameters.points.map((point) => [
        count(point.parameters),
        point.network,
        ...timeCells(point.seconds, timeFormat(point.seconds.value)),
        `${((point.seconds.value / point.parameters) * 1e9).toFixed(2)} ns`,
      ]),
      remarks: [
        `a step grows with parameters^${estimate(parameters.exponent)}, in the last decade ^${estimate(parameters.lastDecade)}`,
      ],
    },
  ];
}

/** Returns what was measured, and on which machine. */
/** What is said at the head of every benchmark. */
type HeadFacts = Pick<BenchReport, 'machine' | 'parameters' | 'flopsPerRow' | 'seconds' | 'started'> & {
  readonly settings: Omit<BenchSettings, 'workers' | 'parts' | 'accuracy' | 'data' | 'nativeLibrary'>;
};

/** @param detail what is said beside the kernels */
export function headFacts(report: HeadFacts, detail: string): [string, string][] {
  const { machine, settings, parameters, flopsPerRow, seconds, started } = report;
  const { cores, cpuQuota, memory } = machine;
  const { network, batch, optimizer, momentum, shards, kernels, library, precision, seed } = settings;
  const physical = cores.physical === null ? '' : ` (${cores.physical} physical)`;
  const quota = cpuQuota === null ? 'no quota' : `quota of ${countOf(cpuQuota, 'CPU')}`;
  const commit = machine.commit === null ? '' : ` (${machine.commit})`;
  const rule = `${optimizer}${momentum === null ? '' : ` momentum ${momentum}`}`;
  return [
    ['network', `${network.join('-')}, ReLU, softmax cross-entropy: ${countOf(parameters, 'parameter')}`],
    ['step', `batch ${batch}, ${rule}, ${countOf(shards, 'shard')}: ${megaflops(flopsPerRow * batch)}`],
    ['kernels', `${kernels}${library === null ? '' : `: ${library}`}, ${precision}; ${detail}`],
    ['cpu', `${machine.cpu}, ${countOf(cores.usable, 'core')}${physical}, ${quota}`],
    [
      'machine',
      `load ${machine.load[0].toFixed(1)} before the start, ${bytes(memory.total)}, ${machine.platform}`,
    ],
    ['software', `gradpool ${machine.gradpool}${commit}, node ${machine.node}, V8 ${machine.v8}`],
    ['when', `${started.slice(0, 19).replace('T', ' ')} UTC, ${duration(seconds)}, seed ${seed}`],
  ];
}

/** Says how fast the kernels multiply matrices. */
export const peaksText = (peaks: BenchReport['peaks']): string =>
  `peak ${peaks.map((peak) => peakText(peak)).join(', ')}`;

const peakText = ({ workers, gflops }: BenchReport['peaks'][number]) =>
  `${gflops.toFixed(0)} GFLOP/s ${workers === 0 ? 'in-process' : `on ${countOf(workers, 'thread')}`}`;

/** Says whether all worker counts gave the same weights: `weights identical for 0, 1, 2: yes (sha256 …)`. */
export function proofLine({ workers, identical, steps, sha256, others }: BenchReport['proof']): string {
  const also = others === 0 ? '' : `; the same in ${countOf(others, 'other comparison')}`;
  const hashes = identical
    ? sha256[0]
    : workers.map((count, index) => `${count}: ${sha256[index]}`).join(', ');
  return `weights identical for ${workers.join(', ')}: ${identical ? 'yes' : 'NO'} (sha256 ${hashes}, after ${countOf(steps, 'step')} each${identical ? also : ''})`;
}

export function timeCells(estimate: Estimate, format: Format): [string, string] {
  return [format(estimate.value), range(estimate, (value) => format(value).replace(/ .*/, ''))];
}

export function speedupCells(speedup: Estimate | null): [string, string] {
  return speedup === null
    ? ['', '']
    : [`${speedup.value.toFixed(2)}×`, range(speedup, (value) => value.toFixed(2))];
}

const range = ({ low, high }: Estimate, format: (value: number) => string) =>
  `${format(low)} – ${format(high)}`;
const estimate = (one: Estimate) => `${one.value.toFixed(3)} (${range(one, (value) => value.toFixed(3))})`;

function verdict(speedup: Estimate): string {
  const interval = range(speedup, (value) => value.toFixed(2));
  if (speedup.low > 1)
    return `${speedup.value.toFixed(2)} times as fast as the in-process loop (${interval})`;
  if (speedup.high < 1)
    return `slower than the in-process loop: ${speedup.value.toFixed(2)} times its speed (${interval})`;
  return `chance could explain the difference from the in-process loop (${interval})`;
}

function signed({ value, low, high }: Estimate): string {
  const text = (ratio: number) => `${ratio < 1 ? '−' : '+'}${Math.abs(100 * (ratio - 1)).toFixed(1)}`;
  return `${text(value)} % (${text(low)} to ${text(high)})`;
}
