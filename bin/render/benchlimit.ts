/** Arranges the limits of a step: what its arithmetic and its memory take at the rates measured. */
import type { LimitPoint, Strong } from '../../src/bench/report.js';
import { megaflops, type Section, share, singleTime, timeFormat } from './benchunits.js';
import { bytes, countOf } from './text.js';

export function limitSection(limits: readonly LimitPoint[], strong: Strong | null): Section {
  const time = timeFormat(limits[0].seconds);
  const stepOf = (workers: number) => strong?.points.find((point) => point.workers === workers)?.step.value;
  const last = limits.at(-1)!;
  return {
    title: 'Limit of a step: products at the peak, then bytes at the bandwidth',
    header: ['workers', 'products', 'at GFLOP/s', 'bytes', 'at GB/s', 'limit', 'step', 'of the limit'],
    rows: limits.map((point) => {
      const step = stepOf(point.workers);
      return [
        `${point.workers}`,
        megaflops(point.flops),
        point.gflops.toFixed(0),
        bytes(point.bytes),
        point.gigabytes.toFixed(0),
        time(point.seconds),
        step === undefined ? '' : time(step),
        point.share === null ? '' : share(point.share),
      ];
    }),
    remarks: [
      `${countOf(last.workers, 'worker')}: ${singleTime(last.products)} of products and ${singleTime(last.moves)} of bytes`,
      ...(last.share === null ? [] : [`the whole step reaches ${share(last.share)} of that limit`]),
    ],
  };
}
