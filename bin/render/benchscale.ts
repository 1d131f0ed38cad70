/** Arranges what the model of docs/scale.md says of a network on more and more ranks. */
import { LATE, type Outlook, type OutlookLink } from '../../src/bench/scale/outlook.js';
import type { BenchDocument } from './bench.js';
import { megaflops, type Section, singleTime } from './benchunits.js';
import { bytes, countOf, percent } from './text.js';

export function scaleDocument({ layers, shape, rates, memory, links }: Outlook): BenchDocument {
  const { batch, shards, parameters, flopsPerRow } = shape;
  return {
    title: `gradpool bench scale: ${layers.join('-')}`,
    facts: [
      ['network', `${layers.join('-')}: ${countOf(parameters, 'parameter')}`],
      ['step', `batch ${batch}, ${countOf(shards, 'shard')}: ${megaflops(flopsPerRow * batch)}`],
      [
        'rank',
        `${countOf(rates.threads, 'thread')} of ${rates.gflops.toFixed(0)} GFLOP/s, additions and updates ${rates.gigabytes.toFixed(0)} GB/s`,
      ],
      [
        'memory',
        `${bytes(memory.bytes)} of sums, weights and slots on each rank${memory.fits ? '' : ', more than the 4 GiB that a rank can have'}`,
      ],
    ],
    sections: links.map(linkSection),
    proof: null,
    warnings: [],
  };
}

function linkSection({ name, network, points }: OutlookLink): Section {
  return {
    title: `Links of ${name}`,
    header: [
      ...[
        'ranks',
        'compute',
        'update',
        'messages',
        'bytes',
        'step',
        'speed-up',
        'ring',
        'late',
        'break-even',
      ],
    ],
    rows: points.map(({ ranks, time, speedup, ring, late, breakEven }) => [
      `${ranks}`,
      ...[time.compute, time.update, time.messages, time.bytes, time.total].map(singleTime),
      `${speedup.toFixed(2)}×`,
      singleTime(ring),
      singleTime(late),
      ranks === 1 ? '' : breakEven === null ? 'never' : `${breakEven.toPrecision(2)} Gbit/s`,
    ]),
    remarks: [
      `a message is ${singleTime(network.latency)} on its way and takes a rank ${singleTime(network.perMessage)}; links carry ${network.gigabits.toPrecision(3)} Gbit/s`,
      `late: simulated, where each rank is late by an exponential time of ${percent(LATE)} of its arithmetic in the mean`,
    ],
  };
}
