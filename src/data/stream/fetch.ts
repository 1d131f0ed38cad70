/** Fetches rows that lie on disk for the thread that asks, where nobody has read them ahead. */
import type { Inputs, StoredRows } from '../dataset.js';
import { allRows } from '../split.js';
import { allocateWindow, RecordReader } from './records.js';

/** Rows that have been fetched: the inputs alone, at the positions 0, 1, 2, … */
interface FetchedRows {
  readonly inputs: Inputs;
  readonly rows: Uint32Array<SharedArrayBuffer>;
}

/** The readers of this thread, each with the memory that it reads to. */
const fetchers = new WeakMap<StoredRows, FetchedRows & { readonly reader: RecordReader }>();

/**
 * Returns the inputs of the rows `rows[from] … rows[to−1]` of a dataset on disk, in memory that the next call
 * for this dataset in this thread overwrites.
 */
export function fetchRows(dataset: Inputs, rows: Uint32Array, from: number, to: number): FetchedRows {
  const stored = dataset.stored!;
  let fetcher = fetchers.get(stored);
  if (fetcher === undefined || fetcher.rows.length < to - from) {
    const { numberWidth, codeWidth } = dataset;
    fetcher = {
      reader: fetcher?.reader ?? new RecordReader(dataset),
      inputs: { ...allocateWindow(dataset, to - from), numberWidth, codeWidth },
      rows: allRows(to - from),
    };
    fetchers.set(stored, fetcher);
  }
  fetcher.reader.copyRows(fetcher.inputs, 0, rows, from, to);
  return fetcher;
}
