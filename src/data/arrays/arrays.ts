/** Turns arrays of inputs and labels (IDX, NPY, NPZ or in memory) into datasets. */
import { DataError, UsageError } from '../../errors.js';
import type { Dataset, StoredArray } from '../dataset.js';
import { allocate, elementTypeOf, type StoredTensor } from '../elements.js';
import {
  type FitOptions,
  type FittedDataset,
  fingerprint,
  type LoadedDataset,
  namingFold,
  splitRows,
} from '../fit.js';
import { type ArraysSchema, elementCount } from '../schema.js';
import { allRows, type Split } from '../split.js';
import { columnMoments, commonMoments, robustScale, scaleOf } from '../statistics.js';
import type { ArraySet, ArraySource } from './arrayfiles.js';
import { fitLabels, labelSchema, readLabels } from './labels.js';
import { rejectFar, rejectNotFinite, rejectUnscalable, widthOf } from './values.js';

/**
 * Reads the training arrays, infers the problem type, splits the rows and fits the schema to the training
 * rows. Bytes and instances with more than one axis (images) share one mean and deviation; columns have their
 * own. Throws DataError for values that cannot be computed with, UsageError for --target.
 */
export function fitArrays(source: ArraySource, options: FitOptions): FittedDataset {
  if (options.target !== undefined) {
    throw new UsageError(
      `--target ${options.target}: ${source.name} has labels of its own, not columns; leave --target out`,
    );
  }
  const { inputs, labels } = readSet(source.train, true);
  const shape = instanceShape(inputs);
  const width = elementCount(shape);
  const rows = inputs.shape[0];
  const notes: string[] = [];
  const { classes, targets } = fitLabels(labels!, options.problemType, notes);
  const strata = classes === null ? null : targets;
  const keys = { strata, classes: classes?.map(String) ?? null, groups: null, times: null, folds: null };
  const parted = splitRows(rows, keys, options, notes);

  const type = elementTypeOf(inputs.data);
  rejectNotFinite(inputs);
  const together = type === 'u8' || shape.length > 1;
  if (options.preprocessing.scaling === 'robust' && together)
    notes.push(
      'inputs: scaling robust is for columns; values that belong together, as pixels do, share one mean and deviation',
    );
  const robust = options.preprocessing.scaling === 'robust' && !together;
  const dataset = datasetOf(inputs, targets, classes === null ? widthOf(labels!) : 1);
  const fitTo = ({ train, val, test }: Split, fitNotes: string[]): ArraysSchema => {
    const moments = (together ? commonMoments : columnMoments)(inputs.data, width, train);
    rejectUnscalable(inputs, moments);
    const constant = moments.std.filter((std) => !(std > 0)).length;
    if (constant > 0) {
      fitNotes.push(
        `inputs: ${together ? 'all values are equal' : `${constant} of ${width} columns are constant`} and carry no information`,
      );
    }
    const schema: ArraysSchema = {
      kind: 'arrays',
      type,
      shape,
      ...(robust
        ? robustScales(inputs.data, width, train)
        : { shift: Array.from(moments.mean), scale: Array.from(moments.std, scaleOf) }),
      target: labelSchema(labels!, classes, train, source.classes, options.preprocessing.clipPredictions),
    };
    for (const kept of [val, test]) rejectFar({ inputs, labels }, dataset, schema, kept);
    return schema;
  };
  const { length } = parted.folds;
  return {
    name: source.name,
    schema: fitTo(parted.whole, notes),
    dataset,
    split: parted.whole,
    folds: parted.folds.map((fold, index) => ({
      ...fold,
      schema: namingFold(index, length, () => fitTo(fold.split, [])),
      dataset,
    })),
    notes,
    fingerprint: fingerprint([inputs.shape, type, labels!.shape, classes], [inputs.data, targets]),
  };
}

/** Scales each column by its median and IQR, and clips it; a constant column becomes 0. */
function robustScales(
  values: StoredArray,
  width: number,
  rows: Uint32Array,
): Pick<ArraysSchema, 'shift' | 'scale' | 'clip'> {
  const scales = Array.from({ length: width }, (_, j) => {
    const sorted = Float64Array.from(rows, (row) => values[row * width + j]).sort();
    return robustScale(sorted) ?? { shift: sorted[0], scale: 1 };
  });
  return {
    shift: scales.map(({ shift }) => shift),
    scale: scales.map(({ scale }) => scale),
    clip: true,
  };
}

/**
 * Reads arrays by a model's schema: the test set if there is one, since a model is evaluated on what it was
 * not trained on, else the training set. Throws DataError for another size of instances or for unknown
 * labels.
 */
export function loadArrays(source: ArraySource, schema: ArraysSchema, needTargets: boolean): LoadedDataset {
  const { inputs, labels } = readSet(source.test ?? source.train, needTargets);
  const shape = instanceShape(inputs);
  if (elementCount(shape) !== elementCount(schema.shape)) {
    throw new DataError(
      `${inputs.file}: its instances are ${shape.join(' x ')}, the model was trained on ${schema.shape.join(' x ')}; give data of that size`,
    );
  }
  rejectNotFinite(inputs);
  const notes: string[] = [];
  const type = elementTypeOf(inputs.data);
  if (type !== schema.type) {
    notes.push(
      `inputs: stored as ${type}, the model was trained on ${schema.type}; their range should be the same`,
    );
  }
  if (source.test !== null) notes.push(`data: the test part of ${source.name}, ${inputs.shape[0]} rows`);
  const rows = allRows(inputs.shape[0]);
  const { targets, width } =
    labels === null ? { targets: allocate('u8', 0), width: 0 } : readLabels(labels, schema.target);
  const dataset = datasetOf(inputs, targets, width);
  rejectFar({ inputs, labels }, dataset, schema, rows);
  return { dataset, rows, notes };
}

function readSet(set: ArraySet, needLabels: boolean): { inputs: StoredTensor; labels: StoredTensor | null } {
  if (!needLabels) return { inputs: set.inputs(), labels: null };
  if (set.labels === null) {
    throw new DataError(`${set.labelsFile}: the labels are missing; put them there, beside the inputs`);
  }
  const inputs = set.inputs();
  const labels = set.labels();
  if (inputs.shape[0] !== labels.shape[0]) {
    throw new DataError(
      `${labels.file}: ${labels.shape[0]} labels for the ${inputs.shape[0]} instances of ${inputs.file}; the two do not belong together`,
    );
  }
  return { inputs, labels };
}

function instanceShape({ shape }: StoredTensor): number[] {
  return shape.length === 1 ? [1] : shape.slice(1);
}

function datasetOf(inputs: StoredTensor, targets: StoredArray, targetWidth: number): Dataset {
  const rows = inputs.shape[0];
  return {
    rows,
    numbers: inputs.data,
    numberWidth: elementCount(inputs.shape) / rows,
    codes: new Uint16Array(new SharedArrayBuffer(0)),
    codeWidth: 0,
    targets,
    targetWidth,
  };
}
