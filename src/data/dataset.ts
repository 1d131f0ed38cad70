/**
 * A dataset holds its rows in shared memory, each array in the element type of its source. The coordinator
 * passes it to the workers once, without copying; each worker gathers its batches from it.
 */

/** A stored array is a typed array in shared memory, of any element type that a source may have. */
export type StoredArray =
  | Uint8Array<SharedArrayBuffer>
  | Int8Array<SharedArrayBuffer>
  | Uint16Array<SharedArrayBuffer>
  | Int16Array<SharedArrayBuffer>
  | Int32Array<SharedArrayBuffer>
  | Float32Array<SharedArrayBuffer>
  | Float64Array<SharedArrayBuffer>;

/** A dataset holds the inputs and targets of its rows as flat row-major arrays in shared memory. */
export interface Dataset {
  readonly rows: number;
  /**
   * Numeric inputs, [rows, numberWidth]. A table's missing numbers are filled, and its marks are −1, 0 and 1.
   */
  readonly numbers: StoredArray;
  readonly numberWidth: number;
  /**
   * Category codes, [rows, codeWidth]. Valid codes of a column are 0 … cardinality−1; a higher code stands
   * for a category that training never saw.
   */
  readonly codes: Uint16Array<SharedArrayBuffer>;
  readonly codeWidth: number;
  /**
   * Targets, [rows, targetWidth]: class indices (targetWidth 1) or the values to predict. Empty when the
   * dataset has no targets.
   */
  readonly targets: StoredArray;
  readonly targetWidth: number;
  /** Weight of each row in the training loss, [rows]; without weights every row counts the same. */
  readonly weights?: Float32Array<SharedArrayBuffer>;
  /**
   * Where the inputs lie if they are streamed from disk; `numbers` and `codes` are then empty, and only
   * `gather` knows the rows.
   */
  readonly stored?: StoredRows;
}

/**
 * Says where the inputs of a dataset lie on disk: records of one length, each the row's numbers in their
 * stored type and then its codes.
 */
export interface StoredRows {
  /** The files, in the order of the rows. */
  readonly shards: readonly string[];
  /** Rows of each file but the last. */
  readonly shardRows: number;
}

/** What the inputs of a dataset need to be read. */
export type Inputs = Pick<Dataset, 'numbers' | 'numberWidth' | 'codes' | 'codeWidth' | 'stored'>;

/**
 * A subset selects rows of a dataset, for example the training part of a split. Batches and evaluations
 * address positions in `rows`, not row numbers of the dataset.
 */
export interface Subset {
  readonly dataset: Dataset;
  /** Row numbers in the dataset, in a fixed order. */
  readonly rows: Uint32Array<SharedArrayBuffer>;
  /** Row numbers in the source, by row of a dataset that holds copies of some of the source's rows. */
  readonly origins?: Uint32Array<SharedArrayBuffer>;
}

/** Returns the number in the source of the row at a position. */
export function sourceRow({ rows, origins }: Subset, position: number): number {
  return origins === undefined ? rows[position] : origins[rows[position]];
}

/** Returns the rows of several subsets of one dataset, one after the other. */
export function joinedRows(subsets: readonly Subset[]): Subset['rows'] {
  const count = subsets.reduce((sum, { rows }) => sum + rows.length, 0);
  const joined = new Uint32Array(new SharedArrayBuffer(4 * count));
  let at = 0;
  for (const { rows } of subsets) {
    joined.set(rows, at);
    at += rows.length;
  }
  return joined;
}

/** Returns all of a subset's targets, row by row, in their own units. */
export function targetsOf(subset: Subset): Float64Array {
  const length = subset.rows.length * subset.dataset.targetWidth;
  return Float64Array.from({ length }, (_, i) => targetAt(subset, i));
}

/** Returns one of a subset's targets, counted row by row: [R, N]. */
export function targetAt({ dataset: { targets, targetWidth: N }, rows }: Subset, i: number): number {
  return targets[rows[Math.floor(i / N)] * N + (i % N)];
}

/**
 * An encoding says how a stored row becomes the network's input. It is fitted to the training rows, consists
 * of plain data, and is saved with the model.
 *
 * The input of a row is its scaled numbers (those that measure something before those that mark something),
 * then the one-hot blocks, then the codes of the embedded columns, which the network's embedding layer looks
 * up.
 */
export interface Encoding {
  /** Number j of a row becomes (value − shift[j]) · scale[j]; a single entry serves every column. */
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /**
   * Whether number j, once scaled to z, becomes z/√(1 + (z/3)²), which bends it smoothly into ±3. A single
   * entry serves every column; without the list no number is clipped.
   */
  readonly clip?: readonly boolean[];
  /** Number of categories of each code column. */
  readonly cardinalities: readonly number[];
  /** Length of each code column's learned vector; 0 for a column that is one-hot encoded. */
  readonly embeddings: readonly number[];
  /** Regression target j becomes (value − targetShift[j]) · targetScale[j]; empty for classes. */
  readonly targetShift: readonly number[];
  readonly targetScale: readonly number[];
  /** The range of each target, in its own unit, within which predictions are kept; any if left out. */
  readonly targetRange?: readonly (readonly [min: number, max: number])[];
}

/** Returns how many inputs the network has under an encoding. */
export function inputWidth(encoding: Encoding, numberWidth: number): number {
  const { cardinalities, embeddings } = encoding;
  return cardinalities.reduce(
    (sum, cardinality, c) => sum + (embeddings[c] > 0 ? 1 : cardinality),
    numberWidth,
  );
}

/** The arrays of a dataset by their keys. */
const ARRAYS = ['numbers', 'codes', 'targets', 'weights'] as const;

/** Returns a dataset with another's copy in the place of each array that has the same bytes. */
export function withSharedArrays(dataset: Dataset, other: Dataset): Dataset {
  const same = ARRAYS.filter((key) => sameBytes(dataset[key], other[key]));
  return { ...dataset, ...Object.fromEntries(same.map((key) => [key, other[key]])) };
}

function sameBytes(a: StoredArray | undefined, b: StoredArray | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b && a !== undefined;
  return a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: StoredArray): Buffer =>
  Buffer.from(buffer as unknown as ArrayBuffer, byteOffset, byteLength);
