/** Cross-validations: no row leaks, the same bits however folds are trained, killed or not, and the model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFolds } from '#src/data/folded.js';
import { DataError, UsageError } from '#src/errors.js';
import { meanInterval } from '#src/meaninterval.js';
import { loadModel } from '#src/model/index.js';
import { type CrossValidationEvent, crossValidate } from '#src/run/crossvalidate.js';
import { plan } from '#src/run/planreport.js';
import { resume, train } from '#src/run/train.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import type { FoldEvent } from '#src/train/cvevents.js';
import type { EndEvent, StartEvent, TrainEvent } from '#src/train/events.js';
import { killedAfter } from '../support/killed.js';

let folder: string;
let lines: string[];
let options: TrainOptions & { readonly data: string };
let whole: EndEvent;
let seen: TrainEvent[];

const table = (rows: readonly string[]) => `a,b,c,site,kind\n${rows.join('\n')}\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-cv-'));
  const data = join(folder, 'table.csv');
  lines = Array.from({ length: 96 }, (_, i) => {
    const [a, b] = [(i * 37) % 101, (i * 53) % 89];
    const c = i % 9 === 0 ? '' : `${(i * 11) % 17}`; // a column with gaps, which training rows fill
    const kind = ['low', 'middle', 'high'][Math.min(2, Math.floor((a + b + (i % 5) * 8) / 75))];
    return `${a},${b},${c},${'abcdefgh'[i % 8]},${kind}`;
  });
  writeFileSync(data, table(lines));
  options = {
    data,
    target: 'kind',
    cv: 3,
    hidden: [6],
    batch: 16,
    epochs: 4,
    lr: 0.02,
    patience: 'none',
    seed: 4,
    workers: 0,
    kernels: 'portable',
  };
  const told = await all(train(options, { out: join(folder, 'whole') }));
  whole = told.end;
  seen = told.seen;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(events: AsyncGenerator<TrainEvent | CrossValidationEvent>) {
  const seen: TrainEvent[] = [];
  for await (const event of events) if (event.type !== 'step') seen.push(event);
  return { seen, start: seen[0] as StartEvent, end: seen.at(-1) as EndEvent };
}

const json = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

/** Everything of a result that may not depend on threads and time. */
function lasting({ run, wallSeconds, samplesPerSecond, workers, ...rest }: EndEvent) {
  return rest;
}

describe('a cross-validation', () => {
  it('trains each fold as a plain training on its rows, with its held-out rows as validation data', async () => {
    const { folds } = await loadFolds({ ...resolveConfig(options) });
    for (const [index, { data }] of folds.entries()) {
      const rowsOf = (rows: Iterable<number>) => table([...rows].map((row) => lines[row]));
      const [own, val] = [join(folder, `train-${index}.csv`), join(folder, `val-${index}.csv`)];
      writeFileSync(own, rowsOf(data.train.rows));
      writeFileSync(val, rowsOf(data.val!.rows));
      const { cv, ...plain } = options;
      const { end } = await all(train({ ...plain, data: own, val }, { out: null }));
      const fold = whole.cv!.trained[index];
      expect(end.weightsSha256, `fold ${index + 1}`).toBe(fold.weightsSha256);
      expect(end.val).toEqual(fold.held);
    }
  });

  it.each([1, 2, 5])('with %i workers has the bits of one without', async (workers) => {
    const { end } = await all(train({ ...options, workers }, { out: null }));
    expect(lasting(end)).toEqual(lasting(whole));
  });

  it('sums up its folds: the mean with the corrected interval, and all held-out rows together', () => {
    const { trained, scores, outOfFold, testToTrain } = whole.cv!;
    expect(testToTrain).toBe(1 / 2);
    const losses = trained.map(({ held }) => held!.loss);
    const { mean, low, high } = meanInterval(losses, { testToTrain: 1 / 2 });
    expect(scores.loss).toMatchObject({ mean, low, high });
    const spread = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 2);
    expect(scores.loss!.deviation).toBeCloseTo(spread, 12);
    expect(outOfFold).toMatchObject({ rows: 96, loss: whole.val!.loss });
    const right = trained.reduce((sum, { held, rows }) => sum + held!.accuracy! * rows.held, 0);
    expect(outOfFold!.accuracy).toBeCloseTo(right / 96, 12);
    expect(whole.baseline!.val).not.toBeNull();
  });

  it('has every metric of the held-out rows, each predicted by the model of its fold', async () => {
    const { folds } = await loadFolds({ ...resolveConfig(options) });
    const right = [0, 0, 0];
    const either = [0, 0, 0]; // rows of a class, and rows that were predicted to be of it
    for (const [index, { data }] of folds.entries()) {
      const model = await loadModel(join(folder, 'whole', 'folds', `0${index + 1}`), { kernels: 'portable' });
      const held = join(folder, `held-${index}.csv`);
      writeFileSync(held, table(Array.from(data.val!.rows, (row) => lines[row])));
      const { confusion } = await model.evaluate(held);
      for (const [truth, counts] of confusion!.entries()) {
        right[truth] += counts[truth];
        for (const [predicted, count] of counts.entries()) {
          either[truth] += count;
          either[predicted] += count;
        }
      }
    }
    const scores = whole.scores!.val!;
    const f1 = right.map((count, kind) => (2 * count) / either[kind]);
    expect(scores.f1Macro!.value).toBeCloseTo((f1[0] + f1[1] + f1[2]) / 3, 12);
    expect(scores.accuracy!.value).toBeCloseTo(whole.cv!.outOfFold!.accuracy!, 12);
    expect(scores.logLoss!.value).toBeCloseTo(whole.cv!.outOfFold!.loss, 6);
    expect(whole.scores!.test).toBeNull();
  });

  it('tells of each fold, and leaves a run for each', () => {
    const told = seen.filter((event): event is FoldEvent => event.type === 'fold');
    expect(told.map(({ fold, rows }) => [fold, rows.held])).toEqual([1, 2, 3].map((fold) => [fold, 32]));
    expect((seen[0] as StartEvent).folds).toHaveLength(3);
    expect((seen[0] as StartEvent).notes.join('\n')).toContain(
      "cv: 3 folds of 96 rows drawn at random, each with every class's share",
    );
    expect(json('whole', 'run.json').result.cv).toEqual(JSON.parse(JSON.stringify(whole.cv)));
    for (const number of [1, 2, 3]) {
      expect(json('whole', 'folds', `0${number}`, 'run.json')).toMatchObject({
        status: 'completed',
        fold: { number, of: 3 },
        result: { weightsSha256: whole.cv!.trained[number - 1].weightsSha256 },
      });
    }
  });

  it('keeps the model of a training on all rows, for the mean of the best epochs', async () => {
    const best = whole.cv!.trained.map(({ bestEpoch }) => bestEpoch!);
    const epochs = Math.round(best.reduce((sum, epoch) => sum + epoch, 0) / 3);
    expect(whole.refit).toMatchObject({ epochs, rows: 96 });
    const { cv, ...plain } = options;
    const { end } = await all(train({ ...plain, val: 0, epochs, keep: 'last' }, { out: null }));
    expect(end.weightsSha256).toBe(whole.weightsSha256);
    const model = await loadModel(join(folder, 'whole'), { kernels: 'portable' });
    expect(model.weightsSha256).toBe(whole.weightsSha256);
    // The rows of all folds say how sure its predictions are.
    const metadata = readFileSync(join(folder, 'whole', 'model.safetensors'), 'latin1');
    expect(metadata).toMatch(/\\*"rows\\*":96/);
  });

  it('without refit keeps no model, and with rows of their own for validation scores on others', async () => {
    const out = join(folder, 'none');
    const more = { refit: false, val: 0.25, test: 0.1, cvRepeats: 2, group: 'site' } as const;
    const { end, start } = await all(train({ ...options, ...more }, { out }));
    await expect(loadModel(out)).rejects.toThrow(
      /a cross-validation keeps one when it has ended with --refit;/,
    );
    expect(end).toMatchObject({ test: null, train: null });
    expect(end.refit).toBeUndefined();
    expect(start.notes).toContainEqual(
      expect.stringMatching(/^test: no network is evaluated on its \d+ rows/),
    );
    const { cv } = end;
    expect(cv).toMatchObject({ folds: 3, repetitions: 2, held: 'test' });
    expect(cv!.trained.map(({ repetition }) => repetition)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(start.notes.join('\n')).not.toContain('a little too good');
    const first = json('none', 'folds', '01', 'run.json').result;
    expect(cv!.trained[0].held).toEqual(first.test);
    expect(first.val).not.toEqual(first.test);
  });

  it('is what crossValidate does, which has five folds unless told otherwise', async () => {
    const { cv, ...rest } = options;
    const { end } = await all(crossValidate({ ...rest, epochs: 1 }, { out: null }));
    expect(end.cv!.trained).toHaveLength(5);
    const own = await all(crossValidate({ ...rest, epochs: 1, fold: 'site' }, { out: null }));
    expect(own.end.cv!.trained.map(({ name }) => name)).toEqual([...'abcdefgh']);
  });

  it('is planned without being trained, and refuses what is impossible before it trains', async () => {
    expect((await plan(options)).folds).toHaveLength(3);
    const refused = (more: Partial<TrainOptions>) => all(train({ ...options, ...more }, { out: null }));
    await expect(refused({ cv: 1 })).rejects.toThrow(/^cv: must be at least 2, found 1/);
    await expect(refused({ bag: 2 })).rejects.toThrow(/^bag 2: a cross-validation trains one network/);
    await expect(refused({ cv: undefined, bag: 2, group: 'site' })).rejects.toThrow(/drawn row by row/);
    await expect(refused({ batch: 80 })).rejects.toThrow(/^fold 1 of 3: batch: 80 is larger than the 64/);
    await expect(refused({ cv: 60 })).rejects.toThrow(UsageError);
    await expect(refused({ lr: 1e30, optimizer: 'sgd' })).rejects.toThrow(/^fold \d of 3: diverged at step/);
    const profiled = all(train(options, { out: null, profile: true }));
    await expect(profiled).rejects.toThrow(/^--profile: times one training, and a cross-validation/);
  });
});

describe('a cross-validation that goes on', () => {
  it.each([
    ['epoch', 2, 2],
    ['fold', 1, 0],
    ['refitEpoch', 1, 2],
  ] as const)('after an interruption at %s %i ends in the same bits', async (type, at, workers) => {
    const out = join(folder, `stopped-${type}`);
    const abort = new AbortController();
    let stopped: TrainEvent | undefined;
    for await (const event of train(options, { out, signal: abort.signal })) {
      const number = 'fold' in event ? event.fold : 'epoch' in event ? event.epoch : 0;
      if (event.type === type && number === at) abort.abort();
      stopped = event;
    }
    expect(stopped).toMatchObject({ status: 'interrupted' });
    expect(existsSync(join(out, 'model.safetensors'))).toBe(false);
    const { end, start } = await all(resume(out, { workers }));
    expect(start.folds!.filter(({ done }) => done)).toHaveLength({ epoch: 1, fold: 1, refitEpoch: 3 }[type]);
    expect(lasting(end)).toEqual(lasting(whole));
  });

  it('after SIGKILL at any instant ends in the same bits', async () => {
    for (const [step, workers, wait] of [
      [50, 0, 0],
      [1, 2, 80],
    ]) {
      const out = join(folder, `killed-${step}-${workers}`);
      const still = workers === 0 ? step + 5 : step;
      expect(await killedAfter(step, { ...options, workers }, out, { still, wait })).toBe('SIGKILL');
      const { end } = await all(resume(out, { workers: 0 }));
      expect(lasting(end), `killed after step ${step}`).toEqual(lasting(whole));
    }
  });

  it('for longer ends as if it had been planned so', async () => {
    const longer = await all(train({ ...options, epochs: 6 }, { out: null }));
    const out = join(folder, 'longer');
    await all(train(options, { out }));
    const { end } = await all(resume(out, { epochs: 6 }));
    expect(lasting(end)).toEqual(lasting(longer.end));
  });

  it('refuses a fold on its own and other data', async () => {
    const out = join(folder, 'none');
    await expect(all(resume(join(out, 'folds', '02')))).rejects.toThrow(
      /folds\/02 is fold 2 of a cross-validation: resume all of it, gradpool resume .*none$/,
    );
    writeFileSync(options.data, table(lines.slice(1)));
    await expect(all(resume(out, { epochs: 9 }))).rejects.toThrow(DataError);
  });
});

it('goes by any metric, leaves a model of all rows, and writes event files of that too', async () => {
  writeFileSync(options.data, table(lines));
  const out = join(folder, 'metric');
  const { end } = await all(train({ ...options, metric: 'f1Macro', tensorboard: true }, { out }));
  expect(end.status).toBe('completed');
  expect(end.refit?.rows).toBe(96);
  expect(existsSync(join(out, 'model.safetensors'))).toBe(true);
  expect(existsSync(join(out, 'refit', 'tensorboard'))).toBe(true);
});
