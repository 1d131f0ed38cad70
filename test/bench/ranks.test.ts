/** The benchmark of ranks: its constants from made-up times, its mistakes, and a curve under mpiexec. */
import { describe, expect, it } from 'vitest';
import { benchRanks } from '#src/bench/ranks/bench.js';
import { fitted, ratesOnMachine } from '#src/bench/ranks/fit.js';
import type { RankReport } from '#src/bench/ranks/report.js';
import { type RankBenchOptions, resolveRankBench } from '#src/bench/ranks/setup.js';
import { stepTime } from '#src/bench/scale/model.js';
import { outlook } from '#src/bench/scale/outlook.js';
import { mpiLaunchers } from '../support/mpi.js';

describe('the constants', () => {
  const facts = { length: 1e5, flopsPerRow: 6e5, slots: 1 };
  const breakdown = { data: 0, forward: 1e-3, backward: 2e-3, wait: 0, sum: 0, update: 1e-3 };
  const settings = { batch: 64, shards: 8, workers: 0 };

  it('are those of which the times were made', () => {
    const network = { latency: 3e-4, perMessage: 2e-5, gigabits: 4 };
    const seconds = (bytes: number, messages: number) =>
      network.latency + 2 * messages * network.perMessage + (8 * 2 * messages * bytes) / 4e9;
    const measured = [
      [0, 1],
      [0, 32],
      [1e6, 1],
    ].flatMap(([bytes, messages]) =>
      [1, 3].map((slower) => ({ others: 2, bytes, messages, seconds: slower * seconds(bytes, messages) })),
    );
    const found = fitted(settings, facts, 5e-3, breakdown, measured).network!;
    for (const key of ['latency', 'perMessage', 'gigabits'] as const) {
      expect(found[key] / network[key]).toBeCloseTo(1, 9);
    }
  });

  it('give the step of one rank back', () => {
    const { shape, rates } = fitted(settings, facts, 5e-3, breakdown, []);
    const time = stepTime(shape, rates, { latency: 1, perMessage: 1, gigabits: 1 }, 1);
    expect(time.update).toBeCloseTo(1e-3, 12);
    expect(time.total).toBeCloseTo(5e-3, 12);
  });

  it('share the cores of a machine among its ranks', () => {
    const rates = { gflops: 40, gigabytes: 8, overhead: 0, threads: 2 };
    expect(ratesOnMachine(rates, ['a', 'a', 'b'], 2)).toMatchObject({ gflops: 20, gigabytes: 4 });
    expect(ratesOnMachine(rates, ['a', 'b'], 2)).toEqual(rates);
  });
});

describe('mistakes', () => {
  const cases: [Partial<RankBenchOptions>, string][] = [
    [{ ranks: [0] }, 'ranks: expected whole numbers from 1 to 1024, found "0"'],
    [{ ranks: [1.5] }, 'found "1.5"'],
    [{ ranks: [9] }, 'ranks: 9 ranks share 8 shards, and some would have none; take --shards 9 or more'],
    [{ ranks: [4], batch: 2 }, 'take --batch 4 or more'],
    [{ ranks: [2], workers: -1 }, 'workers: expected whole numbers'],
    [{ ranks: [2], launcher: ' ' }, 'mpiexec: expected a command'],
  ];
  it.each(cases)('%j', (options, message) => {
    expect(() => resolveRankBench(options as RankBenchOptions)).toThrow(message);
  });

  const tiny = { network: [6, 5, 3], batch: 16, seconds: 0.1 };
  it('one line where there is no launcher, and where it starts no ranks', async () => {
    const first = (launcher: string) => benchRanks({ ...tiny, ranks: [2], launcher }).next();
    await expect(first('no-such-mpiexec')).rejects.toThrow(
      /^--ranks: there is no no-such-mpiexec here, by which ranks are started; apt-get install mpich, or name/,
    );
    await expect(first('false')).rejects.toThrow(
      /^--ranks: false -n 1 failed, it ended with code 1: it print/,
    );
  });

  it.skipIf(mpiLaunchers().length === 0)('measures a curve whose weights are identical', async () => {
    const [{ command }] = mpiLaunchers();
    let report: RankReport | undefined;
    for await (const event of benchRanks({ ...tiny, ranks: [2], rounds: 2, launcher: command })) {
      if (event.type === 'end') report = event.report;
    }
    const { points, proof, constants } = report!;
    expect(proof.identical).toBe(true);
    expect(points.map(({ ranks, machines }) => [ranks, machines])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(points[1].times).toHaveLength(2);
    expect(points[1].model!.total).toBeGreaterThan(0);
    expect(points[0].model).toBe(null);
    expect(constants.network!.latency).toBeGreaterThanOrEqual(0);
  });
});

describe('the outlook', () => {
  it('goes on to the shards of a batch, and counts the parameters', () => {
    const { shape, links, memory } = outlook({ network: [20, 30, 4], batch: 64, training: { shards: 16 } });
    expect(shape).toMatchObject({
      parameters: 20 * 30 + 30 + 30 * 4 + 4,
      flopsPerRow: 6 * 720 - 2 * 600,
      slots: 1,
    });
    expect(links.map(({ points }) => points.map(({ ranks }) => ranks))).toEqual(
      links.map(() => [1, 2, 4, 8, 16]),
    );
    expect(memory).toEqual({ bytes: 4 * 754 * 18, fits: true });
    for (const { points } of links) expect(points[0].speedup).toBe(1);
  });
});
