/** A value that is not finite is named with its step or metric, its layer, and its rows, counted from 1. */
import { describe, expect, it } from 'vitest';
import type { TrainingData } from '#src/data/load.js';
import { DivergedError } from '#src/errors.js';
import type { TrainOptions } from '#src/train/config.js';
import { syntheticData } from '../support/data.js';
import { newTrainer } from '../support/train.js';

const OPTIONS: Omit<TrainOptions, 'data'> = { hidden: [4], batch: 'all', lr: 0.01, workers: 0 };

/** Makes 60 training rows, and 300 validation and 5 test rows: in datasets of their own, if `apart`. */
function data(apart = false): TrainingData {
  const made = syntheticData({ rows: 60, inputs: 3, classes: 0, val: 300, test: 5 });
  if (!apart) return made;
  const other = (rows: number) => syntheticData({ rows, inputs: 3, classes: 0, seed: 2 }).train;
  return { ...made, val: other(300), test: other(5) };
}

async function message(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (error: Error) => error,
  );
  expect(error).toBeInstanceOf(DivergedError);
  return error.message;
}

describe('a step', () => {
  it('names the rows of the loss, counted from 1', async () => {
    const broken = data();
    broken.train.dataset.targets[41] = 1e30;
    expect(await message(newTrainer(broken, OPTIONS).step())).toBe(
      'diverged at step 1 (epoch 1): the loss is not finite for data row 42; its largest target, as the network sees it, is 5.00e+29: correct that value, or leave the row out',
    );
  });

  it('names an input that is not finite before any layer', async () => {
    const broken = data();
    broken.train.dataset.numbers[3 * 41 + 1] = Number.POSITIVE_INFINITY;
    expect(await message(newTrainer(broken, OPTIONS).step())).toBe(
      'diverged at step 1 (epoch 1): the input is not finite for data row 42; correct the value, which is outside the range of float32 (3.4e38)',
    );
  });

  it('names the layer', async () => {
    const trainer = newTrainer(data(), OPTIONS);
    trainer.memory.weights.fill(1e38);
    expect(await message(trainer.step())).toMatch(
      /^diverged at step 1 \(epoch 1\): layer \d \(dense \d->\d\) is not finite in the forward pass for data row 1, 2, 3; lower --lr/,
    );
  });

  it('does not blame a row that counts nothing', async () => {
    const broken = data();
    const weights = new Float32Array(new SharedArrayBuffer(4 * broken.train.dataset.rows)).fill(1);
    broken.train.dataset.targets[7] = 1e30;
    broken.train.dataset.targets[41] = 1e30;
    weights[7] = 0;
    const train = { ...broken.train, dataset: { ...broken.train.dataset, weights } };
    expect(await message(newTrainer({ ...broken, train }, OPTIONS).step())).toMatch(/for data row 42;/);
  });

  it('has a finite score as well', async () => {
    const scaled = data();
    const encoding = { ...scaled.encoding, targetScale: [1e-200] };
    expect(await message(newTrainer({ ...scaled, encoding }, OPTIONS).step())).toMatch(
      /^diverged at step 1 \(epoch 1\): the squared error is not finite for data row \d+, \d+, \d+;/,
    );
  });
});

describe('an evaluation', () => {
  it('names metric, epoch and row of data of its own', async () => {
    const broken = data(true);
    broken.val!.dataset.targets[270] = 1e30;
    broken.test!.dataset.numbers[3 * 4] = Number.NaN;
    const trainer = newTrainer(broken, OPTIONS);
    for (let step = 0; step < 3; step++) await trainer.step();
    expect(await message(trainer.evaluate('val'))).toBe(
      'diverged after epoch 3: the validation loss is not finite: the loss is not finite for validation row 271; its largest target, as the network sees it, is 5.00e+29: correct that value, or leave the row out',
    );
    expect(await message(trainer.evaluate('test'))).toMatch(
      /^diverged after epoch 3: the test loss is not finite: the input is not finite for test row 5; correct the value/,
    );
  });

  it('names the row in the data that it was split from', async () => {
    const broken = data();
    broken.train.dataset.targets[60 + 41] = 1e30;
    const trainer = newTrainer(broken, OPTIONS);
    await trainer.step();
    expect(await message(trainer.evaluate('val'))).toMatch(/the loss is not finite for data row 102;/);
    expect((await trainer.evaluate('test')).loss).toBeGreaterThan(0);
  });

  it('leaves the weights as they were trained', async () => {
    const broken = data(true);
    broken.val!.dataset.targets[270] = 1e30;
    const trainer = newTrainer(broken, { ...OPTIONS, averaging: 'ema' });
    await trainer.step();
    await trainer.step();
    const before = trainer.memory.weights.slice();
    await message(trainer.evaluate('val'));
    expect(trainer.memory.weights).toEqual(before);
  });
});
