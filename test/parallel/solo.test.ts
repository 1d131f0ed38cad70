/** When a coordinator goes on alone, told by a clock that is set by hand. */
import { expect, it } from 'vitest';
import { Solo } from '#src/parallel/solo.js';

/** Runs of two tasks, each run of so many milliseconds, whose shorter task takes 5. */
function runs() {
  let now = 0;
  const solo = new Solo(() => now);
  return {
    solo,
    runs(count: number, took: number) {
      for (let i = 0; i < count; i++) {
        now += took;
        solo.record(took, 2, 5);
      }
      return solo.isOn();
    },
    after(milliseconds: number) {
      now += milliseconds;
      return solo.isOn();
    },
  };
}

it('leaves the tasks to the threads while that is faster, or nearly as fast', () => {
  const { runs: run } = runs();
  expect(run(100, 6)).toBe(false);
  expect(run(100, 10.9)).toBe(false);
});

it('goes on alone after several runs that took longer, and for a while only', () => {
  const { runs: run, after } = runs();
  expect(run(7, 12)).toBe(false);
  expect(run(1, 12)).toBe(true);
  expect(after(39)).toBe(true);
  expect(after(1)).toBe(false);
});

it('tries the threads again after ever longer times, and soon once they were faster', () => {
  const { runs: run, after } = runs();
  expect(run(4, 12)).toBe(false);
  for (const pause of [40, 80, 160, 320, 640, 640]) {
    expect(run(4, 12)).toBe(true);
    expect(after(pause - 1)).toBe(true);
    expect(after(1)).toBe(false);
  }
  expect(run(4, 6)).toBe(false);
  expect(run(8, 12)).toBe(true);
  expect(after(40)).toBe(false);
});

it('judges a run by those around it', () => {
  const { runs: run } = runs();
  for (let i = 0; i < 20; i++) {
    expect(run(3, 6)).toBe(false);
    expect(run(1, 20)).toBe(false);
  }
});

it('goes on with the threads after a few runs that took longer', () => {
  const { runs: run } = runs();
  for (let i = 0; i < 20; i++) {
    expect(run(4, 12)).toBe(false);
    expect(run(4, 6)).toBe(false);
  }
});
