/**
 * Instances in shared memory, in the type they are stored in: numeric columns and category codes row-major,
 * the desired outputs beside them. A dataset crosses to the workers once, as it is; batches are gathered from
 * it there.
 */
export type StoredArray =
  | Uint8Array<SharedArrayBuffer>
  | Int8Array<SharedArrayBuffer>
  | Uint16Array<SharedArrayBuffer>
  | Int16Array<SharedArrayBuffer>
  | Int32Array<SharedArrayBuffer>
  | Float32Array<SharedArrayBuffer>
  | Float64Array<SharedArrayBuffer>;

export interface Dataset {
  readonly rows: number;
  /** [rows, numberWidth]; a table's missing numbers are already filled. */
  readonly numbers: StoredArray;
  readonly numberWidth: number;
  /**
   * [rows, codeWidth] category codes, 0 … cardinality−1 of their column; a higher one is a category never
   * seen.
   */
  readonly codes: Uint16Array<SharedArrayBuffer>;
  readonly codeWidth: number;
  /**
   * [rows, targetWidth]: class indices (targetWidth 1) or the values to be regressed; empty when there are
   * none.
   */
  readonly targets: StoredArray;
  readonly targetWidth: number;
  /** [rows] how much each row counts in the training loss; all the same where there are none */
  readonly weights?: Float32Array<SharedArrayBuffer>;
}

/**
 * Some rows of a dataset: the training part of a split, say. Batches and evaluations address positions in
 * `rows`.
 */
export interface Subset {
  readonly dataset: Dataset;
  /** row numbers in the dataset, in a fixed order */
  readonly rows: Uint32Array<SharedArrayBuffer>;
}

/** What the network sees of a row: plain data, fitted on the training rows, stored in the model. */
export interface Encoding {
  /**
   * number j of a row becomes (value − shift[j]) · scale[j]; one entry serves every column when the length is
   * 1
   */
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /** the categories of each code column */
  readonly cardinalities: readonly number[];
  /**
   * For each code column the length of its learned vector, or 0 to one-hot encode it. The input is the
   * numbers, the one-hot blocks, then the codes of the embedded columns, which the network's embedding layer
   * looks up.
   */
  readonly embeddings: readonly number[];
  /** regression: target j becomes (value − targetShift[j]) · targetScale[j]; empty for classes */
  readonly targetShift: readonly number[];
  readonly targetScale: readonly number[];
}

/** The width of the network's input under an encoding. */
export function inputWidth(encoding: Encoding, numberWidth: number): number {
  const { cardinalities, embeddings } = encoding;
  return cardinalities.reduce(
    (sum, cardinality, c) => sum + (embeddings[c] > 0 ? 1 : cardinality),
    numberWidth,
  );
}
