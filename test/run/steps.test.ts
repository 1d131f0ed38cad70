/** How often an event tells of a step changes nothing else. */
import { expect, it } from 'vitest';
import { train } from '#src/run/train.js';

/** Trains on XOR with a clock that goes on by a millisecond at each look. */
async function trained(stepInterval?: number) {
  let now = 0;
  const steps: number[] = [];
  const options = { data: 'xor', hidden: [4], epochs: 60, workers: 0, seed: 1 } as const;
  const run = { out: null, clock: () => ++now, ...(stepInterval === undefined ? {} : { stepInterval }) };
  let sha = '';
  for await (const event of train(options, run)) {
    if (event.type === 'step') steps.push(event.step);
    if (event.type === 'end') sha = event.weightsSha256;
  }
  return { steps, sha };
}

it('tells of every step, or of those that are so many milliseconds apart', async () => {
  const all = await trained();
  expect(all.steps).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect(await trained(0)).toEqual(all);
  const some = await trained(50);
  expect(some.steps[0]).toBe(1);
  expect(some.steps.length).toBeGreaterThan(3);
  expect(some.steps.length).toBeLessThan(20);
  const first = await trained(1e9);
  expect(first).toEqual({ steps: [1], sha: all.sha });
  expect(some.sha).toBe(all.sha);
});
