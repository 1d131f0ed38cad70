/** A report as it could have been measured, for tests of what is made from reports. */
import { limitPoints } from '#src/bench/limit.js';
import type { BenchReport, ScalingPoint } from '#src/bench/report.js';
import { karpFlatt, medianOf, pairedRatio, per } from '#src/bench/statistics.js';
import { Stream } from '#src/random.js';

export interface Made {
  /** All times are longer by this factor. */
  readonly factor?: number;
  readonly seed?: number;
  readonly node?: string;
}

const SIZES = { rows: 128, inputs: 16, parameters: 172, slots: 1, flopsPerRow: 800 };
const RATES = new Map([0, 1, 2].map((workers) => [workers, { gflops: 50, gigabytes: 20 }]));

/**
 * Makes a report of workers 0, 1 and 2 at batch 128, with a step of 2 ms in one thread and a jitter of 2 %.
 */
export function madeReport({ factor = 1, seed = 1, node = '20.20.2' }: Made = {}): BenchReport {
  const network = [16, 8, 4];
  const times = (milliseconds: number, counter: number) => {
    const stream = new Stream(seed, 97, counter);
    return Array.from({ length: 30 }, () => (factor * milliseconds * (1 + 0.02 * stream.uniform())) / 1000);
  };
  const serial = times(2, 0);
  const point = (workers: number, shards: number, measured: readonly number[]): ScalingPoint => {
    const step = medianOf(measured);
    const speedup = workers === 0 ? null : pairedRatio(serial, measured);
    const one = step.value / 10;
    return {
      workers,
      shards,
      batch: 128,
      parameters: 172,
      times: measured,
      stepsPerRound: 5,
      step,
      samplesPerSecond: per(128, step),
      gflops: (800 * 128) / step.value / 1e9,
      peakShare: 0.5,
      breakdown: { data: one, forward: 3 * one, backward: 4 * one, wait: one, sum: one / 2, update: one / 2 },
      steps: 100,
      weightsSha256: shards === 1 ? 'b'.repeat(64) : 'a'.repeat(64),
      speedup,
      efficiency: speedup && speedup.value / workers,
      serialFraction: speedup && karpFlatt(speedup.value, workers),
    };
  };
  const points = [point(0, 8, serial), point(1, 8, times(2.1, 1)), point(2, 8, times(1.1, 2))];
  const oneShard = point(0, 1, times(1.9, 3));
  return {
    format: 'gradpool-bench',
    version: 1,
    started: '2026-11-23T00:00:00.000Z',
    seconds: 12,
    machine: {
      gradpool: '0.1.0',
      commit: 'abc1234',
      node,
      v8: '11.3',
      platform: 'linux x64',
      cpu: 'Test, Inc. CPU',
      cores: { logical: 2, physical: 2, usable: 2 },
      cpuQuota: null,
      load: [0.1, 0.1, 0.1],
      memory: { total: 2 ** 34, free: 2 ** 33, limit: null },
      simd: ['avx2'],
    },
    settings: {
      network,
      batch: 128,
      workers: [0, 1, 2],
      parts: ['strong', 'batch'],
      seconds: 5,
      rounds: null,
      accuracy: 0.95,
      data: null,
      kernels: 'wasm',
      library: null,
      nativeLibrary: null,
      precision: 'f32',
      optimizer: 'sgd',
      momentum: 0.9,
      lr: null,
      shards: 8,
      seed: 1,
      memoryLimit: null,
    },
    parameters: 172,
    flopsPerRow: 800,
    peaks: [0, 1, 2].map((workers) => ({ workers, gflops: 50 * Math.max(1, workers) })),
    checks: { gradients: 1e-5, state: 2e-4, step: { with: 2e-3, without: 1.99e-3 } },
    limits: limitPoints(SIZES, RATES, { points }),
    strong: { points, oneShard, costOfShards: pairedRatio(serial, oneShard.times) },
    weak: null,
    batch: {
      workers: 2,
      points: [{ serial: points[0], parallel: points[2] }],
      breakEven: 128,
    },
    target: null,
    growth: null,
    proof: {
      workers: [0, 1, 2],
      identical: true,
      steps: 100,
      sha256: ['a', 'a', 'a'].map((letter) => letter.repeat(64)),
      others: 1,
      failures: [],
    },
    warnings: [],
  };
}
