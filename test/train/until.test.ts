/** `--batch all --until 'change<1e-6'` is the lecture's loop (section 6), written out here with scalars. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '#src/clock.js';
import { runSession } from '#src/run/refit.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import type { EndEvent, EpochEvent } from '#src/train/events.js';
import { parseUntil, UNTIL_EPOCHS } from '#src/train/until.js';
import { syntheticData } from '../support/data.js';
import { newTrainer } from '../support/train.js';

const [ROWS, INPUTS, HIDDEN] = [24, 3, 4];
const LR = 0.2;

/** Inputs and desired outputs as the network sees them: nothing is scaled. */
function problem() {
  const data = syntheticData({ rows: ROWS, inputs: INPUTS, classes: 0 });
  return { ...data, encoding: { ...data.encoding, targetShift: [0], targetScale: [1] } };
}

interface Run {
  readonly losses: readonly number[];
  /** W(1), b(1), W(2), b(2) */
  readonly weights: readonly (readonly number[])[];
}

/** The data-parallel run: its initial weights, the mean loss of every epoch, its final weights. */
async function run(
  options: Omit<TrainOptions, 'data'>,
): Promise<Run & { start: Run['weights']; end: EndEvent }> {
  const trainer = newTrainer(problem(), {
    hidden: [HIDDEN],
    activation: 'tanh',
    batch: 'all',
    momentum: 0,
    lr: LR,
    until: 'change<1e-6',
    ...options,
  });
  const { layout, weights } = trainer.memory;
  const views = () =>
    layout.views.map(({ offset, length }) => [...weights.subarray(offset, offset + length)]);
  const start = views();
  const losses: number[] = [];
  let end: EndEvent | undefined;
  const session = {
    trainer,
    profile: null,
    pendingEvents: [],
    folder: null,
    record: {} as never,
    signal: undefined,
    clock: systemClock,
    best: null,
    own: {},
    history: [],
    stopped: null,
  };
  for await (const event of runSession(session)) {
    if (event.type === 'epoch') losses.push((event as EpochEvent).train.loss);
    if (event.type === 'end') end = event;
  }
  return { start, losses, weights: views(), end: end! };
}

/**
 * Trains as the lecture's loop says. Initialise W. Do: Loss = 0, dLoss/dw = 0; for t = 1 … T: forward pass,
 * Loss += Div, backward pass, dLoss/dw += dDiv/dw; then w ← w − (η/T)·dLoss/dw; until Loss has converged.
 * `round` is what storing a number does to it.
 */
function literalLoop(start: Run['weights'], round: (value: number) => number): Run {
  const { dataset } = problem().train;
  const [w1, b1, w2, b2] = start.map((values) => [...values]);
  const losses: number[] = [];
  const converged = () => losses.length > 1 && Math.abs(losses.at(-1)! - losses.at(-2)!) < 1e-6;
  do {
    let loss = 0;
    const [dw1, db1, dw2, db2] = [w1, b1, w2, b2].map((values) => values.map(() => 0));
    for (let t = 0; t < ROWS; t++) {
      const x = dataset.numbers.subarray(t * INPUTS, (t + 1) * INPUTS);
      const y1 = b1.map((bias, j) => {
        let z = bias;
        for (let i = 0; i < INPUTS; i++) z += x[i] * w1[i * HIDDEN + j];
        return round(Math.tanh(round(z)));
      });
      let y2 = b2[0];
      for (let i = 0; i < HIDDEN; i++) y2 += y1[i] * w2[i];
      y2 = round(y2);
      const d = dataset.targets[t];
      loss += round(((y2 - d) * (y2 - d)) / 2);

      const dz2 = round(y2 - d);
      db2[0] = round(db2[0] + dz2);
      for (let i = 0; i < HIDDEN; i++) dw2[i] = round(dw2[i] + y1[i] * dz2);
      for (let j = 0; j < HIDDEN; j++) {
        const dy1 = round(w2[j] * dz2);
        const dz1 = round(dy1 * (1 - y1[j] * y1[j]));
        db1[j] = round(db1[j] + dz1);
        for (let i = 0; i < INPUTS; i++) dw1[i * HIDDEN + j] = round(dw1[i * HIDDEN + j] + x[i] * dz1);
      }
    }
    for (const [w, dw] of [
      [w1, dw1],
      [b1, db1],
      [w2, dw2],
      [b2, db2],
    ]) {
      for (let i = 0; i < w.length; i++) w[i] = round(w[i] - LR * (dw[i] * (1 / ROWS)));
    }
    losses.push(loss / ROWS);
  } while (!converged());
  return { losses, weights: [w1, b1, w2, b2] };
}

describe("the lecture's loop", () => {
  it('is the run with reference kernels and one shard, bit for bit', async () => {
    const found = await run({ kernels: 'reference', shards: 1, workers: 0 });
    const literal = literalLoop(found.start, Math.fround);
    expect(found.losses.length).toBeGreaterThan(100);
    expect(found.losses).toEqual(literal.losses);
    expect(found.weights).toEqual(literal.weights);
    expect(found.end).toMatchObject({ status: 'completed', reason: 'change<1e-6' });
  });

  it.each([
    ['portable', 0],
    ['wasm', 0],
    ['wasm', 3],
  ] as const)(
    'in float64 is the run with %s kernels and %i workers, to float32',
    async (kernels, workers) => {
      const found = await run({ kernels, workers, shards: 8 });
      const literal = literalLoop(found.start, (value) => value);
      expect(Math.abs(found.losses.length - literal.losses.length)).toBeLessThanOrEqual(2);
      literal.losses.slice(0, found.losses.length).forEach((loss, epoch) => {
        expect(Math.abs(found.losses[epoch] / loss - 1)).toBeLessThan(3e-5);
      });
      const [w, exact] = [found.weights.flat(), literal.weights.flat()];
      exact.forEach((value, i) => {
        expect(Math.abs(w[i] - value)).toBeLessThan(1e-3); // two epochs more or less
      });
    },
  );
});

describe('until', () => {
  it('loss<NUMBER ends with the first epoch below it', async () => {
    const { losses, end } = await run({ workers: 0, until: 'loss < 0.02' });
    expect(losses.at(-1)).toBeLessThan(0.02);
    expect(losses.at(-2)).toBeGreaterThanOrEqual(0.02);
    expect(end.reason).toBe('loss < 0.02');
  });

  it('ends after all epochs where that comes first', async () => {
    const { end } = await run({ workers: 0, epochs: 7 });
    expect(end).toMatchObject({ status: 'completed', reason: 'all 7 epochs', epochs: 7 });
  });

  it('leaves the number of epochs open', () => {
    expect(resolveConfig({ data: 'x', until: 'change<1e-6' }).epochs).toBe(UNTIL_EPOCHS);
    expect(resolveConfig({ data: 'x' }).epochs).toBe(10);
  });

  it('change compares two epochs', () => {
    const until = parseUntil('change<0.5')!;
    expect([until(1, null), until(1, 1.4), until(1.4, 1), until(1, 1.5)]).toEqual([false, true, true, false]);
  });

  it.each([
    '',
    'change',
    'change<',
    'change>1',
    'change<-1',
    'change<0',
    'change<x',
    'error<1',
    'change<1 2',
  ])("refuses '%s'", (until) => {
    expect(parseUntil(until)).toBeNull();
    expect(() => resolveConfig({ data: 'x', until })).toThrow(
      /^until: expected change<NUMBER or loss<NUMBER.*found/,
    );
  });
});
