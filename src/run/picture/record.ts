/** Records what a network of two inputs computes over their plane, while it is trained. */

import type { Dataset, Subset } from '../../data/dataset.js';
import { targetAt } from '../../data/dataset.js';
import { DataError } from '../../errors.js';
import { blockRows, evaluationBlocks } from '../../forward/evaluation.js';
import { predictedValues } from '../../forward/predictions.js';
import { chooseKernels } from '../../kernels/choose.js';
import { predictedClass } from '../../kernels/reference/scores.js';
import { createRunner, type Runner } from '../../model/runner.js';
import type { TrainEvent } from '../../train/events.js';
import type { TrainingPlan } from '../../train/plan.js';
import type { Session } from '../session.js';
import { appendFrame, beginPicture, hasPicture, type PictureFrame, type Plane } from './file.js';
import { whyNoPicture } from './pictured.js';

/** Points of the grid in each direction. */
const SIZE = 49;
/** Training rows that are drawn at most. */
const MOST_POINTS = 300;
/** What is drawn beyond the training rows on each side, as a share of their range. */
const MARGIN = 0.12;
/** Steps of a grid's numbers in a unit: of log-odds or outputs for classes, of the range for numbers. */
export const CLASS_STEPS = 2048;
export const RANGE_STEPS = 8192;

/** Passes on the events of a session, and records a frame after epochs 0, 1, 2, 4, 8, … and at the end. */
export async function* withPicture(
  session: Session,
  events: AsyncIterable<TrainEvent>,
): AsyncGenerator<TrainEvent> {
  const { folder, trainer, pictured } = session;
  const { plan } = trainer;
  if (!pictured || folder === null || whyNoPicture(plan.data) !== null) {
    yield* events;
    return;
  }
  const { dataset, ...plane } = planeOf(plan);
  const record = (epoch: number, final = false) => {
    const grids = gridsOf(session, dataset, plane.range);
    if (grids !== null) appendFrame(folder, { epoch, final, grids });
  };
  for await (const event of events) {
    if (event.type === 'start' && (event.step === 0 || !hasPicture(folder))) beginPicture(folder, plane);
    if (event.type === 'start' && event.step === 0) record(0);
    if (event.type === 'epoch' && Number.isInteger(Math.log2(event.epoch))) record(event.epoch);
    if (event.type === 'end' && event.status !== 'interrupted')
      record(keptEpoch(session, event.epochs), true);
    yield event;
  }
}

/** The epoch whose weights were kept. */
function keptEpoch({ trainer, best }: Session, epochs: number): number {
  const { config, data } = trainer.plan;
  const kept = config.keep === 'best' && data.val !== null && best !== null;
  return kept ? (trainer.state.best?.epoch ?? epochs) : epochs;
}

/** Lays the plane over the training rows, with a grid as the rows of a dataset. */
function planeOf({
  data,
}: TrainingPlan): Omit<Plane, 'type' | 'formatVersion'> & { readonly dataset: Dataset } {
  const { train, schema, classes } = data;
  const { numbers } = train.dataset;
  const at = (row: number, input: number) => Number(numbers[2 * train.rows[row] + input]);
  const low: [number, number] = [at(0, 0), at(0, 1)];
  const high: [number, number] = [...low];
  for (let row = 0; row < train.rows.length; row++) {
    for (const input of [0, 1]) {
      low[input] = Math.min(low[input], at(row, input));
      high[input] = Math.max(high[input], at(row, input));
    }
  }
  for (const input of [0, 1]) {
    const margin = MARGIN * (high[input] - low[input]) || 1;
    low[input] -= margin;
    high[input] += margin;
  }
  const shown = Math.min(MOST_POINTS, train.rows.length);
  const { targetWidth } = train.dataset;
  const points = Array.from({ length: shown }, (_, i): [number, number, number] => {
    const row = Math.floor((i * train.rows.length) / shown);
    return [at(row, 0), at(row, 1), targetAt(train, row * targetWidth)];
  });
  const inputs: [string, string] =
    schema.kind === 'arrays' ? ['x1', 'x2'] : [schema.columns[0].name, schema.columns[1].name];
  const { target } = schema;
  return {
    inputs,
    low,
    high,
    size: SIZE,
    classes: classes === null ? null : [...classes],
    target: target.kind === 'classes' ? target.name : target.names[0],
    range: classes === null ? rangeOf(train) : null,
    points,
    dataset: gridRows(low, high),
  };
}

/** The range of the first target, a little wider than that of the training rows. */
function rangeOf(train: Subset): [number, number] {
  const { targetWidth } = train.dataset;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < train.rows.length; row++) {
    const value = targetAt(train, row * targetWidth);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high > low ? [low, high] : [low - 1, high + 1];
}

function gridRows(low: readonly number[], high: readonly number[]): Dataset {
  const numbers = new Float64Array(new SharedArrayBuffer(16 * SIZE * SIZE));
  const value = (input: number, step: number) =>
    low[input] + ((high[input] - low[input]) * step) / (SIZE - 1);
  for (let i = 0; i < SIZE * SIZE; i++) {
    numbers[2 * i] = value(0, i % SIZE);
    numbers[2 * i + 1] = value(1, Math.floor(i / SIZE));
  }
  return {
    rows: SIZE * SIZE,
    numbers,
    numberWidth: 2,
    codes: new Uint16Array(new SharedArrayBuffer(0)),
    codeWidth: 0,
    targets: new Float32Array(new SharedArrayBuffer(0)),
    targetWidth: 0,
  };
}

/**
 * Sends the grid through the network as it is evaluated now, by kernels whose bits are the same everywhere.
 * Null where an output is not finite, as a network may have far from its training rows.
 */
function gridsOf(
  { trainer }: Session,
  dataset: Dataset,
  range: readonly [number, number] | null,
): PictureFrame['grids'] | null {
  const { layers, network, data } = trainer.plan;
  const rows = new Uint32Array(new SharedArrayBuffer(4 * dataset.rows));
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  const subset = { dataset, rows };
  const chosen = chooseKernels({ kernels: 'portable', precision: 'f32' });
  const runner = createRunner({ layers, network, schema: data.schema, weights: trainer.evaluated }, chosen);
  const read = range === null ? classGrids(runner) : valueGrid(runner, range);
  const grids = Array.from({ length: read.grids }, () => new Int16Array(dataset.rows));
  try {
    for (let block = 0; block < evaluationBlocks(subset); block++) {
      const { from, to } = blockRows(subset, block);
      runner.forward(subset, from, to, 'the plane');
      read.block(grids, from, to - from);
    }
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
  return grids;
}

/** Reads numbers for the grids off a block of outputs. */
interface GridReader {
  readonly grids: number;
  block(grids: readonly Int16Array[], from: number, rows: number): void;
}

/** By how much each class leads over all others; for two classes, by how much the second leads. */
function classGrids({ context }: Runner): GridReader {
  const { objective, workspace } = context;
  const N = objective.layers[objective.layers.length - 1].outputs;
  const several = N > 2;
  return {
    grids: several ? N : 1,
    block(grids, from, rows) {
      const { output } = workspace.network;
      for (let row = 0; row < rows; row++) {
        const predicted = predictedClass(output, row, N, objective.threshold);
        for (let g = 0; g < grids.length; g++) {
          const c = several ? g : 1;
          const lead = N === 1 ? output[row] - objective.threshold : leadOf(output, row * N, N, c);
          grids[g][from + row] = stepsOf(CLASS_STEPS * lead, predicted === c);
        }
      }
    },
  };
}

function leadOf(output: ArrayLike<number>, at: number, N: number, c: number): number {
  let other = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < N; j++) if (j !== c) other = Math.max(other, output[at + j]);
  return output[at + c] - other;
}

/** Rounds a lead so that it is above 0 for the class that is predicted, ties included, and else below 0. */
function stepsOf(lead: number, predicted: boolean): number {
  const steps = Math.round(Math.min(32767, Math.max(-32767, lead)));
  return predicted ? Math.max(1, steps) : Math.min(-1, steps);
}

function valueGrid({ context, output }: Runner, [low, high]: readonly [number, number]): GridReader {
  return {
    grids: 1,
    block([grid], from, rows) {
      const values = predictedValues(context, output, rows);
      const targets = values.length / rows;
      for (let row = 0; row < rows; row++) {
        const share = (values[row * targets] - low) / (high - low);
        grid[from + row] = Math.round(RANGE_STEPS * Math.min(3, Math.max(-3, share)));
      }
    },
  };
}
