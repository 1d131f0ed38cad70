/** Which passes are one call of machine code, and which stages of others run by themselves. */
import { expect, it } from 'vitest';
import type { KernelStage, Repetition } from '#src/kernels/kernels.js';
import { machineSets } from '../kernels/implementations.js';
import { syntheticData } from '../support/data.js';
import { newTrainer } from '../support/train.js';

const SIZES = { rows: 40, inputs: 6, classes: 3 };
const OPTIONS = { hidden: [5], batch: 20, epochs: 4, workers: 0, kernels: 'jit' } as const;

/** Trains for some steps; returns what was recorded of the stages, each time that some were. */
async function recordings(data: ReturnType<typeof syntheticData>, options: object = {}) {
  const trainer = newTrainer(data, { ...OPTIONS, ...options });
  const record = trainer.kernels.record!;
  const found: boolean[][] = [];
  const watched = (stages: readonly KernelStage[]): readonly Repetition[] => {
    const made = record(stages);
    found.push(made.map(({ recorded }) => recorded));
    return made;
  };
  Object.assign(trainer.kernels, { record: watched });
  try {
    for (let step = 0; step < 5; step++) await trainer.step();
  } finally {
    await trainer.close();
  }
  return found;
}

const oneCall = [[true]];
const weights = new Float32Array(new SharedArrayBuffer(4 * SIZES.rows)).fill(0.5);

it.skipIf(machineSets.length === 0).each([
  ['floats', syntheticData(SIZES), {}, oneCall],
  ['bytes', syntheticData({ ...SIZES, bytes: true }), { optimizer: 'adam' }, oneCall],
  ['no hidden layer', syntheticData(SIZES), { hidden: [] }, oneCall],
  ['another activation', syntheticData(SIZES), { activation: 'tanh' }, [[true, false, true, false]]],
  ['label smoothing', syntheticData(SIZES), { labelSmoothing: 0.1 }, [[true, false, true]]],
  ['numbers', syntheticData({ ...SIZES, classes: 0 }), {}, [[true, false, true, false, false, true]]],
])('%s', async (_, data, options, expected) => {
  expect(await recordings(data, options)).toEqual(expected);
});

it.skipIf(machineSets.length === 0)(
  'rows that count differently are weighed between two recordings',
  async () => {
    const data = syntheticData(SIZES);
    const dataset = { ...data.train.dataset, weights };
    const weighted = { ...data, train: { ...data.train, dataset } };
    expect(await recordings(weighted)).toEqual([[true, false, false, true]]);
  },
);
