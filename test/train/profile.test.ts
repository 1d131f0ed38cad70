/** Where a step's time goes: parts that add up, a trace with a lane for each worker, and the same bits. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { LANE_LENGTH, Lane, Profile, TASK_PHASES, timed } from '#src/train/profile.js';
import { Trainer } from '#src/train/trainer.js';
import { syntheticData } from '../support/data.js';
import { WORKER_FILE } from '../support/train.js';

const total = (seconds: object) => Object.values(seconds).reduce((sum, part) => sum + part, 0);

const busy = (milliseconds: number) => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly name?: string; readonly step?: number };
}
const events = (profile: Profile): TraceEvent[] => JSON.parse(profile.trace()).traceEvents;

describe('a profile', () => {
  it('gives each lap what has passed since the one before', () => {
    const profile = new Profile();
    profile.begin();
    busy(6);
    profile.lap('data');
    busy(12);
    profile.lap('update');
    profile.end();
    expect(profile.steps).toBe(1);
    expect(profile.seconds.data).toBeGreaterThanOrEqual(0.006);
    expect(profile.seconds.update).toBeGreaterThanOrEqual(0.012);
    expect(profile.seconds.forward + profile.seconds.backward + profile.seconds.sum).toBe(0);
  });

  it('shares the time of tasks between what the workers did, on average, and waiting', () => {
    const profile = new Profile();
    const cells = [new Float64Array(LANE_LENGTH), new Float64Array(LANE_LENGTH)];
    const begin = performance.now();
    profile.begin();
    for (const [index, each] of cells.entries()) {
      const lane = new Lane(each);
      lane.begin();
      busy(4);
      lane.lap('gather');
      busy(8 * (index + 1));
      lane.lap('backward');
    }
    profile.tasks('gradient', cells, 2);
    profile.end();
    const wall = (performance.now() - begin) / 1000;
    const { data, backward, wait } = profile.seconds;
    expect(data).toBeGreaterThanOrEqual(0.004);
    expect(backward).toBeGreaterThanOrEqual(0.012); // the mean of 8 and 16 ms
    expect(backward).toBeLessThan(wall - 0.012);
    expect(wait).toBeGreaterThanOrEqual(0.011); // one after the other: each waits for the other
    expect(total(profile.seconds)).toBeLessThanOrEqual(wall);
    expect(
      events(profile)
        .filter(({ ph, tid }) => ph === 'X' && tid === 2)
        .map(({ name }) => name),
    ).toEqual(['gather', 'backward']);
  });

  it('counts the laps of a long task that the trace has no room for', () => {
    const profile = new Profile();
    const cells = new Float64Array(LANE_LENGTH);
    const lane = new Lane(cells);
    profile.begin();
    lane.begin();
    for (let pass = 0; pass < LANE_LENGTH; pass++) {
      for (const phase of TASK_PHASES) lane.lap(phase);
    }
    busy(5);
    lane.lap('fold');
    profile.tasks('gradient', [cells], 1);
    expect(profile.seconds.backward).toBeGreaterThanOrEqual(0.005);
    const names = events(profile).map(({ name }) => name);
    expect(names).toContain('further passes');
    expect(names.length).toBeLessThan(LANE_LENGTH);
  });

  it('accounts for the whole wall time, and for nothing twice', async () => {
    const profile = new Profile();
    const begin = performance.now();
    profile.lap('update'); // as an evaluation does: outside a step it says nothing
    await timed(profile, 'evaluation', () => setTimeout(5));
    await timed(profile, 'saving', () => busy(3));
    expect(await timed(null, 'saving', () => 7)).toBe(7);
    const wall = (performance.now() - begin) / 1000;
    const { seconds, rows } = profile.report(wall, 40);
    expect(rows).toBe(40);
    expect(seconds.evaluation).toBeGreaterThan(0.004);
    expect(seconds.saving).toBeGreaterThanOrEqual(0.003);
    expect(seconds.update).toBe(0);
    expect(seconds.rest).toBeGreaterThanOrEqual(0);
    expect(total(seconds)).toBeCloseTo(wall, 9);
  });
});

/** Six steps of a network with these hidden units. */
async function train(workers: number, hidden: number, profile: Profile | null) {
  const data = syntheticData({ rows: 120, inputs: 30, classes: 3 });
  const config = resolveConfig({ data: 'synthetic', hidden: [hidden], batch: 40, workers, epochs: 2 });
  const options = { memoryLimit: 2 ** 31, workerFile: WORKER_FILE, onRetry: () => {}, onWorkers: () => {} };
  const trainer = new Trainer(planTraining(config, data, profile !== null), { ...options, profile });
  for (let step = 0; step < 6; step++) await trainer.step();
  await trainer.close();
  return { weights: trainer.memory.weights.slice(), seconds: trainer.state.seconds };
}

it("shows each worker's slice of an update that they share", async () => {
  const profile = new Profile();
  await train(2, 2000, profile); // 68,003 parameters
  for (const tid of [0, 1, 2]) {
    const updates = events(profile).filter((event) => event.tid === tid && event.name === 'update');
    expect(new Set(updates.map(({ args }) => args.step))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  }
});

describe.each([0, 1, 2, 3])('training with %i workers', (workers) => {
  it('is profiled without a change of its bits', async () => {
    const profile = new Profile();
    const plain = await train(workers, 20, null);
    const profiled = await train(workers, 20, profile);
    expect(profiled.weights).toEqual(plain.weights);
    expect(profile.steps).toBe(6);
    expect(total(profile.seconds)).toBeLessThanOrEqual(profiled.seconds);
    for (const part of ['data', 'forward', 'backward', 'update'] as const) {
      expect(profile.seconds[part]).toBeGreaterThan(0);
    }
    const lanes = events(profile).filter(({ ph }) => ph === 'M');
    expect(lanes.map(({ args }) => args.name)).toEqual([
      'coordinator',
      ...Array.from({ length: workers }, (_, index) => `worker ${index + 1}`),
    ]);
    const steps = events(profile).flatMap(({ args }) => args.step ?? []);
    expect([...new Set(steps)]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
