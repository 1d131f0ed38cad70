/**
 * Joins blocks of rows so that as many go through the network at once as if all were one block: a native
 * library's bits can depend on that number.
 */
import type { Dataset, Subset } from '../data/dataset.js';
import { allocate, elementTypeOf } from '../data/elements.js';
import { allRows } from '../data/split.js';
import type { KeptColumn } from '../data/tables/load.js';
import type { LoadedBlock } from '../data/tables/loadblocks.js';
import { EVALUATION_BLOCK } from '../forward/evaluation.js';

/** Rows of a source, of one block or of two that meet. */
export interface RowBlock {
  readonly subset: Subset;
  /** The columns to hand on, by the rows of the dataset. */
  readonly kept: readonly KeptColumn[];
  /** The row of the source, from 0, that the dataset's row 0 is, or the one that each of its rows is. */
  readonly numbers: number | Float64Array;
}

/** Returns which row of the source a row of the dataset is, both from 0. */
export const numberOfRow = ({ numbers }: Pick<RowBlock, 'numbers'>, row: number): number =>
  typeof numbers === 'number' ? numbers + row : numbers[row];

/** Yields the rows in blocks of whole evaluation blocks; only the last one may be of any length. */
export async function* inBatches(
  blocks: AsyncIterable<LoadedBlock>,
  size = EVALUATION_BLOCK,
): AsyncGenerator<RowBlock> {
  let rest: RowBlock | null = null;
  for await (const { first, ...loaded } of blocks) {
    const block: RowBlock = { ...loaded, numbers: first };
    const { length } = block.subset.rows;
    let from = 0;
    if (rest !== null) {
      from = Math.min(length, size - rest.subset.rows.length);
      rest = joined(rest, slice(block, 0, from));
      if (rest.subset.rows.length < size) continue;
      yield rest;
    }
    const to = length - ((length - from) % size);
    if (to > from) yield slice(block, from, to);
    rest = to < length ? slice(block, to, length) : null;
  }
  if (rest !== null) yield rest;
}

function slice(block: RowBlock, from: number, to: number): RowBlock {
  const { dataset, rows } = block.subset;
  return { ...block, subset: { dataset, rows: rows.subarray(from, to) } };
}

/** Copies the rows of two blocks into one. */
function joined(a: RowBlock, b: RowBlock): RowBlock {
  const parts = [a, b].flatMap((block) => Array.from(block.subset.rows, (row) => ({ block, row })));
  const { numberWidth, codeWidth, targetWidth, numbers, targets, weights } = a.subset.dataset;
  const count = parts.length;
  const dataset: Dataset = {
    rows: count,
    numbers: allocate(elementTypeOf(numbers), count * numberWidth),
    numberWidth,
    codes: new Uint16Array(new SharedArrayBuffer(2 * count * codeWidth)),
    codeWidth,
    targets: allocate(elementTypeOf(targets), count * targetWidth),
    targetWidth,
    ...(weights && { weights: new Float32Array(new SharedArrayBuffer(4 * count)) }),
  };
  const copy = (
    from: ArrayLike<number>,
    to: { [i: number]: number },
    width: number,
    row: number,
    at: number,
  ) => {
    for (let j = 0; j < width; j++) to[at * width + j] = from[row * width + j];
  };
  parts.forEach(({ block, row }, at) => {
    const from = block.subset.dataset;
    copy(from.numbers, dataset.numbers, numberWidth, row, at);
    copy(from.codes, dataset.codes, codeWidth, row, at);
    copy(from.targets, dataset.targets, targetWidth, row, at);
    if (dataset.weights) copy(from.weights!, dataset.weights, 1, row, at);
  });
  return {
    subset: { dataset, rows: allRows(count) },
    kept: a.kept.map(({ name }, column) => ({
      name,
      text: (at) => parts[at].block.kept[column].text(parts[at].row),
    })),
    numbers: Float64Array.from(parts, ({ block, row }) => numberOfRow(block, row)),
  };
}
