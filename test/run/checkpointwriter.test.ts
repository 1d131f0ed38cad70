/** Checkpoints are written while training goes on. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '#src/errors.js';
import { resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';
import { tickingClock } from '../support/clock.js';
import { writeIdxFolder } from '../support/idx.js';
import { unseal } from '../support/unsealed.js';

let folder: string;
let options: TrainOptions;
let whole: TrainEvent[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-saving-'));
  const data = writeIdxFolder(join(folder, 'data'), { train: 200, test: 40 });
  options = { data, val: 0.2, hidden: [12], batch: 20, epochs: 4, optimizer: 'adam', workers: 0 };
  const out = join(folder, 'whole');
  // With 3 ms a reading the event loop turns at every step, and no epoch takes long enough for a checkpoint.
  const clock = tickingClock(3);
  whole = await all(train({ ...options, checkpointEvery: 3 }, { out, clock }), ({ type, ...event }) => {
    if (type !== 'checkpoint') return;
    cpSync(out, join(folder, `at-${(event as { step: number }).step}`), { recursive: true });
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(
  events: AsyncGenerator<TrainEvent>,
  see: (event: TrainEvent) => void = () => {},
): Promise<TrainEvent[]> {
  const seen: TrainEvent[] = [];
  for await (const event of events) {
    see(event);
    seen.push(event);
  }
  return seen;
}
const sha = (events: TrainEvent[]) => (events.at(-1) as EndEvent).weightsSha256;

describe('a checkpoint', () => {
  it('does not hold up the steps after it', () => {
    const first = whole.findIndex(({ type }) => type === 'checkpoint');
    const step = whole.findIndex(({ type }) => type === 'step');
    expect(whole[first]).toMatchObject({ step: 0 });
    expect(step).toBeLessThan(first);
  });

  it('is told of in order, each once, the last before the end', () => {
    const steps = whole.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []));
    expect(steps).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 32]);
    expect(whole.at(-1)?.type).toBe('end');
  });

  it('is due at the end of an epoch more than a second after the one before', async () => {
    let now = 0;
    const run = { out: join(folder, 'long'), clock: () => now };
    const events = await all(train({ ...options, epochs: 8 }, run), ({ type }) => {
      if (type === 'step') now += 50; // 400 ms an epoch
    });
    const steps = events.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []));
    expect(steps).toEqual([0, 24, 48, 64]);
  });

  it.each([0, 3, 15, 24])('of step %i is of that step, whatever came while it was written', async (step) => {
    const resumed = await all(resume(join(folder, `at-${step}`), { workers: 2 }));
    expect(resumed[0]).toMatchObject({ type: 'start', step });
    expect(sha(resumed)).toBe(sha(whole));
  });

  it('that cannot be written ends the run, and says why', async () => {
    const out = join(folder, 'unwritable');
    const checkpoints = join(out, 'checkpoints');
    const events = all(train({ ...options, checkpointEvery: 1 }, { out }), (event) => {
      if (event.type !== 'step' || event.step !== 5) return;
      rmSync(checkpoints, { recursive: true });
      writeFileSync(checkpoints, 'no folder');
    });
    await expect(events).rejects.toThrow(DataError);
    await expect(events).rejects.toThrow(/last\.safetensors: cannot be written \(ENO/);
    const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'failed', exitCode: 3 });
  });
});

describe('a run killed before its first checkpoint', () => {
  it('goes on from the beginning', async () => {
    const out = join(folder, 'early');
    cpSync(join(folder, 'at-6'), out, { recursive: true });
    rmSync(join(out, 'checkpoints'), { recursive: true });
    mkdirSync(join(out, 'checkpoints'));
    const metrics = join(out, 'metrics.jsonl');
    const lines = readFileSync(metrics, 'utf8').split('\n');
    const unsaved = lines.filter((line) => !line.includes('"checkpoint"')).join('\n');
    expect(unsaved).not.toBe('');
    writeFileSync(metrics, unsaved);
    const resumed = await all(resume(out));
    expect(resumed[0]).toMatchObject({ type: 'start', step: 0 });
    expect(sha(resumed)).toBe(sha(whole));
  });

  it('is told from one that lost its checkpoint', async () => {
    rmSync(join(folder, 'at-30', 'checkpoints', 'last.safetensors'));
    rmSync(join(folder, 'at-30', 'checkpoints', 'last-1.safetensors'));
    const older = join(folder, 'older');
    cpSync(join(folder, 'at-30'), older, { recursive: true });
    unseal(older);
    await expect(all(resume(older))).rejects.toThrow(/cannot read the checkpoint \(ENOENT\)/);
    const resumed = await all(resume(join(folder, 'at-30')));
    expect(resumed.find(({ type }) => type === 'retry')).toMatchObject({
      message: expect.stringMatching(/ENOENT.*: no checkpoint is left; beginning again from the start/),
    });
    expect(sha(resumed)).toBe(sha(whole));
  });
});
