/**
 * Interprets labels: as classes, given by whole numbers or one-hot rows, or as values to predict.
 */
import { DataError } from '../../errors.js';
import type { StoredArray } from '../dataset.js';
import { allocate, type StoredTensor } from '../elements.js';
import { inferProblemType, MAX_CLASSES } from '../fit.js';
import { columnMoments } from '../moments.js';
import type { ProblemType, TargetSchema } from '../schema.js';
import { columnRanges, scaleOf } from '../statistics.js';
import { rejectNotFinite, rejectUnscalable, widthOf } from './values.js';

interface FittedLabels {
  /** The label of each class in ascending order; null for values to predict. */
  readonly classes: readonly number[] | null;
  /** Class indices, or the values as they are stored. */
  readonly targets: StoredArray;
}

/**
 * Interprets the labels of training data: by their shape and values, unless the problem type is given. Throws
 * DataError for labels that are neither classes nor values.
 */
export function fitLabels(
  labels: StoredTensor,
  problemType: 'auto' | ProblemType,
  notes: string[],
): FittedLabels {
  rejectNotFinite(labels);
  if (widthOf(labels) > 1) return fitWideLabels(labels, problemType, notes);
  const classes = problemType === 'regression' ? null : distinctLabels(labels, problemType, notes);
  return { classes, targets: classes === null ? labels.data : classIndices(labels, classes) };
}

/** Interprets labels of several numbers in a row: as classes if every row is one-hot, else as values. */
function fitWideLabels(
  labels: StoredTensor,
  problemType: 'auto' | ProblemType,
  notes: string[],
): FittedLabels {
  const values = { classes: null, targets: labels.data };
  if (problemType === 'regression') return values;
  const width = widthOf(labels);
  const sizes = `[${labels.shape.join(', ')}]`;
  const indices = fromOneHot(labels);
  if (indices instanceof NotOneHot) {
    if (problemType === 'classification') {
      throw new DataError(
        `${labels.file}: sizes ${labels.shape.join(' x ')}, where one class label a row is expected, or one-hot rows (${indices.why}); save the index of the class, or use --task regression`,
      );
    }
    notes.push(
      `labels: ${sizes}, read as ${width} numbers to predict, since ${indices.why}; if they are classes, save the index of the class`,
    );
    return values;
  }
  const classes = Array.from({ length: width }, (_, index) => index);
  rejectOneClass(labels, indices);
  notes.push(`labels: one-hot ${sizes}, read as ${width} classes; --task regression keeps the numbers`);
  const seen = new Set<number>(indices);
  const absent = classes.filter((index) => !seen.has(index));
  if (absent.length > 0) notes.push(`labels: no row is of ${absent.length} classes (${listed(absent)})`);
  return { classes, targets: indices };
}

/** Largest number of distinct labels of an integer type that are taken for classes. */
const MAX_INTEGER_CLASSES = 1000;

/** Returns the distinct labels in ascending order, or null if they are values to predict. */
function distinctLabels(
  labels: StoredTensor,
  problemType: 'auto' | 'classification',
  notes: string[],
): readonly number[] | null {
  const distinct = new Set<number>();
  let whole = true;
  for (const value of labels.data) {
    distinct.add(value);
    whole &&= Number.isInteger(value);
    if (distinct.size > MAX_CLASSES) break;
  }
  const integers = !(labels.data instanceof Float32Array || labels.data instanceof Float64Array);
  const inferred =
    integers && distinct.size <= MAX_INTEGER_CLASSES
      ? 'classification'
      : inferProblemType(distinct.size, labels.shape[0], whole);
  if (problemType === 'auto') {
    notes.push(
      `task: ${inferred}, from ${distinct.size} distinct labels${whole ? '' : ', not whole numbers'}`,
    );
    if (inferred === 'regression') return null;
  }
  if (distinct.size > MAX_CLASSES) {
    throw new DataError(`${labels.file}: more than ${MAX_CLASSES} distinct labels; use --task regression`);
  }
  rejectOneClass(labels, labels.data);
  return [...distinct].sort((a, b) => a - b);
}

function rejectOneClass({ file }: StoredTensor, labels: StoredArray): void {
  for (const label of labels) if (label !== labels[0]) return;
  throw new DataError(`${file}: every label is ${labels[0]}; a classifier needs at least two classes`);
}

/**
 * Reads labels for a trained model: its classes, as labels or one-hot rows, or as many values a row as it
 * predicts. Throws DataError for anything else.
 */
export function readLabels(
  labels: StoredTensor,
  target: TargetSchema,
): { targets: StoredArray; width: number } {
  rejectNotFinite(labels);
  const width = widthOf(labels);
  if (target.kind === 'values') {
    if (width === target.names.length) return { targets: labels.data, width };
    throw new DataError(
      `${labels.file}: ${width} targets in a row, the model was trained on ${target.names.length}; give as many`,
    );
  }
  const numbered = target.type === 'number';
  const classes = target.classes.map((name, index) => (numbered ? Number(name) : index));
  if (width === 1) return { targets: classIndices(labels, classes), width };
  if (width !== classes.length || !countsUp(classes)) {
    throw new DataError(
      `${labels.file}: ${width} numbers in a row, where the model expects one of its ${classes.length} classes (${listed(classes)}); give the label of each row`,
    );
  }
  const targets = fromOneHot(labels);
  if (!(targets instanceof NotOneHot)) return { targets, width: 1 };
  throw new DataError(
    `${labels.file}: ${targets.why}, and the model was trained on classes; give one-hot rows, or the index of the class`,
  );
}

/** Says why labels are not one-hot. It is returned, since only the caller knows whether that is an error. */
class NotOneHot {
  constructor(readonly why: string) {}
}

/**
 * Returns the class index of each row of [N, K] numbers if every row is a single 1 and zeros, else why it is
 * not.
 */
function fromOneHot(labels: StoredTensor): StoredArray | NotOneHot {
  const { data, shape } = labels;
  const K = widthOf(labels);
  if (shape.filter((size, axis) => axis > 0 && size > 1).length > 1) {
    return new NotOneHot(`rows of ${shape.slice(1).join(' x ')} are not one-hot`);
  }
  if (K > MAX_CLASSES) return new NotOneHot(`${K} are more than the ${MAX_CLASSES} classes there may be`);
  const indices = allocate('u16', shape[0]);
  for (let row = 0; row < shape[0]; row++) {
    let ones = 0;
    let zeros = 0;
    for (let k = 0; k < K; k++) {
      const value = data[row * K + k];
      if (value === 0) zeros++;
      else if (value === 1) {
        ones++;
        indices[row] = k;
      }
    }
    if (ones === 1 && zeros === K - 1) continue;
    return new NotOneHot(`row ${row + 1} (${listed(data.subarray(row * K, (row + 1) * K))}) is not one-hot`);
  }
  return indices;
}

const countsUp = (classes: readonly number[]): boolean => classes.every((value, index) => value === index);

function listed(numbers: ArrayLike<number>): string {
  const shown = Array.from({ length: Math.min(12, numbers.length) }, (_, i) => numbers[i]);
  return `${shown.join(', ')}${numbers.length > 12 ? ', …' : ''}`;
}

/**
 * Returns labels as indices into `classes`. Bytes whose classes are 0, 1, 2 … are indices already and are not
 * copied. Throws DataError for a label that is none of the classes.
 */
function classIndices(labels: StoredTensor, classes: readonly number[]): StoredArray {
  const indexOf = new Map(classes.map((value, index) => [value, index]));
  const inPlace = countsUp(classes) && labels.data instanceof Uint8Array;
  const targets = inPlace ? labels.data : allocate('u16', labels.data.length);
  for (let row = 0; row < labels.data.length; row++) {
    const index = indexOf.get(labels.data[row]);
    if (index === undefined) {
      throw new DataError(
        `${labels.file}: row ${row + 1}: the label ${labels.data[row]} is none of the model's ${classes.length} classes (${listed(classes)})`,
      );
    }
    if (!inPlace) targets[row] = index;
  }
  return targets;
}

/**
 * Returns what a model remembers about its labels: the classes, or scale and shift of the values over the
 * training rows. `names` are the names of the classes 0, 1, 2 …, if they have any.
 */
export function labelSchema(
  labels: StoredTensor,
  classes: readonly number[] | null,
  trainRows: Uint32Array,
  names: readonly string[] | undefined,
  clipPredictions: boolean,
): TargetSchema {
  if (classes !== null && names !== undefined)
    return { kind: 'classes', name: 'label', type: 'text', classes: classes.map((label) => names[label]) };
  if (classes !== null)
    return { kind: 'classes', name: 'label', type: 'number', classes: classes.map(String) };
  const width = widthOf(labels);
  const moments = columnMoments(labels.data, width, trainRows);
  rejectUnscalable(labels, moments);
  return {
    kind: 'values',
    names: Array.from({ length: width }, (_, j) => (width === 1 ? 'label' : `label${j + 1}`)),
    type: 'number',
    shift: Array.from(moments.mean),
    scale: Array.from(moments.std, scaleOf),
    ...(clipPredictions ? { range: columnRanges(labels.data, width, trainRows) } : {}),
  };
}
