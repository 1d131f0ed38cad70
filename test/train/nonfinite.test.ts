/**
 * A value that is not finite, wherever it arises, is named with its layer and rows, and never committed:
 * injected into every layer forward and backward, every parameter, slot and running statistic, and the data.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DataInMemory } from '#src/data/source.js';
import { DivergedError } from '#src/errors.js';
import type { LayerArrays, Pass } from '#src/network/layer.js';
import { checkFinite } from '#src/run/nonfinite.js';
import { resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';
import type { Trainer } from '#src/train/trainer.js';
import { syntheticData } from '../support/data.js';
import { newTrainer } from '../support/train.js';

const OPTIONS: Omit<TrainOptions, 'data'> = {
  layers: [{ dense: 5 }, 'batchNorm', 'tanh', { dense: 4 }, 'relu', { dense: 1 }],
  batch: 'all',
  optimizer: 'adam',
  lr: 0.01,
  kernels: 'portable',
  workers: 0,
} as unknown as TrainOptions;
const BROKEN = [Number.NaN, Number.POSITIVE_INFINITY];

const data = () => syntheticData({ rows: 40, inputs: 3, classes: 0, val: 10 });
const opened = () => newTrainer(data(), OPTIONS);

async function message(work: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => new Error('nothing was thrown'),
      (error: Error) => error,
    );
  expect(error.message).toMatch(/^diverged/);
  expect(error).toBeInstanceOf(DivergedError);
  return error.message;
}

/** Lets a pass of one layer end with a broken value. */
function breaking(
  trainer: Trainer,
  layer: number,
  name: 'forward' | 'backward',
  put: (arrays: LayerArrays) => void,
) {
  const { layers } = trainer.plan.objective;
  // A neighbour may do the work of a layer that rectifies.
  const neighbour = layers[layer].rectifies ? layers[name === 'forward' ? layer - 1 : layer + 1] : null;
  for (const passes of [layers[layer], layers[layer].rectified, neighbour?.rectified]) {
    if (!passes) continue;
    const own = passes as Record<typeof name, (pass: Pass, arrays: LayerArrays) => void>;
    const pass = own[name].bind(own);
    own[name] = (of, arrays) => {
      pass(of, arrays);
      put(arrays);
    };
  }
}

describe('a value that is not finite', () => {
  const kinds = opened().plan.objective.layers.map(({ kind }, layer) => [layer, kind] as const);

  it.each(kinds)('in the forward pass of layer %i (%s) is named', async (layer) => {
    for (const value of BROKEN) {
      // Behind an infinite value tanh is 1 or -1, so nothing is broken.
      if (!Number.isNaN(value) && kinds[layer + 1]?.[1] === 'tanh') continue;
      const trainer = opened();
      const before = trainer.memory.weights.slice();
      const { outputs } = trainer.plan.objective.layers[layer];
      breaking(trainer, layer, 'forward', ({ y }) => y.fill(value, 7 * outputs, 8 * outputs));
      expect(await message(() => trainer.step())).toMatch(
        new RegExp(
          `^diverged at step 1 \\(epoch 1\\): layer ${layer} \\(.* in the forward pass for data row 8;`,
        ),
      );
      expect(trainer.memory.weights).toEqual(before);
    }
  });

  it.each(kinds)('in the backward pass of layer %i (%s) is named', async (layer) => {
    for (const value of BROKEN) {
      const trainer = opened();
      const before = trainer.memory.weights.slice();
      const { inputs } = trainer.plan.objective.layers[layer];
      breaking(trainer, layer, 'backward', ({ dx, gradients }) => {
        if (dx) dx.fill(value, 7 * inputs, 8 * inputs);
        else for (const block of gradients[0]) block[1] = value;
      });
      expect(await message(() => trainer.step())).toMatch(
        new RegExp(`: layer ${layer} \\(.* in the backward pass for data row ${layer === 0 ? '\\d+' : 8};`),
      );
      expect(trainer.memory.weights).toEqual(before);
    }
  });

  it('in any parameter, running statistic or slot is named', async () => {
    const { layout, slots } = opened().memory;
    const names = opened().plan.sizes.slots;
    for (const value of BROKEN) {
      for (const { name, spec, offset, length } of layout.views) {
        const [layer, own] = name.split('.');
        const what = `${spec.statistic ? 'the running statistic' : 'the'} ${own} of layer ${layer} `;
        const trainer = opened();
        trainer.memory.weights[offset + length - 1] = value;
        expect(await message(() => checkFinite(trainer))).toContain(`step 0: ${what}`);
        const use = () => (spec.statistic ? trainer.evaluate('val') : trainer.step());
        if (Number.isNaN(value)) expect(await message(use)).toContain(`${what}(`);
        for (const [index] of slots.entries()) {
          const other = opened();
          other.memory.slots[index][offset] = value;
          expect(await message(() => checkFinite(other))).toContain(
            `step 0: the optimiser's ${names[index]} of ${what}`,
          );
        }
      }
    }
  });

  it('that an update would make is not committed', async () => {
    const trainer = newTrainer(data(), { ...OPTIONS, optimizer: 'sgd', lr: 1e39 });
    const before = trainer.memory.weights.slice();
    expect(await message(() => trainer.step())).toMatch(
      /^diverged at step 1 \(epoch 1\): the update makes the \w+ of layer \d \(dense .*\) not finite; lower --lr/,
    );
    expect(trainer.memory.weights).toEqual(before);
  });

  it.each([1e38, -3e38])('that an input of %d leads to is blamed on the input', async (value) => {
    const broken = data();
    broken.train.dataset.numbers[3 * 11 + 1] = value;
    const plain = { ...OPTIONS, layers: [{ dense: 5 }, 'relu', { dense: 1 }] } as typeof OPTIONS;
    const size = Math.abs(value).toPrecision(3).replace('+', '\\+');
    const trainer = newTrainer(broken, plain);
    expect(await message(() => trainer.step())).toMatch(
      new RegExp(
        `for data row 12; its largest input, as the network sees it, is ${size}: correct that value, or`,
      ),
    );
  });

  it('that a target leads to is blamed on the target', async () => {
    const broken = data();
    broken.train.dataset.targets[11] = 1e30;
    expect(await message(() => newTrainer(broken, OPTIONS).step())).toMatch(
      /the loss is not finite for data row 12; its largest target, as the network sees it, is 5\.00e\+29: /,
    );
  });
});

/** Rows of which one leads to e^e^x, which leaves the range of float32. */
const rows = Array.from({ length: 600 }, (_, row) => row);
const table = {
  a: rows.map((row) => (row === 31 ? 5000 : row % 7)),
  b: rows.map((row) => (row * 5) % 11),
  price: rows.map((row) => (row % 7) - (row % 3)),
};
const TRAINING: TrainOptions = {
  data: table,
  target: 'price',
  task: 'regression',
  preset: 'none',
  val: 0,
  hidden: [6, 6],
  activation: 'exp',
  batch: 100,
  epochs: 4,
  lr: 0.001,
  clip: 1,
  workers: 0,
  kernels: 'portable',
};

const folder = mkdtempSync(join(tmpdir(), 'gradpool-nonfinite-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function all(events: AsyncGenerator<TrainEvent>, see: (event: TrainEvent) => void = () => {}) {
  const seen: TrainEvent[] = [];
  for await (const event of events) {
    see(event);
    seen.push(event);
  }
  const notes = seen.flatMap((event) => (event.type === 'note' ? [event.message] : []));
  return { notes, end: seen.at(-1) as EndEvent };
}

describe.each([
  ['skip', TRAINING, /^diverged at step \d+ .* for data row 32: the batch is skipped$/],
  [
    'rollback',
    { ...TRAINING, data: { ...table, a: table.b }, activation: 'relu', lr: 8, clip: undefined, epochs: 6 },
    /: back to the (initial weights|weights of epoch \d+), with a fresh optimiser and 0\.\d+ of the learning rate$/,
  ],
] as const)('onNonfinite: %s', (onNonfinite, options: TrainOptions, note) => {
  it('goes on, to the same bits for any number of workers and after a resume', async () => {
    await expect(all(train({ ...options }, { out: null }))).rejects.toThrow(DivergedError);
    const out = join(folder, onNonfinite);
    const copy = join(folder, `${onNonfinite}-copy`);
    const given = { ...options, onNonfinite, checkpointEvery: 4 };
    const { notes, end } = await all(train(given, { out }), (event) => {
      if (event.type === 'checkpoint' && event.step === 16) cpSync(out, copy, { recursive: true });
    });
    expect(notes.length).toBeGreaterThan(0);
    for (const text of notes) expect(text).toMatch(note);
    expect(end.status).toBe('completed');
    const others = await all(train({ ...given, workers: 2 }, { out: null }));
    expect(others.end.weightsSha256).toBe(end.weightsSha256);
    const resumed = await all(resume(copy, { data: options.data as DataInMemory }));
    expect(resumed.end.weightsSha256).toBe(end.weightsSha256);
  });
});
