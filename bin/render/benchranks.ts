/** Arranges a benchmark of ranks: the curve that was measured, and what the model says of it. */
import type { RankPoint, RankReport } from '../../src/bench/ranks/report.js';
import type { BenchDocument } from './bench.js';
import { headFacts, speedupCells, timeCells } from './benchsections.js';
import { type Section, share, singleTime, timeFormat } from './benchunits.js';
import { bytes, count, countOf } from './text.js';

const INTERVAL = '95 % interval';

export function ranksDocument(report: RankReport): BenchDocument {
  const { settings, points, mpi, proof, warnings } = report;
  const threads = settings.workers === 0 ? 'in-process' : countOf(settings.workers, 'worker');
  const { identical, steps, sha256 } = proof;
  const hashes = identical ? sha256[0] : points.map(({ ranks }, i) => `${ranks}: ${sha256[i]}`).join(', ');
  return {
    title: `gradpool bench --ranks: ${settings.network.join('-')}`,
    facts: headFacts(report, `each rank ${threads}${mpi === null ? '' : `; ${mpi}`}`),
    sections: [curveSection(report), ...(report.constants.network ? [modelSection(report)] : [])],
    proof: {
      text: `weights identical for ${points.map(({ ranks }) => ranks).join(', ')} ranks: ${identical ? 'yes' : 'NO'} (sha256 ${hashes}, after ${countOf(steps, 'step')} each)`,
      identical,
    },
    warnings,
  };
}

function curveSection({ points, settings }: RankReport): Section {
  const time = timeFormat(points[0].step.value);
  return {
    title: `Ranks: ${countOf(settings.batch, 'row')} a step, shared by the ranks`,
    header: [
      ...['ranks', 'machines', 'step', INTERVAL, 'samples/s', 'speed-up', INTERVAL, 'efficiency'],
      'bytes of a link',
    ],
    rows: points.map((point) => [
      `${point.ranks}`,
      `${point.machines}`,
      ...timeCells(point.step, time),
      count(Math.round(point.samplesPerSecond.value)),
      ...speedupCells(point.speedup),
      point.efficiency === null ? '' : share(point.efficiency),
      point.bytes === 0 ? '' : bytes(point.bytes),
    ]),
    remarks: points.map(({ ranks, breakdown }) => {
      const parts = Object.entries(breakdown).map(([name, seconds]) => `${name} ${singleTime(seconds)}`);
      return `${countOf(ranks, 'rank')}, where rank 0's time goes: ${parts.join(', ')}`;
    }),
  };
}

function modelSection({ points, constants }: RankReport): Section {
  const { rates, network } = constants;
  const modelled = points.filter((point): point is RankPoint & { model: object } => point.model !== null);
  const time = timeFormat(points[0].step.value);
  return {
    title: 'The model of docs/scale.md, its constants from one rank and from exchanges among all',
    header: ['ranks', 'compute', 'update', 'messages', 'bytes', 'model', 'measured', 'measured / model'],
    rows: modelled.map(({ ranks, model, step }) => [
      `${ranks}`,
      ...[model.compute, model.update, model.messages, model.bytes, model.total, step.value].map(time),
      (step.value / model.total).toFixed(2),
    ]),
    remarks: [
      `a thread computes ${rates.gflops.toFixed(1)} GFLOP/s, a rank adds and updates ${rates.gigabytes.toFixed(1)} GB/s`,
      `a message is ${singleTime(network!.latency)} on its way and takes a rank ${singleTime(network!.perMessage)}; a link carries ${network!.gigabits.toFixed(2)} Gbit/s`,
    ],
  };
}
