import { describe, expect, it } from 'vitest';
import { resolveConfig } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { LANE_LENGTH, Lane, Profile, TASK_PHASES, TRACED_STEPS } from '#src/train/profile.js';
import { Trainer } from '#src/train/trainer.js';
import { weightsSha256 } from '#src/train/weights.js';
import { syntheticData } from '../support/data.js';
import { trainToEnd, WORKER_FILE } from '../support/train.js';

const total = (seconds: object) => Object.values(seconds).reduce((sum: number, part) => sum + part, 0);

interface Event {
  readonly name: string;
  readonly ph: 'X' | 'M';
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly name?: string; readonly step?: number };
}
const eventsOf = (profile: Profile): Event[] => JSON.parse(profile.trace()).traceEvents;

describe.each([0, 1, 2, 3])('a profile of %i workers', (workers) => {
  const data = syntheticData({ rows: 400, inputs: 8, classes: 3 });
  const options = { hidden: [16], batch: 100, epochs: 5, workers };

  it('leaves the bits alone, adds up to the steps, and has a lane for each worker', async () => {
    const profile = new Profile();
    const plan = planTraining(resolveConfig({ data: 'synthetic', ...options }), data, true);
    const trainer = new Trainer(plan, {
      memoryLimit: 2 ** 31,
      workerFile: WORKER_FILE,
      onRetry: () => {},
      onWorkers: () => {},
      profile,
    });
    while (trainer.state.step < plan.totalSteps) await trainer.step();
    await trainer.close();
    const { layout, weights } = trainer.memory;
    expect(weightsSha256(layout, weights)).toBe((await trainToEnd(data, options)).sha256);

    expect(profile.steps).toBe(20);
    for (const [part, seconds] of Object.entries(profile.seconds)) {
      if (part !== 'wait') expect(seconds, part).toBeGreaterThanOrEqual(0);
    }
    expect(total(profile.seconds)).toBeGreaterThan(0.5 * trainer.state.seconds);
    expect(total(profile.seconds)).toBeLessThanOrEqual(trainer.state.seconds + 1e-4);

    const events = eventsOf(profile);
    const lanes = events.filter(({ ph }) => ph === 'M').map(({ args }) => args.name);
    const names = Array.from({ length: Math.max(1, workers) }, (_, index) => `worker ${index + 1}`);
    expect(lanes).toEqual(['coordinator', ...names]);
    for (const [index] of names.entries()) {
      const own = events.filter(({ ph, tid }) => ph === 'X' && tid === index + 1);
      expect(new Set(own.map(({ name }) => name))).toEqual(new Set(TASK_PHASES));
      expect(own.filter(({ name }) => name === 'forward')).toHaveLength(20);
    }
    for (const event of events.filter(({ ph }) => ph === 'X')) {
      expect(event.ts).toBeGreaterThanOrEqual(0);
      expect(event.dur).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('Profile', () => {
  it('counts every lap of a long task, and lumps in the trace what it has no room for', () => {
    const cells = new Float64Array(LANE_LENGTH);
    const lane = new Lane(cells);
    const profile = new Profile();
    profile.begin();
    lane.begin();
    for (let pass = 0; pass < 100; pass++) {
      for (const phase of ['gather', 'forward', 'backward'] as const) {
        const end = performance.now() + 0.02;
        while (performance.now() < end);
        lane.lap(phase);
      }
    }
    profile.gradient([cells]);
    profile.end();
    const { data, forward, backward } = profile.seconds;
    for (const part of [data, forward, backward]) expect(part).toBeGreaterThan(100 * 0.019e-3);
    const own = eventsOf(profile).filter(({ ph, tid }) => ph === 'X' && tid === 1);
    expect(own.length).toBeLessThan(200);
    expect(own.at(-1)?.name).toBe('further passes');
    const traced = own.reduce((sum, { dur }) => sum + dur, 0) / 1e6;
    expect(traced).toBeCloseTo(data + forward + backward, 5);
  });

  it('traces the first steps only, counts them all, and hears nothing between steps', () => {
    const profile = new Profile();
    for (let step = 0; step < TRACED_STEPS + 5; step++) {
      profile.begin();
      profile.lap('data');
      profile.end();
      profile.lap('sum');
    }
    expect(profile.steps).toBe(TRACED_STEPS + 5);
    expect(profile.seconds.sum).toBe(0);
    expect(eventsOf(profile).filter(({ name }) => name === 'data')).toHaveLength(TRACED_STEPS);
  });

  it('reports parts that add up to the wall time', () => {
    const profile = new Profile();
    profile.beside('saving', performance.timeOrigin + performance.now() - 2000);
    const report = profile.report(5, 7);
    expect(report).toMatchObject({ steps: 0, rows: 7 });
    expect(report.seconds.saving).toBeGreaterThanOrEqual(2);
    expect(total(report.seconds)).toBeCloseTo(5, 9);
  });
});
