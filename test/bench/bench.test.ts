/** The benchmark from end to end on a tiny network: what it measures, proves, refuses and warns of. */
import { describe, expect, it } from 'vitest';
import { type BenchEvent, bench } from '#src/bench/bench.js';
import { randomData } from '#src/bench/data.js';
import { growth } from '#src/bench/growth.js';
import { type BenchOptions, resolveBench } from '#src/bench/options.js';
import { benchSvg } from '#src/bench/plot/index.js';
import { namedPoints } from '#src/bench/points.js';
import { STEP_PARTS } from '#src/bench/profile.js';
import { prove } from '#src/bench/proof.js';
import { warningsOf } from '#src/bench/warnings.js';
import { interquartileMean } from '#src/statistics.js';
import { tickingClock } from '../support/clock.js';
import { madeReport } from './report.js';

const TINY: BenchOptions = {
  network: [12, 8, 3],
  batch: 16,
  workers: [2, 1],
  seconds: 0.1,
  rounds: 3,
  accuracy: 0.8,
  training: { kernels: 'portable' },
};

describe('resolveBench', () => {
  const refused: [BenchOptions, string][] = [
    [{ network: [784, 0, 10] }, 'network: expected the widths'],
    [{ network: [784] }, 'network: expected the widths'],
    [{ network: [784, 1] }, 'at least 2 classes'],
    [{ batch: 0 }, 'batch: expected a whole number from 1, found "0"'],
    [{ batch: 1, workers: [2] }, 'batch: 1 is smaller than the 2 workers'],
    [{ workers: [9], batch: 64 }, 'shards: 8 cannot occupy 9 workers'],
    [{ workers: [-1] }, 'workers: expected whole numbers from 0'],
    [{ workers: [1.5] }, 'workers: expected whole numbers from 0'],
    [{ seconds: 0 }, 'seconds: expected'],
    [{ rounds: 1 }, 'rounds: expected'],
    [{ accuracy: 97 }, 'accuracy: expected a share'],
    [{ training: { optimizer: 'lbfgs' } }, 'optimizer: lbfgs takes all rows at once'],
  ];
  it.each(refused)('refuses %j', (options, message) => {
    expect(() => resolveBench(options, 2)).toThrow(message);
  });

  it('fills in what is left out', () => {
    const settings = resolveBench({ training: { kernels: 'portable' } }, 6);
    expect(settings).toMatchObject({
      network: [784, 256, 128, 10],
      workers: [0, 1, 2, 4, 6],
      parts: ['strong', 'weak', 'batch', 'target'],
      optimizer: 'sgd',
      momentum: 0.9,
    });
    expect(resolveBench({ workers: [2, 2], training: { optimizer: 'adam' } }, 2)).toMatchObject({
      workers: [0, 2],
      momentum: null,
    });
    expect(resolveBench({}, 64).workers).toEqual([0, 1, 2, 4, 8]);
    expect(resolveBench({ training: { shards: 64 } }, 64).workers.at(-1)).toBe(64);
  });
});

describe('bench', () => {
  it('measures every part, and proves that the weights are the same', async () => {
    const events: BenchEvent[] = [];
    for await (const event of bench(TINY, tickingClock(0.02))) events.push(event);
    const end = events.at(-1)!;
    if (end.type !== 'end') throw new Error('the last event is the end');
    const { report } = end;
    const { strong, weak, batch, target, proof } = report;

    expect(strong!.points.map(({ workers }) => workers)).toEqual([0, 1, 2]);
    expect(strong!.oneShard).toMatchObject({ workers: 0, shards: 1, batch: 16 });
    expect(weak!.points.map(({ batch: rows }) => rows)).toEqual([16, 16, 32]);
    expect(batch!.points.length).toBeGreaterThan(5);
    expect(target!.points).toHaveLength(3);
    expect(proof).toMatchObject({ workers: [0, 1, 2], identical: true, failures: [] });
    expect(new Set(proof.sha256).size).toBe(1);
    expect(strong!.oneShard!.weightsSha256).not.toBe(proof.sha256[0]);

    expect(report.parameters).toBe(12 * 8 + 8 + 8 * 3 + 3);
    expect(report.flopsPerRow).toBe(6 * (12 * 8 + 8 * 3) - 2 * 12 * 8);
    for (const { times, seconds, scaling } of namedPoints(report)) {
      expect(times).toHaveLength(3);
      expect(seconds.low).toBeLessThanOrEqual(seconds.value);
      expect(seconds.value).toBeLessThanOrEqual(seconds.high);
      if (scaling === null) continue;
      expect(scaling.gflops).toBeCloseTo((report.flopsPerRow * scaling.batch) / seconds.value / 1e9, 9);
      expect(scaling.samplesPerSecond.value).toBeCloseTo(scaling.batch / seconds.value, 6);
      const parts = STEP_PARTS.reduce((sum, part) => sum + scaling.breakdown[part], 0);
      // a step reads the clock at its ends and six times in between, where its parts end
      expect(parts / interquartileMean(times)).toBeCloseTo(5 / 8, 1);
    }
    const [serial, , two] = strong!.points;
    expect(two.speedup!.value).toBeCloseTo(serial.step.value / two.step.value, 12);
    expect(two.efficiency).toBeCloseTo(two.speedup!.value / 2, 12);
    const [alone, , pair] = weak!.points;
    expect(pair.speedup!.value).toBeCloseTo((2 * alone.step.value) / pair.step.value, 12);

    const shares = events.flatMap((event) => (event.type === 'progress' ? [event.share] : []));
    expect(Math.min(...shares)).toBe(0);
    expect(Math.max(...shares)).toBeLessThan(1);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);

    const svg = await benchSvg(report);
    for (const words of [
      'Speed-up',
      'Efficiency',
      'Batch size',
      "Where a step's time goes",
      'Time to 80 %',
    ]) {
      expect(svg).toContain(words);
    }
    expect(svg).not.toMatch(/NaN|undefined|<script|href/);
  });

  it('ends before it measures where the settings make no training', async () => {
    const first = (options: BenchOptions) => bench({ ...TINY, ...options }).next();
    await expect(first({ training: { memoryLimit: 0.1 } })).rejects.toThrow('the memory limit');
    await expect(first({ parts: ['target'], data: 'sine' })).rejects.toThrow('needs classes');
    await expect(first({ parts: ['target'], data: 'xor' })).rejects.toThrow('no rows to test on');
  });
});

it('growth fits its powers to what it measured', async () => {
  const settings = resolveBench({ ...TINY, rounds: 2 }, 2);
  const sizes = [1000, 10_000, 30_000];
  const data = randomData({ rows: 64, inputs: 12, outputs: 3, seed: 1 });
  const measuring = growth(
    { settings, data, peaks: new Map(), workerFailures: [], clock: tickingClock(0.02) },
    { rows: [256, 1024], parameters: sizes },
  );
  let next = await measuring.next();
  while (!next.done) next = await measuring.next();
  const { rows, parameters } = next.value;
  const [few, many] = rows.points.map(({ seconds }) => seconds.value);
  expect(rows.spread).toBeCloseTo(Math.max(few, many) / Math.min(few, many) - 1, 12);
  expect(rows.constant).toBe(rows.spread <= 0.15);
  expect(rows.exponent.value).toBeCloseTo(1 + Math.log(many / few) / Math.log(4), 9);
  expect(parameters.points.map(({ parameters: count }) => count)).toEqual(
    parameters.points.map(({ network }) => parametersOf(network)),
  );
  for (const [index, { parameters: count }] of parameters.points.entries()) {
    expect(count / sizes[index]).toBeCloseTo(1, 1);
  }
  const svg = await benchSvg({ ...madeReport(), strong: null, batch: null, growth: next.value });
  expect(svg).toContain('Time per row');
  expect(svg).not.toContain('Speed-up');
});

const parametersOf = (network: string) => {
  const widths = network.split('-').map(Number);
  return widths.slice(1).reduce((sum, units, index) => sum + (widths[index] + 1) * units, 0);
};

describe('prove', () => {
  const settings = resolveBench(TINY, 2);
  const measured = madeReport();

  it('compares every worker count, and both of every batch', async () => {
    expect(await prove(settings, measured)).toEqual({
      workers: [0, 1, 2],
      steps: 100,
      sha256: Array.from({ length: 3 }, () => 'a'.repeat(64)),
      identical: true,
      others: 1,
      failures: [],
    });
  });

  it('tells where the weights differ', async () => {
    const { strong, batch } = measured;
    const [serial, one, two] = strong!.points;
    const wrong = { ...two, weightsSha256: 'c'.repeat(64) };
    const inStrong = await prove(settings, {
      ...measured,
      strong: { ...strong!, points: [serial, one, wrong] },
    });
    expect(inStrong).toMatchObject({ identical: false, failures: ['strong scaling'] });
    const inBatch = await prove(settings, {
      ...measured,
      batch: { ...batch!, points: [{ serial, parallel: wrong }] },
    });
    expect(inBatch).toMatchObject({ identical: false, failures: ['batch 128'] });
  });

  it('makes a few steps of its own where strong scaling was not measured', async () => {
    const proof = await prove(settings, { strong: null, batch: null, target: null });
    expect(proof).toMatchObject({ workers: [0, 1, 2], steps: 20, identical: true, others: 0 });
    expect(new Set(proof.sha256).size).toBe(1);
  });
});

describe('warnings', () => {
  const report = madeReport();
  const warn = (change: object) => warningsOf({ ...report, ...change }, []);
  const machine = (change: object) => warn({ machine: { ...report.machine, ...change } });

  it('are none on a quiet machine with a speed-up', () => {
    expect(warn({})).toEqual([]);
  });

  it('name what is wrong', () => {
    expect(machine({ load: [1.7, 1, 1] })).toEqual([expect.stringContaining('load 1.7 on 2 cores')]);
    expect(machine({ cores: { logical: 1, physical: 1, usable: 1 } })).toEqual([
      expect.stringContaining('2 workers are more than the 1 cores'),
    ]);
    expect(machine({ cores: { logical: 2, physical: 1, usable: 2 } })).toEqual([
      expect.stringContaining('1 physical cores'),
    ]);
    const eight = { workers: [0, 8], shards: 8 };
    const large = { ...report.machine, cores: { logical: 16, physical: 16, usable: 16 } };
    expect(warn({ machine: large, settings: { ...report.settings, ...eight } })).toEqual([
      expect.stringContaining('occupy at most 8 of the 16 cores; --shards 16 occupies all of them'),
    ]);
    expect(machine({ cpuQuota: 1.5 })).toEqual([expect.stringContaining('allows 1.5 CPUs')]);
    const [serial, one, two] = report.strong!.points;
    const doubtful = { ...two, speedup: { value: 1.02, low: 0.97, high: 1.08 } };
    expect(warn({ strong: { ...report.strong!, points: [serial, one, doubtful] } })).toEqual([
      expect.stringContaining('the interval of the speed-up, 0.97 to 1.08, includes 1'),
    ]);
    expect(warn({ proof: { ...report.proof, identical: false, failures: ['batch 64'] } })).toEqual([
      expect.stringContaining('batch 64'),
    ]);
    expect(warningsOf(report, ['worker gone'])).toEqual([expect.stringContaining('worker gone')]);
  });
});
