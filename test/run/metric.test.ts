/** What chooses the best epoch: metrics of the catalogue, and metrics and stopping rules of a program. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS, type MetricName, type TaskPredictions } from '#src/metrics/catalogue.js';
import type { OwnMetric } from '#src/metrics/own.js';
import { loadModel } from '#src/model/index.js';
import { resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, EpochEvent, TrainEvent } from '#src/train/events.js';
import type { StoppingRule } from '#src/train/own.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-metric-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function all(events: AsyncGenerator<TrainEvent>) {
  const epochs: EpochEvent[] = [];
  let end: EndEvent | undefined;
  for await (const event of events) {
    if (event.type === 'epoch') epochs.push(event);
    if (event.type === 'end') end = event;
  }
  return { epochs, end: end! };
}

/** Interrupts a training after some epochs, and returns its folder. */
async function interrupted(options: TrainOptions, name: string, epochs: number): Promise<string> {
  const out = join(folder, name);
  const abort = new AbortController();
  for await (const event of train(options, { out, signal: abort.signal })) {
    if (event.type === 'epoch' && event.epoch === epochs) abort.abort();
  }
  return out;
}

const lasting = ({ run, wallSeconds, samplesPerSecond, workers, ...rest }: EndEvent) => rest;

const COMMON = {
  hidden: [6],
  batch: 20,
  epochs: 6,
  val: 0.4,
  workers: 0,
  lr: 0.1,
  kernels: 'portable',
} as const;
const CLASSES: TrainOptions = { ...COMMON, data: 'blobs:150,noise=3', test: 'blobs:90,noise=3,seed=5' };
const VALUES: TrainOptions = { ...COMMON, data: 'sine:150', test: 'sine:90,seed=5', lr: 0.02 };
const QUANTILES: TrainOptions = { ...VALUES, loss: 'quantiles', quantiles: [0.1, 0.5, 0.9] };

/** Metrics of classes, of probabilities and of numbers, and those that every evaluation adds up. */
const CASES: [MetricName, TrainOptions][] = [
  ['accuracy', CLASSES],
  ['f1Macro', CLASSES],
  ['rocAuc', CLASSES],
  ['ece', CLASSES],
  ['r2', VALUES],
  ['medianAe', VALUES],
  ['pinball', QUANTILES],
];

describe('--metric', () => {
  // At the end, the saved model's own code has measured the same rows from the kept weights.
  it.each(CASES)(
    '%s chooses the best epoch, whose value is that of the kept weights',
    async (name, options) => {
      const { epochs, end } = await all(train({ ...options, metric: name }, { out: null }));
      const values = epochs.map(({ val }) => val![name]!);
      const sign = METRICS[name].greaterIsBetter ? 1 : -1;
      const best = values.reduce((at, value, i) => (sign * value > sign * values[at] ? i : at), 0);
      expect(end.bestEpoch).toBe(best + 1);
      expect(end.val).toEqual(epochs[best].val);
      // Training adds up squared errors of scaled targets in float32.
      expect(values[best]).toBeCloseTo(end.scores!.val![name]!.value!, name === 'r2' ? 7 : 12);
      expect(epochs.map((event) => event.best).lastIndexOf(true)).toBe(best);
    },
  );

  it('leaves the metrics of an evaluation on the test rows in the result', async () => {
    for (const [name, options] of [
      ['classes', CLASSES],
      ['values', VALUES],
    ] as const) {
      const out = join(folder, name);
      const { end } = await all(train({ ...options, bag: 1, calibrate: 'none' }, { out }));
      const model = await loadModel(out, { kernels: 'portable' });
      expect(end.scores!.test).toEqual((await model.evaluate(options.test as string)).scores);
      expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).result.scores).toEqual(end.scores);
    }
  });

  it('gives the same bits for any number of workers, and after an interruption', async () => {
    const options: TrainOptions = { ...CLASSES, metric: 'rocAuc', patience: 2, epochs: 12, shards: 3 };
    const alone = await all(train(options, { out: null }));
    expect(alone.end.reason).toBe('no better rocAuc in 2 epochs');
    const { epochs, end } = await all(train({ ...options, workers: 3 }, { out: null }));
    expect(lasting(end)).toEqual(lasting(alone.end));
    expect(epochs.map(({ val }) => val)).toEqual(alone.epochs.map(({ val }) => val));
    const out = await interrupted(options, 'interrupted', 2);
    expect(lasting((await all(resume(out))).end)).toEqual(lasting(alone.end));
  });

  it('says for how many epochs a refit trains, and is measured on its test rows', async () => {
    const options: TrainOptions = { ...CLASSES, metric: 'f1Macro', refit: true };
    const plain = await all(train({ ...options, refit: false }, { out: null }));
    const out = join(folder, 'refit');
    const { end } = await all(train(options, { out }));
    expect(end.refit!.epochs).toBe(plain.end.bestEpoch);
    expect(end.scores!.val).toEqual(plain.end.scores!.val);
    const { scores } = await (await loadModel(out, { kernels: 'portable' })).evaluate(options.test as string);
    expect(end.scores!.test).toEqual(scores);
  });

  it('is that of each member of a bag, and the mean is measured out of fold', async () => {
    const options: TrainOptions = { ...CLASSES, metric: 'mcc', bag: 2 };
    const out = join(folder, 'bag');
    const { epochs, end } = await all(train(options, { out }));
    end.bag!.members.forEach(({ bestEpoch }, index) => {
      const own = epochs.filter(({ member }) => member === index + 1).map(({ val }) => val!.mcc!);
      expect(bestEpoch).toBe(own.indexOf(Math.max(...own)) + 1);
    });
    expect(end.scores!.val!.accuracy!.value).toBeCloseTo(end.bag!.outOfFold!.accuracy!, 12);
    const { scores } = await (await loadModel(out, { kernels: 'portable' })).evaluate(options.test as string);
    expect(end.scores!.test).toEqual(scores);
  });

  it.each<[Partial<TrainOptions>, RegExp]>([
    [
      { metric: 'rmse' },
      /^metric rmse: is of predicted numbers, and this network predicts classes; take loss/,
    ],
    [
      { data: 'sine', test: 0, metric: 'rocAuc' },
      /^metric rocAuc: is of predicted classes, and this network/,
    ],
    [{ metric: 'top5Accuracy' }, /^metric top5Accuracy: has no value on .* because there are only 3 classes/],
    [{ val: 0, metric: 'mcc' }, /^metric mcc: is measured on validation rows, but none are kept back/],
    [{ metric: 'f1marco' as 'mcc' }, /^metric: expected loss, .*, did you mean 'f1Macro'\?$/],
    [{ metric: { name: 'mcc', greaterIsBetter: true, value: () => 1 } }, /a metric mcc already/],
    [{ metric: { name: 'a b', greaterIsBetter: true, value: () => 1 } }, /the name "a b" must be letters/],
    [
      { metric: { name: 'odd', greaterIsBetter: true, value: () => Number.NaN } },
      /^metric odd: returned NaN/,
    ],
    [{ stop: 'never' as unknown as StoppingRule }, /^stop: a stopping rule is a function/],
  ])('%o is refused in one line', async (more, message) => {
    await expect(all(train({ ...CLASSES, ...more }, { out: null }))).rejects.toThrow(message);
  });
});

/** What right answers earn, more for higher classes, less what wrong ones cost; rows count by weight. */
const profit: OwnMetric = {
  name: 'profit',
  greaterIsBetter: true,
  value(predictions: TaskPredictions) {
    let sum = 0;
    for (let row = 0; row < predictions.targets.length; row++) {
      const right = predictions.predicted[row] === predictions.targets[row];
      sum += (right ? predictions.targets[row] : -1) * (predictions.weights?.[row] ?? 1);
    }
    return sum;
  },
};
/** Ends training after two epochs in a row without a new best. */
function twice(history: Parameters<StoppingRule>[0]): boolean {
  return history.length > 2 && history.slice(-2).every(({ best }) => !best);
}

describe('a metric and a stopping rule of one’s own', () => {
  const options: TrainOptions = { ...CLASSES, epochs: 12, metric: profit, stop: twice };
  let whole: Awaited<ReturnType<typeof all>>;
  beforeAll(async () => {
    whole = await all(train(options, { out: join(folder, 'own') }));
  });

  it('decide, and are stored by their names', () => {
    const { epochs, end } = whole;
    const values = epochs.map(({ val }) => (val as unknown as { profit: number }).profit);
    expect(end.bestEpoch).toBe(values.indexOf(Math.max(...values)) + 1);
    expect(end).toMatchObject({ status: 'early-stopped', reason: 'stopping rule twice' });
    expect(epochs).toHaveLength(end.bestEpoch! + 2);
    const config = readFileSync(join(folder, 'own', 'config.yaml'), 'utf8');
    expect(config).toContain('own:\n  metric:\n    name: profit\n    greaterIsBetter: true\n  stop: twice\n');
  });

  it('are wanted again when the run goes on, and then it ends in the same bits', async () => {
    const out = await interrupted(options, 'own-interrupted', 3);
    const { metric, stop } = { metric: profit, stop: twice };
    await expect(all(resume(out))).rejects.toThrow(/^metric profit is a function of the program that began/);
    await expect(all(resume(out, { metric }))).rejects.toThrow(/^the stopping rule twice is a function/);
    const { end } = await all(resume(out, { metric, stop, workers: 2 }));
    expect(lasting(end)).toEqual(lasting(whole.end));
  });

  it('are called for the members of a bag too', async () => {
    const { end } = await all(train({ ...options, bag: 2, test: 0 }, { out: null }));
    expect(end.bag!.members).toHaveLength(2);
    expect(end.reason).toContain('stopping rule twice');
  });
});
