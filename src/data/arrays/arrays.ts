/** Arrays of inputs and labels (IDX, NPY, NPZ) as datasets. */
import { DataError, UsageError } from '../../errors.js';
import type { Dataset, StoredArray } from '../dataset.js';
import { allocate, elementTypeOf, type Tensor } from '../elements.js';
import {
  type FitOptions,
  type Fitted,
  fingerprint,
  inferTask,
  type Loaded,
  MAX_CLASSES,
  splitRows,
} from '../fit.js';
import { type ArraysSchema, product, type TargetSchema } from '../schema.js';
import { allRows } from '../split.js';
import { columnMoments, commonMoments, scaleOf } from '../statistics.js';
import type { ArraySet, ArraySource } from './arrayfiles.js';

export function fitArrays(source: ArraySource, options: FitOptions): Fitted {
  if (options.target !== undefined) {
    throw new UsageError(
      `--target ${options.target}: ${source.name} has labels of its own, not columns; leave --target out`,
    );
  }
  const { inputs, labels } = readSet(source.train, true);
  const shape = instanceShape(inputs);
  const width = product(shape);
  const rows = inputs.shape[0];
  const notes: string[] = [];
  const classes = classesOf(labels!, options.task, notes);
  const targets = classes === null ? labels!.data : classIndices(labels!, classes);
  const parts = splitRows(rows, options, classes === null ? null : targets, notes);

  const type = elementTypeOf(inputs.data);
  checkFinite(inputs, width);
  const together = type === 'u8' || shape.length > 1;
  const moments = (together ? commonMoments : columnMoments)(inputs.data, width, parts.train);
  const constant = moments.std.filter((std) => !(std > 0)).length;
  if (constant > 0) {
    notes.push(
      `inputs: ${together ? 'all values are equal' : `${constant} of ${width} columns are constant`} and carry nothing`,
    );
  }
  const schema: ArraysSchema = {
    kind: 'arrays',
    type,
    shape,
    shift: Array.from(moments.mean),
    scale: Array.from(moments.std, scaleOf),
    target: targetSchema(labels!, classes, parts.train, source.classes),
  };
  return {
    name: source.name,
    schema,
    dataset: dataset(inputs, targets, classes === null ? product(labels!.shape) / rows : 1),
    split: parts,
    notes,
    fingerprint: fingerprint([inputs.shape, type, labels!.shape, classes], [inputs.data, targets]),
  };
}

/** The test part where there is one (a model is evaluated on what it was not trained on), else the only part. */
export function loadArrays(source: ArraySource, schema: ArraysSchema, needTargets: boolean): Loaded {
  const { inputs, labels } = readSet(source.test ?? source.train, needTargets);
  const shape = instanceShape(inputs);
  if (product(shape) !== product(schema.shape)) {
    throw new DataError(
      `${inputs.file}: its instances are ${shape.join(' x ')}, the model was trained on ${schema.shape.join(' x ')}; give data of that size`,
    );
  }
  checkFinite(inputs, product(shape));
  const notes: string[] = [];
  const type = elementTypeOf(inputs.data);
  if (type !== schema.type) {
    notes.push(
      `inputs: stored as ${type}, the model was trained on ${schema.type}; their range should be the same`,
    );
  }
  if (source.test !== null) notes.push(`data: the test part of ${source.name}, ${inputs.shape[0]} rows`);
  const rows = allRows(inputs.shape[0]);
  if (labels === null) return { dataset: dataset(inputs, allocate('u8', 0), 0), rows, notes };
  const { target } = schema;
  if (target.kind === 'classes') {
    const numbered = target.type === 'number';
    const classes = target.classes.map((name, index) => (numbered ? Number(name) : index));
    return { dataset: dataset(inputs, classIndices(labels, classes), 1), rows, notes };
  }
  const width = product(labels.shape) / labels.shape[0];
  if (width !== target.names.length) {
    throw new DataError(
      `${labels.file}: ${width} targets in a row, the model was trained on ${target.names.length}; give as many`,
    );
  }
  return { dataset: dataset(inputs, labels.data, width), rows, notes };
}

function readSet(set: ArraySet, needLabels: boolean): { inputs: Tensor; labels: Tensor | null } {
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

function instanceShape({ shape }: Tensor): number[] {
  return shape.length === 1 ? [1] : shape.slice(1);
}

function checkFinite({ file, data }: Tensor, width: number): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new DataError(
      `${file}: row ${Math.floor(i / width) + 1}, column ${(i % width) + 1}: ${data[i]} is not a finite number; fill or remove it`,
    );
  }
}

/** The distinct labels in ascending order, or null where they are values to be regressed. */
function classesOf(labels: Tensor, task: FitOptions['task'], notes: string[]): number[] | null {
  checkFinite(labels, product(labels.shape) / labels.shape[0]);
  if (product(labels.shape) !== labels.shape[0]) {
    if (task === 'classification') {
      throw new DataError(
        `${labels.file}: sizes ${labels.shape.join(' x ')}, where one class label a row is expected; save the index of the class, or use --task regression`,
      );
    }
    return null;
  }
  if (task === 'regression') return null;
  const distinct = new Set<number>();
  let whole = true;
  for (const value of labels.data) {
    distinct.add(value);
    whole &&= Number.isInteger(value);
    if (distinct.size > MAX_CLASSES) break;
  }
  const integers = !(labels.data instanceof Float32Array || labels.data instanceof Float64Array);
  const inferred =
    integers && distinct.size <= 1000 ? 'classification' : inferTask(distinct.size, labels.shape[0], whole);
  if (task === 'auto') {
    notes.push(
      `task: ${inferred}, from ${distinct.size} distinct labels${whole ? '' : ', not whole numbers'}`,
    );
    if (inferred === 'regression') return null;
  }
  if (distinct.size > MAX_CLASSES) {
    throw new DataError(`${labels.file}: more than ${MAX_CLASSES} distinct labels; use --task regression`);
  }
  if (distinct.size < 2) {
    throw new DataError(
      `${labels.file}: every label is ${labels.data[0]}; a classifier needs at least two classes`,
    );
  }
  return [...distinct].sort((a, b) => a - b);
}

/** Labels as indices into `classes`; bytes that count 0, 1, 2 … already are and stay where they lie. */
function classIndices(labels: Tensor, classes: readonly number[]): StoredArray {
  const isIndex = classes.every((value, index) => value === index);
  const indexOf = new Map(classes.map((value, index) => [value, index]));
  const inPlace = isIndex && labels.data instanceof Uint8Array;
  const targets = inPlace ? labels.data : allocate('u16', labels.data.length);
  for (let row = 0; row < labels.data.length; row++) {
    const index = indexOf.get(labels.data[row]);
    if (index === undefined) {
      throw new DataError(
        `${labels.file}: row ${row + 1}: the label ${labels.data[row]} is none of the model's ${classes.length} classes (${classes.slice(0, 12).join(', ')}${classes.length > 12 ? ', …' : ''})`,
      );
    }
    if (!inPlace) targets[row] = index;
  }
  return targets;
}

function targetSchema(
  labels: Tensor,
  classes: number[] | null,
  trainRows: Uint32Array,
  names: readonly string[] | undefined,
): TargetSchema {
  if (classes !== null && names !== undefined)
    return { kind: 'classes', name: 'label', type: 'text', classes: classes.map((label) => names[label]) };
  if (classes !== null)
    return { kind: 'classes', name: 'label', type: 'number', classes: classes.map(String) };
  const width = product(labels.shape) / labels.shape[0];
  const { mean, std } = columnMoments(labels.data, width, trainRows);
  return {
    kind: 'values',
    names: Array.from({ length: width }, (_, j) => (width === 1 ? 'label' : `label${j + 1}`)),
    type: 'number',
    shift: Array.from(mean),
    scale: Array.from(std, scaleOf),
  };
}

function dataset(inputs: Tensor, targets: StoredArray, targetWidth: number): Dataset {
  const rows = inputs.shape[0];
  return {
    rows,
    numbers: inputs.data,
    numberWidth: product(inputs.shape) / rows,
    codes: new Uint16Array(new SharedArrayBuffer(0)),
    codeWidth: 0,
    targets,
    targetWidth,
  };
}
