/** Refits: the network that all rows train, for as many epochs as the validation rows have found best. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { readModel } from '#src/model/read.js';
import { resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, RefitEvent, TrainEvent } from '#src/train/events.js';
import { killedAfter } from '../support/killed.js';

let folder: string;
let options: TrainOptions;
let whole: EndEvent;
let events: TrainEvent[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-refit-'));
  const data = join(folder, 'table.csv');
  const rows = Array.from({ length: 400 }, (_, i) => {
    const [a, b, noise] = [(i * 37) % 10, (i * 53) % 9, ((i * i * 29) % 31) / 31];
    return `a${a},b${b},${((a * b) % 7) + 6 * noise > 5 ? 'yes' : 'no'}`;
  });
  writeFileSync(data, `a,b,kind\n${rows.join('\n')}\n`);
  options = {
    data,
    preset: 'none',
    target: 'kind',
    test: 0.1,
    val: 0.25,
    hidden: [12],
    batch: 25,
    epochs: 60,
    patience: 3,
    optimizer: 'adam',
    lr: 0.02,
    refit: true,
    workers: 0,
    kernels: 'portable',
  };
  events = await all(train(options, { out: join(folder, 'whole') }));
  whole = events.at(-1) as EndEvent;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(told: AsyncGenerator<TrainEvent>): Promise<TrainEvent[]> {
  const seen: TrainEvent[] = [];
  for await (const event of told) seen.push(event);
  return seen;
}
const end = async (told: AsyncGenerator<TrainEvent>) => (await all(told)).at(-1) as EndEvent;

/** Everything of a result that may not depend on threads and time. */
function lasting({ run, wallSeconds, samplesPerSecond, workers, ...rest }: EndEvent) {
  return rest;
}

describe('a refit', () => {
  it('takes the epochs of the best weights, on the validation rows too', () => {
    const begin = events.find((event): event is RefitEvent => event.type === 'refit')!;
    expect(whole.status).toBe('early-stopped');
    expect(begin).toMatchObject({ epochs: whole.bestEpoch, rows: 360, stepsPerEpoch: 15 });
    expect(whole.refit).toEqual({ epochs: whole.bestEpoch, rows: 360, steps: 15 * whole.bestEpoch! });
    const again = events.filter((event) => event.type === 'refitEpoch');
    expect(again).toHaveLength(whole.bestEpoch!);
  });

  // The table holds words alone, to whose rows nothing is fitted before training.
  it('has the weights of a training on these rows that was asked for', async () => {
    const { refit, patience, val, ...rest } = options;
    const plain = await end(
      train({ ...rest, val: 0, epochs: whole.bestEpoch!, keep: 'last' }, { out: null }),
    );
    expect(whole).toMatchObject({
      weightsSha256: plain.weightsSha256,
      train: plain.train,
      test: plain.test,
    });
  });

  it('leaves the validation figures and the epochs of the training before', async () => {
    const before = await end(train({ ...options, refit: false }, { out: null }));
    const { val, epochs, steps, bestEpoch, reason } = before;
    expect(whole).toMatchObject({ val, epochs, steps, bestEpoch, reason });
    expect(whole.weightsSha256).not.toBe(before.weightsSha256);
  });

  it('is the model of the run, calibrated on rows that it had not seen before', () => {
    const model = readModel(join(folder, 'whole'));
    expect(model.facts).toMatchObject({ epochs: whole.bestEpoch, steps: whole.refit!.steps });
    expect(model.calibration).toMatchObject({ rows: 100 });
    const record = JSON.parse(readFileSync(join(folder, 'whole', 'run.json'), 'utf8'));
    expect(record.result.weightsSha256).toBe(whole.weightsSha256);
    const { refit } = JSON.parse(readFileSync(join(folder, 'whole', 'refit', 'run.json'), 'utf8'));
    expect(refit).toBe(true);
  });

  it.each([1, 2, 3])('has the same bits with %i workers', async (workers) => {
    const other = await end(train({ ...options, workers }, { out: null }));
    expect(lasting(other)).toEqual(lasting(whole));
  });

  it.each([0, 1, 7, 20])('goes on where it was stopped, after %i of its steps', async (steps) => {
    const out = join(folder, `stopped-${steps}`);
    const abort = new AbortController();
    let done = 0;
    let last: TrainEvent | undefined;
    for await (const event of train({ ...options, workers: 1 }, { out, signal: abort.signal })) {
      if (event.type === 'step' && event.refit) done++;
      if ((event.type === 'refit' && steps === 0) || done === steps + 1) abort.abort();
      last = event;
    }
    expect(last).toMatchObject({ type: 'end', status: 'interrupted', test: null });
    expect((last as EndEvent).refit).toBeUndefined();
    expect(lasting(await end(resume(out)))).toEqual(lasting(whole));
  });

  it('goes on to the same bits after SIGKILL, in either training', async () => {
    const total = whole.steps + whole.refit!.steps;
    for (const step of [10, whole.steps + 3, total - 8]) {
      const out = join(folder, `killed-${step}`);
      expect(await killedAfter(step, options, out)).toBe('SIGKILL');
      expect(lasting(await end(resume(out))), `step ${step}`).toEqual(lasting(whole));
    }
  });

  it('cannot be resumed without its run', async () => {
    const out = join(folder, 'whole', 'refit');
    await expect(end(resume(out))).rejects.toThrow(`gradpool resume ${join(folder, 'whole')}`);
  });

  it('is refused where it has nothing to learn from, or cannot know how long', async () => {
    const refused = async (more: Partial<TrainOptions>, message: string) => {
      const out = join(folder, 'refused');
      await expect(end(train({ ...options, ...more }, { out }))).rejects.toThrow(new UsageError(message));
      expect(existsSync(out)).toBe(false);
    };
    await refused(
      { val: 0, patience: 'none' },
      'refit: needs validation rows that are kept back from the training data, such as --val 0.2; leave refit out',
    );
    await refused(
      { keep: 'last' },
      'refit: cannot be combined with keep last, because a refit takes as many epochs as the best weights had; leave out one of the two',
    );
    await refused(
      { schedule: 'plateau' },
      'refit: cannot be combined with schedule plateau, which goes by validation rows that a refit has not; leave out one of the two',
    );
    await refused(
      { bag: 3 },
      'refit: cannot be combined with bag, whose members have their own validation rows and together see all rows; leave out one of the two',
    );
  });
});
