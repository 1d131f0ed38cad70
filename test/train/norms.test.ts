/** The norms by layer that an epoch records. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readModel } from '#src/model/read.js';
import { train } from '#src/run/train.js';
import type { LayerNorms } from '#src/train/norms.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-norms-'));
const RATE = 0.1;

/** Trains by plain gradient descent on all rows, so that a step is the rate times the gradient. */
async function trained(epochs: number, workers: number) {
  const out = join(folder, `${epochs}-${workers}`);
  const options = { preset: 'none', optimizer: 'sgd', momentum: 0, weightDecay: 0, keep: 'last' } as const;
  const norms: (readonly LayerNorms[] | undefined)[] = [];
  const training = train(
    { ...options, data: 'iris', hidden: [64], batch: 120, val: 0.2, lr: RATE, epochs, workers },
    { out },
  );
  for await (const event of training) if (event.type === 'epoch') norms.push(event.norms);
  const { weights, layout } = readModel(out);
  /** The norm of the difference to other weights, of the layer at this place. */
  const distance = (layer: string, from: Float32Array | null) => {
    const views = layout.views.filter(({ name }) => name.startsWith(`${layer}.`));
    const squares = views.flatMap(({ offset, length }) =>
      Array.from({ length }, (_, i) => (weights[offset + i] - (from?.[offset + i] ?? 0)) ** 2),
    );
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  };
  return { norms, weights, distance };
}

let two: Awaited<ReturnType<typeof trained>>;
beforeAll(async () => {
  two = await trained(2, 0);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('of the weights are those of the weights that are kept', () => {
  expect(two.norms).toHaveLength(2);
  expect(two.norms[1]?.map(({ layer }) => layer)).toEqual(['0', '2']);
  for (const { layer, weights } of two.norms[1] ?? []) {
    expect(weights / two.distance(layer, null)).toBeCloseTo(1, 5);
  }
});

it('of the gradient are those of the last step', async () => {
  const one = await trained(1, 0);
  for (const { layer, gradient } of two.norms[1] ?? []) {
    expect((gradient * RATE) / two.distance(layer, one.weights)).toBeCloseTo(1, 4);
  }
});

it('are the same for any number of workers', async () => {
  expect((await trained(2, 2)).norms).toEqual(two.norms);
});
