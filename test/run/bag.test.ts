/** Bags: the same bits however their members are trained, killed or not; their mean; and their folds. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bagData, bagSources } from '#src/data/bag.js';
import { loadTrainingData } from '#src/data/load.js';
import { DataError, DivergedError, UsageError } from '#src/errors.js';
import { loadModel } from '#src/model/index.js';
import { membersSha256 } from '#src/network/digest.js';
import { shareThreads } from '#src/run/bagplan.js';
import { plan } from '#src/run/planreport.js';
import { type ResumeOptions, resume, train } from '#src/run/train.js';
import type { MemberEvent } from '#src/train/bagevents.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import type { EndEvent, StartEvent, TrainEvent } from '#src/train/events.js';
import { killedAfter } from '../support/killed.js';
import { unseal } from '../support/unsealed.js';

let folder: string;
let options: TrainOptions & { readonly data: string };
let whole: EndEvent;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-bag-'));
  const data = join(folder, 'table.csv');
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [a, b] = [(i * 37) % 101, (i * 53) % 89];
    return `${a},${b},${['low', 'middle', 'high'][Math.floor((a + b + (i % 5) * 8) / 75)] ?? 'high'}`;
  });
  writeFileSync(data, `a,b,kind\n${rows.join('\n')}\n`);
  options = {
    data,
    target: 'kind',
    val: 0.25,
    test: 0.2,
    hidden: [6],
    batch: 16,
    epochs: 5,
    optimizer: 'adam',
    lr: 0.02,
    bag: 3,
    seed: 4,
    workers: 0,
    kernels: 'portable',
  };
  whole = (await all(train(options, { out: join(folder, 'whole') }))).end;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(events: AsyncGenerator<TrainEvent>) {
  const seen: TrainEvent[] = [];
  for await (const event of events) if (event.type !== 'step') seen.push(event);
  return { seen, start: seen[0] as StartEvent, end: seen.at(-1) as EndEvent };
}

const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
const json = (...path: string[]) => JSON.parse(read(...path));

/** Everything of a result that may not depend on threads and time. */
function lasting({ run, wallSeconds, samplesPerSecond, workers, ...rest }: EndEvent) {
  return rest;
}

describe('a bag', () => {
  it.each([1, 2, 3, 7])('with %i workers has the bits of one without', async (workers) => {
    const { end, seen } = await all(train({ ...options, workers }, { out: null }));
    expect(lasting(end)).toEqual(lasting(whole));
    const ended = seen.filter((event): event is MemberEvent => event.type === 'member');
    expect(ended.map(({ member }) => member).sort()).toEqual([1, 2, 3]);
    expect(end.workers).toBe(workers === 7 ? 6 : workers);
  });

  it('has members with seeds, rows and bits of their own', async () => {
    const { members } = whole.bag!;
    expect(new Set(members.map(({ weightsSha256 }) => weightsSha256)).size).toBe(3);
    expect(whole.weightsSha256).toBe(membersSha256(members.map(({ weightsSha256 }) => weightsSha256)));
    const other = await all(train({ ...options, seed: 5 }, { out: null }));
    const seeds = [whole, other.end].flatMap(({ bag }) => bag!.members.map(({ seed }) => seed));
    expect(new Set(seeds).size).toBe(6);
    expect(other.start.bag!.map(({ seed }) => seed)).toEqual(seeds.slice(3));
    expect(other.end.weightsSha256).not.toBe(whole.weightsSha256);
  });

  it('leaves its files, and a model that evaluates to what was reported', async () => {
    expect(json('whole', 'run.json')).toMatchObject({ status: 'completed', exitCode: 0 });
    expect(json('whole', 'run.json').result.weightsSha256).toBe(whole.weightsSha256);
    expect(existsSync(join(folder, 'whole', 'checkpoints'))).toBe(false);
    const events = read('whole', 'metrics.jsonl').trim().split('\n');
    const epochs = events.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch');
    expect(epochs.map(({ member, epoch }) => `${member}.${epoch}`)).toHaveLength(15);
    expect(new Set(epochs.map(({ member }) => member))).toEqual(new Set([1, 2, 3]));
    for (const member of ['1', '2', '3']) {
      expect(json('whole', 'members', member, 'run.json')).toMatchObject({
        status: 'completed',
        member: { number: Number(member), of: 3 },
      });
    }
    const model = await loadModel(join(folder, 'whole'), { kernels: 'portable' });
    expect(model).toMatchObject({ members: 3, weightsSha256: whole.weightsSha256 });
  });

  it('predicts the mean of its members, which can be loaded on their own', async () => {
    const row = [{ a: 20, b: 60 }];
    const predict = async (...path: string[]) => {
      const model = await loadModel(join(folder, 'whole', ...path), { kernels: 'portable' });
      return [...[...model.predictRows(row).batches()][0].probabilities!];
    };
    const together = await predict();
    const each = await Promise.all(['1', '2', '3'].map((member) => predict('members', member)));
    together.forEach((p, j) => {
      expect(p).toBeCloseTo((each[0][j] + each[1][j] + each[2][j]) / 3, 6);
    });
  });

  it('scores each row by the members that were not trained on it', async () => {
    const { options: sources, fraction } = bagSources({ ...resolveConfig(options) });
    const { whole: data, members } = bagData(await loadTrainingData(sources), 3, fraction, 4);
    expect(fraction).toBe(0.25);
    expect(data.train.rows.length).toBe(96);
    let [loss, right, rows] = [0, 0, 0];
    for (const [member, { val, train, test }] of members.entries()) {
      expect(test).toBeNull();
      const both = [...train.rows, ...val!.rows].sort((a, b) => a - b);
      expect(both).toEqual([...data.train.rows]);
      const model = await loadModel(join(folder, 'whole', 'members', `${member + 1}`), {
        kernels: 'portable',
      });
      const lines = read('table.csv').trim().split('\n').slice(1);
      for (const row of val!.rows) {
        const [a, b, kind] = lines[row].split(',');
        const [{ probabilities, predicted }] = model.predictRows([{ a: +a, b: +b }]).batches();
        loss -= Math.log(probabilities![model.classes!.indexOf(kind)]);
        right += predicted[0] === kind ? 1 : 0;
        rows++;
      }
    }
    expect(whole.bag!.outOfFold).toMatchObject({ rows, fewest: 1, most: 1, accuracy: right / rows });
    expect(whole.bag!.outOfFold!.loss).toBeCloseTo(loss / rows, 5);
    expect(whole.val).toEqual({ loss: whole.bag!.outOfFold!.loss, accuracy: right / rows });
  });

  it('compares its members with their mean on rows that are new to all of them', async () => {
    expect(whole.bag!.gain).toMatchObject({ on: 'test', rows: 24, members: 3, together: whole.test });
    const often = await all(train({ ...options, test: 0, bag: 8 }, { out: null }));
    expect(often.end.bag!.outOfFold).toMatchObject({ rows: 120, fewest: 2, most: 2 });
    expect(often.end.bag!.gain).toMatchObject({ on: 'outOfFold', rows: 120, members: 2 });
    const { single, together } = often.end.bag!.gain!;
    expect(together.loss).toBeLessThan(single.loss); // the loss is convex in the probabilities
    const few = await all(train({ ...options, test: 0 }, { out: null }));
    expect(few.end.bag!.gain).toBeNull();
  });

  it('without folds trains all members on all rows', async () => {
    const none = await all(train({ ...options, val: 0 }, { out: null }));
    expect(none.start.rows).toEqual({ train: 96, val: 0, test: 24 });
    expect(none.end).toMatchObject({ val: null, bag: { outOfFold: null, gain: { on: 'test' } } });
    const own = await all(train({ ...options, val: options.data, test: 0 }, { out: null }));
    expect(own.start.rows).toEqual({ train: 120, val: 120, test: 0 });
    expect(own.end.bag).toMatchObject({ outOfFold: null, gain: { on: 'val', together: own.end.val } });
    expect(
      (
        await all(
          train(
            { ...options, data: 'xor', target: undefined, val: 'auto', test: 0, batch: 'auto' },
            { out: null },
          ),
        )
      ).end.val,
    ).toBeNull();
  });

  it('is planned without being trained', async () => {
    const planned = await plan(options);
    expect(planned.bag).toHaveLength(3);
    expect(planned.notes.at(-1)).toBe(
      'bag: 3 networks, each trained on about 70 of 96 rows and validated on the other 26',
    );
    expect(planned.budget.total).toBeGreaterThan(0);
  });

  it('says where a class is too small for every fold', async () => {
    const data = {
      x: Array.from({ length: 40 }, (_, i) => i),
      y: Array.from({ length: 40 }, (_, i) => (i < 3 ? 'rare' : i % 2 ? 'a' : 'b')),
    };
    const { start } = await all(
      train({ ...options, data, target: 'y', test: 0, epochs: 1, bag: 4 }, { out: null }),
    );
    expect(start.notes.join('\n')).toMatch(
      /validation: class "rare" has too few rows \(3\) for each of the 4 folds to hold one, 1 hold none; a larger --val/,
    );
  });

  it('refuses what is impossible', async () => {
    const refused = (more: Partial<TrainOptions>) => all(train({ ...options, ...more }, { out: null }));
    await expect(refused({ bag: 0 })).rejects.toThrow(UsageError);
    await expect(refused({ bag: 1001 })).rejects.toThrow(/bag/);
    await expect(refused({ val: 0, patience: 2 })).rejects.toThrow(/patience watches the validation loss/);
    await expect(refused({ val: 0.6, test: 0.5 })).rejects.toThrow(/no rows are left to train on/);
    await expect(refused({ batch: 100 })).rejects.toThrow(/batch: 100 is larger than the 70 training rows/);
    const profiled = all(train(options, { out: null, profile: true }));
    await expect(profiled).rejects.toThrow(/^--profile: times one training, and --bag/);
    for (const workers of [0, 2]) {
      const diverging = refused({ optimizer: 'sgd', lr: 1e30, workers });
      await expect(diverging).rejects.toThrow(DivergedError);
      await expect(diverging).rejects.toThrow(/^member \d of 3: diverged at step/);
    }
  });

  it('shares threads among members, and what is left inside them', () => {
    const share = (workers: number | 'auto', members: number, bytes = 1, memoryLimit?: number) => {
      const { atOnce, inside } = shareThreads(
        resolveConfig({ data: 'xor', workers, memoryLimit }),
        members,
        bytes,
        8,
      );
      return [atOnce, inside];
    };
    expect(share('auto', 4)).toEqual([4, 'auto']);
    expect(share('auto', 5)).toEqual([5, 0]);
    expect(share(12, 4)).toEqual([4, 3]);
    expect(share(0, 4)).toEqual([0, 0]);
    expect(share(1, 4)).toEqual([1, 0]);
    expect(share('auto', 4, 2 ** 20, 2)).toEqual([2, 'auto']);
    expect(share('auto', 4, 2 ** 20, 0.5)).toEqual([1, 'auto']);
  });
});

describe('a bag that goes on', () => {
  /** Trains until `stop` says so, then aborts as Ctrl-C does. */
  const interrupted = async (
    events: (signal: AbortSignal) => AsyncGenerator<TrainEvent>,
    stop: (event: TrainEvent) => boolean,
  ) => {
    const abort = new AbortController();
    let last: TrainEvent | undefined;
    for await (const event of events(abort.signal)) {
      if (stop(event)) abort.abort();
      last = event;
    }
    return last as EndEvent;
  };

  it.each([
    [0, 1, 2],
    [0, 2, 0],
    [2, 2, 0],
    [2, 3, 1],
  ])(
    'with %i workers after epoch 2 of member %i ends in the same bits, with %i workers',
    async (before, member, after) => {
      let out: string;
      let stopped: EndEvent;
      // Threads do not wait for their reports to be read: if all was done when the stop came, begin anew.
      for (let attempt = 1; ; attempt++) {
        out = join(folder, `stopped-${before}-${member}-${attempt}`);
        stopped = await interrupted(
          (signal) => train({ ...options, workers: before }, { out, signal }),
          (event) => event.type === 'epoch' && event.member === member && event.epoch === 2,
        );
        if (before === 0 || stopped.status === 'interrupted') break;
      }
      expect(stopped).toMatchObject({ status: 'interrupted', val: null, bag: { outOfFold: null } });
      expect(existsSync(join(out, 'model.safetensors'))).toBe(false);
      const { end } = await all(resume(out, { workers: after }));
      expect(lasting(end)).toEqual(lasting(whole));
    },
  );

  it('does not train a member again that is done', async () => {
    const out = join(folder, 'half');
    await interrupted(
      (signal) => train(options, { out, signal }),
      (event) => event.type === 'member' && event.member === 1,
    );
    const before = read('half', 'members', '1', 'metrics.jsonl');
    const { seen, start, end } = await all(resume(out));
    expect(start.bag!.map(({ done }) => done)).toEqual([true, false, false]);
    expect(seen.filter((event) => event.type === 'epoch' && event.member === 1)).toEqual([]);
    expect(seen.filter(({ type }) => type === 'member')).toHaveLength(3);
    expect(read('half', 'members', '1', 'metrics.jsonl')).toBe(before);
    expect(lasting(end)).toEqual(lasting(whole));
  });

  it('goes on where only the model was missing', async () => {
    const out = join(folder, 'unsaved');
    await all(train(options, { out }));
    rmSync(join(out, 'model.safetensors'));
    unseal(out, { status: 'running', result: null });
    const { end } = await all(resume(out));
    expect(lasting(end)).toEqual(lasting(whole));
    expect((await loadModel(out)).weightsSha256).toBe(whole.weightsSha256);
  });

  it('goes on for longer when asked, as if it had been planned so', async () => {
    const longer = await all(train({ ...options, epochs: 8 }, { out: null }));
    const out = join(folder, 'longer');
    await all(train(options, { out }));
    const { end } = await all(resume(out, { epochs: 8, workers: 2 }));
    expect(lasting(end)).toEqual(lasting(longer.end));
  });

  it('after SIGKILL at any instant ends in the same bits', async () => {
    for (const [step, workers, wait] of [
      [3, 0, 0],
      [50, 0, 0],
      [1, 2, 60],
    ]) {
      const out = join(folder, `killed-${step}-${workers}-${wait}`);
      expect(
        await killedAfter(step, { ...options, workers }, out, {
          still: workers === 0 ? step + 5 : step,
          wait,
        }),
      ).toBe('SIGKILL');
      const { end } = await all(resume(out, { workers: 0 }));
      expect(lasting(end), `killed after step ${step}`).toEqual(lasting(whole));
    }
  });

  it('refuses a member on its own and other data', async () => {
    const out = join(folder, 'whole');
    const going = (path: string, more: ResumeOptions = {}) => all(resume(path, more));
    await expect(going(join(out, 'members', '2'))).rejects.toThrow(
      /members\/2 is member 2 of a bag: resume the whole bag, gradpool resume .*whole$/,
    );
    await expect(going(out, { epochs: 8, profile: true })).rejects.toThrow(/^--profile/);
    const original = read('table.csv');
    writeFileSync(options.data, original.replace('low', 'high'));
    await expect(going(out, { epochs: 8 })).rejects.toThrow(DataError);
    writeFileSync(options.data, original);
  });
});
