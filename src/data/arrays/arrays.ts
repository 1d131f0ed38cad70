/** Turns arrays of inputs and labels (IDX, NPY, NPZ or in memory) into a dataset for training. */
import { UsageError } from '../../errors.js';
import type { Dataset, StoredArray } from '../dataset.js';
import { allocate, type StoredTensor } from '../elements.js';
import { type FitOptions, type FittedDataset, fingerprint, namingFold, splitRows } from '../fit.js';
import { type Stretch, streamedColumnMoments, streamedCommonMoments } from '../moments.js';
import { type ArraysSchema, elementCount } from '../schema.js';
import type { Split } from '../split.js';
import { byRank, robustScale, type Scale, scaleOf } from '../statistics.js';
import type { EntryWriter } from '../stream/entrywriter.js';
import type { ArraySource } from './arrayfiles.js';
import { fitLabels, labelSchema } from './labels.js';
import { instanceShape, readSet, tensorDataset } from './readset.js';
import {
  chunksOf,
  openTensorRows,
  rowsWithin,
  type TensorChunk,
  type TensorRows,
  tensorInMemory,
} from './tensorrows.js';
import { rejectFar, rejectFarLabel, rejectNotFinite, rejectUnscalable, widthOf } from './values.js';

/**
 * Reads the training arrays, infers the problem type, splits the rows and fits the schema to the training
 * rows. Bytes and instances with more than one axis (images) share one mean and deviation; columns have their
 * own. Throws DataError for values that cannot be computed with, UsageError for --target.
 * @param writer takes the rows of the inputs, which then need not be in memory; without it they are
 */
export function fitArrays(source: ArraySource, options: FitOptions, writer?: RowWriter): FittedDataset {
  if (options.target !== undefined) {
    throw new UsageError(
      `--target ${options.target}: ${source.name} has labels of its own, not columns; leave --target out`,
    );
  }
  const notes: string[] = [];
  const { inputs, labels } = readSet(source.train, (set) =>
    writer === undefined ? tensorInMemory(set.inputs()) : openTensorRows(set, notes),
  );
  try {
    return fitRows(source, { inputs, labels }, { options, writer, notes });
  } finally {
    inputs.close();
  }
}

/** Takes the rows of a dataset, chunk by chunk. */
type RowWriter = Pick<EntryWriter, 'begin' | 'add'>;

interface Fitting {
  readonly options: FitOptions;
  readonly writer: RowWriter | undefined;
  readonly notes: string[];
}

function fitRows(
  source: ArraySource,
  { inputs, labels }: { inputs: TensorRows; labels: StoredTensor },
  { options, writer, notes }: Fitting,
): FittedDataset {
  const shape = instanceShape(inputs);
  const { classes, targets } = fitLabels(labels, options.problemType, notes);
  const strata = classes === null ? null : targets;
  const keys = { strata, classes: classes?.map(String) ?? null, groups: null, times: null, folds: null };
  const parted = splitRows(inputs.shape[0], keys, options, notes);
  for (const { first, tensor } of chunksOf(inputs)) rejectNotFinite(tensor, first);
  const together = isTogether(inputs);
  if (options.preprocessing.scaling === 'robust' && together)
    notes.push(
      'inputs: scaling robust is for columns; values that belong together, as pixels do, share one mean and deviation',
    );
  const targetWidth = classes === null ? widthOf(labels) : 1;
  const datasetOfChunk = ({ tensor }: TensorChunk) => tensorDataset(tensor, targets, targetWidth);
  const fitTo = ({ train, val, test }: Split, fitNotes: string[]): ArraysSchema => {
    const { clipPredictions } = options.preprocessing;
    const schema: ArraysSchema = {
      kind: 'arrays',
      type: inputs.type,
      shape,
      ...fitScales(inputs, train, options, fitNotes),
      target: labelSchema(labels, classes, train, source.classes, clipPredictions),
    };
    for (const kept of [val, test]) {
      for (const chunk of chunksOf(inputs)) {
        const dataset = datasetOfChunk(chunk);
        rejectFar(chunk.tensor, dataset, schema, rowsWithin(chunk, kept), chunk.first);
      }
      rejectFarLabel(labels, { targets, targetWidth }, schema, kept);
    }
    return schema;
  };
  const { length } = parted.folds;
  const schema = fitTo(parted.whole, notes);
  const dataset =
    writer === undefined
      ? datasetOfChunk(firstChunk(inputs))
      : written(inputs, writer, { targets, targetWidth });
  return {
    name: source.name,
    schema,
    dataset,
    split: parted.whole,
    folds: parted.folds.map((fold, index) => ({
      ...fold,
      schema: namingFold(index, length, () => fitTo(fold.split, [])),
      dataset,
    })),
    notes,
    fingerprint: fingerprint([inputs.shape, inputs.type, labels.shape, classes], arraysOf(inputs, targets)),
  };
}

/** Whether the values of an instance share one mean and deviation, as those of a picture do. */
const isTogether = ({ type, shape }: TensorRows): boolean => type === 'u8' || shape.length > 2;

/** Fits shift and scale to the training rows. */
function fitScales(
  inputs: TensorRows,
  train: Uint32Array,
  { preprocessing }: FitOptions,
  notes: string[],
): Pick<ArraysSchema, 'shift' | 'scale' | 'clip'> {
  const together = isTogether(inputs);
  const width = elementCount(inputs.shape.slice(1));
  const stretches = function* () {
    for (const chunk of chunksOf(inputs)) yield { values: chunk.tensor.data, rows: rowsWithin(chunk, train) };
  };
  const moments = (together ? streamedCommonMoments : streamedColumnMoments)(stretches, width);
  rejectUnscalable(inputs, moments);
  const constant = moments.std.filter((std) => !(std > 0)).length;
  if (constant > 0) {
    notes.push(
      `inputs: ${together ? 'all values are equal' : `${constant} of ${width} columns are constant`} and carry no information`,
    );
  }
  if (preprocessing.scaling === 'robust' && !together) return robustScales(stretches, width, train.length);
  return { shift: Array.from(moments.mean), scale: Array.from(moments.std, scaleOf) };
}

/** Numbers that are ranked at the same time, at most: 64 MiB. */
const RANKED = 2 ** 23;

/** Scales each column by its median and IQR, and clips it; a constant column becomes 0. */
function robustScales(
  stretches: () => Iterable<Stretch>,
  width: number,
  rows: number,
): Pick<ArraysSchema, 'shift' | 'scale' | 'clip'> {
  const together = Math.max(1, Math.floor(RANKED / rows));
  const scales: Scale[] = [];
  for (let first = 0; first < width; first += together) {
    const columns = Array.from({ length: Math.min(together, width - first) }, () => new Float64Array(rows));
    let filled = 0;
    for (const { values, rows: some } of stretches()) {
      for (let r = 0; r < some.length; r++, filled++)
        for (let j = 0; j < columns.length; j++) columns[j][filled] = values[some[r] * width + first + j];
    }
    for (const column of columns) {
      const order = byRank(column);
      scales.push(robustScale(order) ?? { shift: order.nth(0), scale: 1 });
    }
  }
  return {
    shift: scales.map(({ shift }) => shift),
    scale: scales.map(({ scale }) => scale),
    clip: true,
  };
}

const firstChunk = (inputs: TensorRows): TensorChunk => chunksOf(inputs).next().value!;

/** Returns the bytes that tell the data from other data. */
function* arraysOf(inputs: TensorRows, targets: StoredArray): Generator<StoredArray> {
  for (const { tensor } of chunksOf(inputs)) yield tensor.data;
  yield targets;
}

/** Hands all rows to a writer; returns the dataset without inputs. */
function written(
  inputs: TensorRows,
  writer: RowWriter,
  targets: Pick<Dataset, 'targets' | 'targetWidth'>,
): Dataset {
  const codes = new Uint16Array(new SharedArrayBuffer(0));
  const numberWidth = elementCount(inputs.shape.slice(1));
  const empty = { numbers: allocate(inputs.type, 0), numberWidth, codes, codeWidth: 0 };
  writer.begin(empty);
  for (const { tensor } of chunksOf(inputs)) writer.add({ numbers: tensor.data, codes }, tensor.shape[0]);
  return { rows: inputs.shape[0], ...empty, ...targets };
}
