/** Reads arrays for a trained model, into memory or block by block. */
import { DataError } from '../../errors.js';
import type { Subset } from '../dataset.js';
import { allocate } from '../elements.js';
import type { LoadedDataset } from '../fit.js';
import { type ArraysSchema, elementCount } from '../schema.js';
import { allRows } from '../split.js';
import type { ArraySet, ArraySource } from './arrayfiles.js';
import { readLabels } from './labels.js';
import { instanceShape, readSet, tensorDataset } from './readset.js';
import { chunksOf, openTensorRows, type TensorRows, tensorInMemory } from './tensorrows.js';
import { rejectFar, rejectFarLabel, rejectNotFinite } from './values.js';

/** Reads arrays by a model's schema, as `loadArrayBlocks` does, into memory. */
export function loadArrays(source: ArraySource, schema: ArraysSchema, needTargets: boolean): LoadedDataset {
  const notes: string[] = [];
  const open = (set: ArraySet) => tensorInMemory(set.inputs());
  const [{ subset }] = blocksOf(source, schema, { needTargets, open }, notes);
  return { ...subset, notes };
}

/** Consecutive rows of arrays, of which `first` is the number of the first one. */
interface ArrayBlock {
  readonly subset: Subset;
  readonly first: number;
}

/**
 * Reads arrays by a model's schema, block by block: the test set if there is one, since a model is evaluated
 * on what it was not trained on, else the training set. Throws DataError for another size of instances or for
 * unknown labels. Labels are read whole.
 */
export function loadArrayBlocks(
  source: ArraySource,
  schema: ArraysSchema,
  options: { readonly needTargets: boolean; readonly blockRows?: number | undefined },
  notes: string[],
): Generator<ArrayBlock> {
  const open = (set: ArraySet) => openTensorRows(set, []);
  return blocksOf(source, schema, { ...options, open }, notes);
}

interface BlockOptions {
  readonly needTargets: boolean;
  readonly blockRows?: number | undefined;
  readonly open: (set: ArraySet) => TensorRows;
}

function* blocksOf(
  source: ArraySource,
  schema: ArraysSchema,
  { needTargets, blockRows, open }: BlockOptions,
  notes: string[],
): Generator<ArrayBlock> {
  const set = source.test ?? source.train;
  const { inputs, labels } = needTargets ? readSet(set, open) : { inputs: open(set), labels: null };
  try {
    checkKind(inputs, schema, notes);
    const [count] = inputs.shape;
    if (source.test !== null) notes.push(`data: the test part of ${source.name}, ${count} rows`);
    const { targets, width } =
      labels === null ? { targets: allocate('u8', 0), width: 0 } : readLabels(labels, schema.target);
    if (labels !== null) rejectFarLabel(labels, { targets, targetWidth: width }, schema, allRows(count));
    for (const { first, tensor } of chunksOf(inputs, blockRows)) {
      rejectNotFinite(tensor, first);
      const rows = allRows(tensor.shape[0]);
      const end = first + rows.length;
      const dataset = tensorDataset(tensor, targets.subarray(first * width, end * width), width);
      rejectFar(tensor, dataset, schema, rows, first);
      yield { subset: { dataset, rows }, first };
    }
  } finally {
    inputs.close();
  }
}

/** Throws DataError for instances of another size than the model's, and notes another type of number. */
function checkKind(inputs: TensorRows, schema: ArraysSchema, notes: string[]): void {
  const shape = instanceShape(inputs);
  if (elementCount(shape) !== elementCount(schema.shape)) {
    throw new DataError(
      `${inputs.file}: its instances are ${shape.join(' x ')}, the model was trained on ${schema.shape.join(' x ')}; give data of that size`,
    );
  }
  if (inputs.type !== schema.type) {
    notes.push(
      `inputs: stored as ${inputs.type}, the model was trained on ${schema.type}; their range should be the same`,
    );
  }
}
