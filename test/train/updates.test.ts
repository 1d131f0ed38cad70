/** Rules, averages and schedules in training: the same bits for any workers (P1) and after resume (P3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { RULE_NAMES, RULES, type RuleName, type UpdateRule } from '#src/optim/rules.js';
import { resume, train } from '#src/run/train.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import type { EndEvent, EpochEvent, TrainEvent } from '#src/train/events.js';
import { syntheticData } from '../support/data.js';
import { writeIdxFolder } from '../support/idx.js';
import { newTrainer, trainToEnd } from '../support/train.js';

const fullBatch = (name: RuleName) => (RULES[name] as UpdateRule).fullBatch === true;
const batchOf = (name: RuleName) => (fullBatch(name) ? { batch: 'all' as const } : { batch: 40 });

describe('0 and 3 workers give the same bits', () => {
  const data = syntheticData({ rows: 150, inputs: 5, classes: 3, val: 30 });
  it.each(RULE_NAMES)('%s', async (optimizer) => {
    const options = {
      optimizer,
      ...batchOf(optimizer),
      hidden: [6],
      activation: 'tanh',
      epochs: 6,
      weightDecay: 0.01,
      averaging: 'ema',
      ...(optimizer === 'lbfgs' ? {} : { l1: 1e-4, clip: 1, clipValue: 0.1, maxNorm: 1.5 }),
    } as const;
    const inProcess = await trainToEnd(data, { ...options, workers: 0 });
    expect(await trainToEnd(data, { ...options, workers: 3 })).toEqual(inProcess);
  });
});

describe('a run', () => {
  let folder: string;
  let options: TrainOptions;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradpool-updates-'));
    const data = writeIdxFolder(join(folder, 'data'), { train: 200, test: 40 });
    options = { data, val: 0.2, hidden: [8], batch: 32, epochs: 6, workers: 0, seed: 3 };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function all(events: AsyncGenerator<TrainEvent>): Promise<{ epochs: EpochEvent[]; end: EndEvent }> {
    const seen: TrainEvent[] = [];
    for await (const event of events) seen.push(event);
    return { epochs: seen.filter((event) => event.type === 'epoch'), end: seen.at(-1) as EndEvent };
  }

  /** Interrupted at a step, then resumed. */
  async function interrupted(name: string, more: Partial<TrainOptions>, step: number): Promise<EndEvent> {
    const out = join(folder, name);
    const abort = new AbortController();
    for await (const event of train({ ...options, ...more }, { out, signal: abort.signal })) {
      if (event.type === 'step' && event.step === step) abort.abort();
    }
    return (await all(resume(out))).end;
  }

  const same = ({ weightsSha256, train, val, test, reason }: EndEvent) => [
    weightsSha256,
    train,
    val,
    test,
    reason,
  ];

  it.each(RULE_NAMES)('with %s goes on to the same bits', async (optimizer) => {
    const more = { optimizer, ...batchOf(optimizer) };
    const { end } = await all(train({ ...options, ...more }, { out: null }));
    expect(same(await interrupted(optimizer, more, 3))).toEqual(same(end));
    expect(end.train?.loss).toBeLessThan(1.2);
  });

  const features: [string, Partial<TrainOptions>][] = [
    ['ema', { averaging: 'ema', emaDecay: 0.8, patience: 3 }],
    ['swa', { averaging: 'swa', swaStart: 2 }],
    ['plateau', { schedule: 'plateau', plateauPatience: 0, gamma: 0.5, lr: 1.5 }],
    ['oneCycle', { schedule: 'oneCycle', warmup: 1 }],
    ['until', { until: 'change<0.02', epochs: 40 }],
  ];
  it.each(features)('with %s goes on to the same bits', async (name, more) => {
    const { end } = await all(train({ ...options, ...more }, { out: null }));
    for (const step of [2, 15, 20]) {
      if (step < end.steps) expect(same(await interrupted(`${name}-${step}`, more, step))).toEqual(same(end));
    }
  });

  it('with plateau lowers the rate after an epoch without a better loss, and only then', async () => {
    const more = { schedule: 'plateau', plateauPatience: 0, gamma: 0.5, lr: 1.5, epochs: 12 } as const;
    const { epochs } = await all(train({ ...options, ...more }, { out: null }));
    let [best, rate] = [Number.POSITIVE_INFINITY, 1.5];
    for (const { val, lr } of epochs) {
      expect(lr).toBe(rate);
      if (val!.loss < best * (1 - 1e-4)) best = val!.loss;
      else rate *= 0.5;
    }
    expect(rate).toBeLessThan(1.5);
  });

  it.each(['polynomial', 'cosine', 'oneCycle'] as const)(
    'with %s cannot go on for longer',
    async (schedule) => {
      const out = join(folder, `longer-${schedule}`);
      await all(train({ ...options, schedule, epochs: 2 }, { out }));
      await expect(all(resume(out, { epochs: 3 }))).rejects.toThrow(`the ${schedule} schedule`);
    },
  );
});

describe('an average of the weights', () => {
  const data = syntheticData({ rows: 60, inputs: 4, classes: 2, val: 50 });
  const options = { hidden: [5], batch: 20, workers: 0, epochs: 4 } as const;

  it.each(['sgd', 'adam', 'rmsprop'] as const)(
    'is evaluated while %s goes on as without it',
    async (optimizer) => {
      const [plain, averaged] = [{}, { averaging: 'ema', emaDecay: 0.7 } as const].map((more) =>
        newTrainer(data, { ...options, optimizer, lr: 0.01, ...more }),
      );
      const mean = new Float64Array(plain.memory.weights.length);
      for (let step = 1; step <= 5; step++) {
        await plain.step();
        await averaged.step();
        plain.memory.weights.forEach((w, i) => {
          mean[i] = step === 1 ? w : 0.7 * mean[i] + 0.3 * w;
        });
        await averaged.evaluate('val');
        expect(averaged.memory.weights).toEqual(plain.memory.weights);
      }
      averaged.evaluated.forEach((w, i) => {
        expect(w).toBeCloseTo(mean[i], 6);
      });
      const before = await averaged.evaluate('val');
      plain.memory.weights.set(averaged.evaluated);
      expect(await plain.evaluate('val')).toEqual(before);
      averaged.settle();
      expect(averaged.memory.weights).toEqual(plain.memory.weights);
      expect(await averaged.evaluate('val')).toEqual(before);
      averaged.settle(averaged.memory.weights.map((w) => 2 * w)); // as the best weights of early stopping are
      plain.memory.weights.set(averaged.memory.weights);
      expect(await averaged.evaluate('val')).toEqual(await plain.evaluate('val'));
    },
  );

  it('over epochs leaves the weights as they are before it begins', async () => {
    const trainer = newTrainer(data, { ...options, averaging: 'swa', swaStart: 2 });
    for (let step = 1; step <= 12; step++) {
      await trainer.step();
      expect(trainer.evaluated === trainer.memory.weights).toBe(step < 6);
    }
  });
});

it('a rule that searches along a line refuses a parameter with a rate of its own', () => {
  const data = syntheticData({ rows: 20, inputs: 3, classes: 3 });
  const layers = [{ scale: { rate: 6 } }, { dense: 3 }, 'softmax'] as const;
  const open = (optimizer: 'lbfgs' | 'rprop') =>
    newTrainer(data, { layers, optimizer, batch: 'all', workers: 0 });
  expect(() => open('lbfgs')).toThrow(
    /^optimizer lbfgs has one rate .* 0.weight has 6 times the learning rate/,
  );
  void open('rprop').close();
});

describe('impossible combinations are refused', () => {
  const cases: [Partial<TrainOptions>, RegExp][] = [
    [{ momentum: 1.2 }, /^momentum: must be less than 1, found 1.2/],
    [{ rho: -0.1 }, /^rho: must be at least 0, found -0.1/],
    [{ etas: [1.5, 1.2] }, /^etas.0: must be less than 1, found 1.5/],
    [
      { optimizer: 'rprop', batch: 'all', stepSizes: [1, 0.1] },
      /^stepSizes: the least, 1, is above the largest, 0.1/,
    ],
    [
      { optimizer: 'lbfgs' },
      /^optimizer lbfgs needs the gradient of all rows, found batch auto: add --batch all/,
    ],
    [{ optimizer: 'rprop', batch: 5 }, /^optimizer rprop needs .* found batch 5: add --batch all/],
    [
      { optimizer: 'lbfgs', batch: 'all', clip: 1 },
      /^optimizer lbfgs searches along the true gradient, found clip 1/,
    ],
    [
      { optimizer: 'lbfgs', batch: 'all', decayBiases: false },
      /^optimizer lbfgs searches along one gradient for all parameters, found decayBiases false/,
    ],
    [{ averaging: 'swa', swaStart: 11 }, /^swaStart: epoch 11 is after the last, 10/],
    [{ emaDecay: 1 }, /^emaDecay: must be less than 1, found 1/],
    [{ nesterov: true, momentum: 0 }, /^nesterov needs momentum above 0/],
    [{ averaging: 'polyak' } as never, /^averaging: expected none, ema, swa, found "polyak"/],
  ];
  it.each(cases)('%j', (options, message) => {
    expect(() => resolveConfig({ data: 'x', ...options })).toThrow(UsageError);
    expect(() => resolveConfig({ data: 'x', ...options })).toThrow(message);
  });
});
