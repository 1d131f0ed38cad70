/** `--workers auto` after its decision, on steps whose times the test makes up. */
import { describe, expect, it } from 'vitest';
import type { WorkerDecision } from '#src/train/workersearch.js';
import { WorkerWatch } from '#src/train/workerwatch.js';
import { syntheticData } from '../support/data.js';
import { finish, newTrainer, trainToEnd } from '../support/train.js';

interface Switch {
  readonly workers: number;
  readonly at: number;
  readonly why: string;
}

/**
 * Watches steps for some seconds after a decision.
 * @param time returns the seconds of a step from its number of workers, its begin in seconds and its index
 */
function watched(
  decision: WorkerDecision,
  time: (workers: number, at: number, step: number) => number,
  { seconds = 60, candidates = [0, 2], steps = Number.POSITIVE_INFINITY } = {},
) {
  const watch = new WorkerWatch(candidates, decision, steps);
  const switches: Switch[] = [];
  const tries: { workers: number; at: number }[] = [];
  let at = 0;
  let step = 0;
  for (; at < seconds && step < steps; step++) {
    const workers = watch.current;
    if (workers !== (switches.at(-1)?.workers ?? decision.workers)) tries.push({ workers, at });
    const seconds = time(workers, at, step);
    at += seconds;
    const decided = watch.record(seconds);
    if (decided) switches.push({ workers: decided.workers, at, why: decided.why });
  }
  return { switches, tries, at, steps: step, current: watch.current };
}

/** The decision for `workers` after these milliseconds were measured. */
function decided(workers: number, milliseconds: Readonly<Record<number, number>>): WorkerDecision {
  const trials = Object.entries(milliseconds).map(([count, ms]) => ({
    workers: Number(count),
    seconds: ms / 1000,
  }));
  return { workers, why: 'measured', trials };
}

describe('the watch', () => {
  it('finds that the others are faster ten seconds after a load has gone, at the latest', () => {
    for (let gone = 20; gone < 26; gone += 0.37) {
      const time = (workers: number, at: number) => (workers === 0 ? 1 : at < gone ? 1.2 : 0.6) / 1000;
      const { switches, current } = watched(decided(0, { 0: 1, 2: 1.2 }), time);
      expect(current).toBe(2);
      expect(switches).toHaveLength(1);
      expect(switches[0].at).toBeGreaterThan(gone);
      expect(switches[0].at).toBeLessThan(gone + 9);
      expect(switches[0].why).toBe('tried again: in-process 1.00 ms a step, 2 workers 0.60 ms a step');
    }
  });

  it('does so where trying them beside the load cost much, because threads waited for cores', () => {
    for (let gone = 20; gone < 36; gone += 0.73) {
      const time = (workers: number, at: number, step: number) =>
        (at < gone ? (workers === 0 ? 1 : step % 3 ? 1.2 : 60) : workers === 0 ? 0.7 : 0.5) / 1000;
      const { switches } = watched(decided(0, { 0: 1, 2: 20 }), time);
      expect(switches.map(({ workers }) => workers)).toEqual([2]);
      expect(switches[0].at).toBeGreaterThan(gone);
      expect(switches[0].at).toBeLessThan(gone + 9);
    }
  });

  it('tries at once when steps have become slower than the alternative was', () => {
    const time = (workers: number, at: number) => (workers === 0 ? 1 : at < 6 ? 0.6 : 1.5) / 1000;
    const { switches } = watched(decided(2, { 0: 1, 2: 0.6 }), time);
    expect(switches.map(({ workers }) => workers)).toEqual([0]);
    expect(switches[0].at).toBeLessThan(6 + 2.5);
  });

  it('sees stalls that only some of the steps have', () => {
    const time = (workers: number, _: number, step: number) =>
      (workers === 0 ? 1 : step % 8 === 0 ? 6 : 0.6) / 1000;
    expect(watched(decided(2, { 0: 1, 2: 0.6 }), time).current).toBe(0);
  });

  it.each([
    ['a little', 1.3],
    ['clearly', 4],
  ])('costs less than a hundredth where the others are %s slower', (_, ratio) => {
    for (const ms of [0.1, 1]) {
      const time = (workers: number) => ((workers === 0 ? ratio : 1) * ms) / 1000;
      const { at, steps, switches, tries } = watched(decided(2, { 0: ratio * ms, 2: ms }), time, {
        seconds: 60,
      });
      expect(switches).toEqual([]);
      expect(tries.length).toBeGreaterThan(0);
      expect(at).toBeLessThan((1.01 * steps * ms) / 1000);
    }
  });

  it('loses a fiftieth at most where steps are long', () => {
    for (const seconds of [0.03, 2]) {
      const time = (workers: number) => (workers === 0 ? 1.5 * seconds : seconds);
      const { at, steps } = watched(decided(2, { 0: 1500 * seconds, 2: 1000 * seconds }), time, {
        seconds: 3000,
      });
      expect(at).toBeLessThan(1.025 * steps * seconds);
    }
  });

  it('keeps its choice where the difference is chance', () => {
    const time = (_: number, __: number, step: number) => (1 + 0.5 * (((step * 104729) % 97) / 97)) / 1000;
    expect(watched(decided(2, { 0: 1.25, 2: 1.25 }), time, { seconds: 300 }).switches).toEqual([]);
  });

  it('climbs from neighbour to neighbour where there are many cores', () => {
    const time = (workers: number) => (8 / Math.max(1, workers) + 0.1 * workers) / 1000;
    const { switches } = watched(decided(0, { 0: 8, 2: 9 }), time, { candidates: [0, 2, 4, 8, 16] });
    expect(switches.map(({ workers }) => workers)).toEqual([2, 4, 8]);
    expect(switches[2].at).toBeLessThan(10);
  });

  it('tries nothing shortly before the end', () => {
    const { tries } = watched(decided(0, { 0: 1, 2: 1.2 }), () => 0.001, { steps: 6000 });
    expect(tries).toEqual([]);
  });
});

it('changes no bit, and the trainer reports each change', async () => {
  const data = syntheticData({ rows: 400, inputs: 20, classes: 3 });
  const options = { hidden: [30], batch: 20, epochs: 30 };
  const reported: string[] = [];
  let now = 0;
  // A step of two workers takes longer for the first 12 seconds.
  const milliseconds = () => (trainer.workers === 0 ? 100 : now < 12_000 ? 150 : 60);
  const clock = () => {
    now += milliseconds();
    return now;
  };
  const onWorkers = (workers: number, why: string) => reported.push(`${workers}: ${why}`);
  const trainer = newTrainer(data, { ...options, workers: 'auto' }, { onWorkers }, { clock, cores: 2 });
  const auto = await finish(trainer);
  expect(reported).toEqual([
    '0: in-process 100 ms a step, 2 workers 150 ms a step',
    '2: tried again: in-process 100 ms a step, 2 workers 60 ms a step',
  ]);
  expect(trainer.workers).toBe(2);
  expect(auto).toEqual(await trainToEnd(data, { ...options, workers: 0 }));
});
