/** The model of a step on several ranks against numbers by hand, and the simulation against the model. */
import { describe, expect, it } from 'vitest';
import {
  breakEvenGigabits,
  bytesOfStep,
  type NetworkRates,
  type RankRates,
  ringTime,
  type StepShape,
  stepTime,
  trafficOf,
} from '#src/bench/scale/model.js';
import { simulatedStep } from '#src/bench/scale/simulate.js';

/** Parameters are cut in chunks of so many. */
const CHUNK = 16384;
const shape: StepShape = { batch: 64, shards: 8, parameters: 8 * CHUNK, flopsPerRow: 1e6, slots: 1 };
const rates: RankRates = { gflops: 10, gigabytes: 8, overhead: 1e-4, threads: 1 };
const network: NetworkRates = { latency: 1e-4, perMessage: 1e-6, gigabits: 1 };

describe('the bytes of a step', () => {
  it('are those of the subtrees: 8 shards on 3 ranks have 1, 2 and 2', () => {
    const traffic = trafficOf({ ...shape, parameters: 3 * CHUNK }, 3);
    expect(traffic).toMatchObject({ subtrees: [1, 2, 2], slices: [CHUNK, CHUNK, CHUNK] });
    // Rank 0 gets 4 sums of its slice, ranks 1 and 2 send 2 to each of 2 others.
    expect(bytesOfStep(traffic)).toEqual({ sums: 4 * 4 * CHUNK, weights: 2 * 4 * CHUNK });
  });

  it('are those of a ring where ranks are a power of two, which is the least', () => {
    for (const ranks of [2, 4, 8]) {
      const { sums, weights } = bytesOfStep(trafficOf(shape, ranks));
      expect(sums + weights).toBe((2 * 4 * shape.parameters * (ranks - 1)) / ranks);
      expect(stepTime(shape, rates, network, ranks).bytes).toBeCloseTo(
        ringTime(shape, rates, network, ranks).bytes,
        12,
      );
    }
  });

  it('go to ranks without a slice too: one chunk is the slice of one rank', () => {
    const traffic = trafficOf({ ...shape, parameters: 100 }, 2);
    expect(traffic.slices).toEqual([100, 0]);
    expect(bytesOfStep(traffic)).toEqual({ sums: 400, weights: 400 });
  });
});

describe('the time of a step', () => {
  it('has the parts that arithmetic gives', () => {
    const time = stepTime(shape, rates, network, 2);
    expect(time.compute).toBeCloseTo(1e-4 + (32 * 1e6) / 1e10, 12);
    // An addition is 3 numbers; then come the gradient, and weights and velocity read and written.
    expect(time.update).toBeCloseTo((8 * 4 * 4 * CHUNK) / 8e9, 12);
    // To the other rank 4 small messages, one sum and the weights.
    expect(time.messages).toBeCloseTo(2e-4 + 6e-6, 12);
    expect(time.bytes).toBeCloseTo((8 * 2 * 4 * 4 * CHUNK) / 1e9, 12);
    expect(time.total).toBeCloseTo(time.compute + time.update + time.messages + time.bytes, 12);
  });

  it('counts whole rounds of threads, and the additions between them', () => {
    const threads = stepTime({ ...shape, shards: 12 }, { ...rates, threads: 4 }, network, 2);
    expect(threads.compute).toBeCloseTo(1e-4 + (2 * (64 / 12) * 1e6) / 1e10, 12);
    const { update } = stepTime(shape, { ...rates, threads: 4 }, network, 2);
    expect(update).toBeCloseTo((8 * 4 * 4 * CHUNK + 3 * 3 * 4 * shape.parameters) / 8e9, 12);
  });

  it('falls to its share where the network costs nothing', () => {
    const free = { latency: 0, perMessage: 0, gigabits: Number.POSITIVE_INFINITY };
    const own = { ...rates, overhead: 0 };
    const one = stepTime(shape, own, free, 1);
    for (const ranks of [2, 4, 8]) {
      expect(stepTime(shape, own, free, ranks).compute).toBeCloseTo(one.compute / ranks, 12);
    }
  });

  it('equals that of one rank on the network that breaks even', () => {
    const gigabits = breakEvenGigabits(shape, rates, network, 4);
    expect(stepTime(shape, rates, { ...network, gigabits }, 4).total).toBeCloseTo(
      stepTime(shape, rates, network, 1).total,
      12,
    );
    expect(breakEvenGigabits(shape, rates, { ...network, latency: 1 }, 4)).toBe(Number.POSITIVE_INFINITY);
  });

  it('has the latencies of two exchanges, where a ring has those of all ranks', () => {
    const slow = { latency: 1, perMessage: 0, gigabits: 1 };
    expect(stepTime(shape, rates, slow, 8).messages).toBe(2);
    expect(ringTime(shape, rates, slow, 8).messages).toBe(14);
  });
});

describe('the simulation', () => {
  it('is the closed form where nobody is late and all have the same', () => {
    for (const ranks of [2, 4, 8]) {
      const expected = stepTime(shape, rates, network, ranks).total;
      expect(simulatedStep(shape, rates, network, ranks)).toBeCloseTo(expected, 9);
    }
  });

  it('waits for the latest of all: the mean of the largest of P exponentials is 1 + 1/2 + … + 1/P', () => {
    const free = { latency: 0, perMessage: 0, gigabits: Number.POSITIVE_INFINITY };
    const many = { ...shape, shards: 16, parameters: 16 * CHUNK };
    const own = { ...rates, gigabytes: Number.POSITIVE_INFINITY };
    const { compute } = stepTime(many, own, free, 16);
    const harmonic = Array.from({ length: 16 }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b);
    const step = simulatedStep(many, own, free, 16, { steps: 2000, jitter: 0.1 });
    expect((step / compute - 1) / (0.1 * harmonic)).toBeCloseTo(1, 1);
  });

  it('takes longer where all ranks send to rank 0 first', () => {
    const bytes = { latency: 0, perMessage: 0, gigabits: 0.001 };
    const rotated = simulatedStep(shape, rates, bytes, 8);
    const fixed = simulatedStep(shape, rates, bytes, 8, { rotated: false });
    expect(fixed / rotated).toBeGreaterThan(1.1);
  });
});
