/** Where a step's time goes: parts that add up, a trace with a row for each worker, and the same bits. */
import { describe, expect, it } from 'vitest';
import { PhaseTimer, TASK_PHASES, TIMER_LENGTH } from '#src/forward/timer.js';
import { resolveConfig } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { Profile, timed } from '#src/train/profile.js';
import { Trainer } from '#src/train/trainer.js';
import { syntheticData } from '../support/data.js';
import { WORKER_FILE } from '../support/train.js';

const total = (seconds: object) => Object.values(seconds).reduce((sum, part) => sum + part, 0);

/** A clock that stands still until the test moves it on. */
function heldClock() {
  let now = 0;
  return {
    clock: () => now,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

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
    const { clock, pass } = heldClock();
    const profile = new Profile(clock);
    pass(100);
    profile.begin();
    pass(6);
    profile.lap('data');
    pass(12);
    profile.lap('update');
    profile.end();
    expect(profile.steps).toBe(1);
    expect(profile.seconds).toEqual({ data: 0.006, forward: 0, backward: 0, wait: 0, sum: 0, update: 0.012 });
  });

  it('shares the time of tasks between what the workers did, on average, and waiting', () => {
    const { clock, pass } = heldClock();
    const profile = new Profile(clock);
    const cells = [new Float64Array(TIMER_LENGTH), new Float64Array(TIMER_LENGTH)];
    profile.begin();
    for (const [index, each] of cells.entries()) {
      const timer = new PhaseTimer(each, clock);
      timer.begin();
      pass(4);
      timer.lap('gather');
      pass(8 * (index + 1));
      timer.lap('backward');
    }
    profile.tasks('gradient', cells, 2);
    profile.end();
    const { data, backward, wait, ...rest } = profile.seconds;
    expect(data).toBeCloseTo(0.004, 12);
    expect(backward).toBeCloseTo(0.012, 12); // the mean of 8 and 16 ms
    expect(wait).toBeCloseTo(0.016, 12); // 32 ms in all: one after the other, each waits for the other
    expect(total(rest)).toBe(0);
    const slices = events(profile).filter(({ ph, tid }) => ph === 'X' && tid === 2);
    expect(slices.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
      ['gather', 12_000, 4000],
      ['backward', 16_000, 16_000],
    ]);
  });

  it('counts the laps of a long task that the trace has no room for', () => {
    const { clock, pass } = heldClock();
    const profile = new Profile(clock);
    const cells = new Float64Array(TIMER_LENGTH);
    const timer = new PhaseTimer(cells, clock);
    profile.begin();
    timer.begin();
    for (let round = 0; round < TIMER_LENGTH; round++) {
      for (const phase of TASK_PHASES) timer.lap(phase);
    }
    pass(5);
    timer.lap('sum');
    profile.tasks('gradient', [cells], 1);
    expect(profile.seconds.backward).toBe(0.005);
    const further = events(profile).filter(({ name }) => name === 'further passes');
    expect(further.map(({ dur }) => dur)).toEqual([5000]);
    expect(events(profile).length).toBeLessThan(TIMER_LENGTH);
  });

  it('accounts for the whole wall time, and for nothing twice', async () => {
    const { clock, pass } = heldClock();
    const profile = new Profile(clock);
    pass(1);
    profile.lap('update'); // as an evaluation does: outside a step it says nothing
    await timed(profile, 'evaluation', async () => pass(5));
    await timed(profile, 'saving', () => pass(3));
    expect(await timed(null, 'saving', () => 7)).toBe(7);
    const { seconds, rows } = profile.report(0.01, 40);
    expect(rows).toBe(40);
    const { rest, ...parts } = seconds;
    const nothing = { data: 0, forward: 0, backward: 0, wait: 0, sum: 0, update: 0 };
    expect(parts).toEqual({ ...nothing, evaluation: 0.005, saving: 0.003, refit: 0 });
    expect(rest).toBeCloseTo(0.002, 12);
  });
});

/** Six steps of a network with these hidden units. */
async function train(workers: number, hidden: number, profile: Profile | null) {
  const data = syntheticData({ rows: 120, inputs: 30, classes: 3 });
  const config = resolveConfig({ data: 'synthetic', hidden: [hidden], batch: 40, workers, epochs: 2 });
  const options = {
    memoryLimit: 2 ** 31,
    workerFile: WORKER_FILE,
    onRetry: () => {},
    onWorkers: () => {},
    profile,
  };
  const trainer = new Trainer(planTraining(config, data, profile !== null), options, profile?.clock);
  for (let step = 0; step < 6; step++) await trainer.step();
  await trainer.close();
  return { weights: trainer.memory.weights.slice(), seconds: trainer.state.seconds };
}

it("shows each worker's slice of an update that they share", async () => {
  const profile = new Profile();
  await train(2, 2000, profile); // 68,003 parameters
  for (const tid of [0, 1, 2]) {
    const updates = events(profile).filter((event) => event.tid === tid && event.name === 'update');
    // At the end of an epoch, here after three steps, the coordinator takes the norms of the whole gradient.
    const steps = tid === 0 ? [1, 2, 3, 4, 5, 6] : [1, 2, 4, 5];
    expect(new Set(updates.map(({ args }) => args.step))).toEqual(new Set(steps));
  }
});

describe.each([0, 1, 2, 3])('training with %i workers', (workers) => {
  it('is profiled without a change of its bits', async () => {
    let looks = 0;
    // This is the coordinator's clock; the workers' times come from a clock that they share.
    const profile = new Profile(() => ++looks);
    const plain = await train(workers, 20, null);
    const profiled = await train(workers, 20, profile);
    expect(profiled.weights).toEqual(plain.weights);
    expect(profile.steps).toBe(6);
    // Each reading adds 1 ms. A step reads the clock at both ends, and its profile six times in between.
    expect(profiled.seconds).toBeCloseTo((6 * 7) / 1000, 12);
    expect(total(profile.seconds)).toBeCloseTo((6 * 5) / 1000, 12);
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
