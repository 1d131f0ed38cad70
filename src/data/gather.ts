/**
 * Gathers a batch from a dataset: stored rows become the network's inputs x and its targets d. Every worker
 * does this for its rows of every batch, so each way of storing numbers has a tight loop of its own, and
 * nothing is allocated.
 */
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import type { Dataset, Inputs, StoredArray } from './dataset.js';
import type { PreparedEncoding } from './preparedencoding.js';
import { fetchRows } from './stream/fetch.js';

type GatherKernels = Pick<Kernels, 'scaleBytes' | 'gatherRows'>;

/**
 * Fills x[R, inputWidth] and d[R, targetWidth] from the dataset's rows `rows[from] … rows[to−1]`, R = to −
 * from; with d null there are no targets. `kernels`, if given, must work on the memory that x lies in.
 */
export function gather(
  x: FloatArray,
  d: FloatArray | null,
  dataset: Dataset,
  encoding: PreparedEncoding,
  rows: Uint32Array,
  from: number,
  to: number,
  kernels: GatherKernels | null = null,
): void {
  gatherInputs(x, dataset, encoding, rows, from, to, kernels);
  if (d !== null) gatherTargets(d, dataset, encoding, rows, from, to, kernels);
}

/**
 * Fills x likewise. Numbers are scaled, and clipped, in float64 and rounded once, when they are stored in x.
 * One-hot blocks and the codes of the embedded columns follow them.
 * @param origin holds from where a recording counts the rows (`Kernels.gatherRows`)
 */
export function gatherInputs(
  x: FloatArray,
  dataset: Inputs,
  encoding: PreparedEncoding,
  rows: Uint32Array,
  from: number,
  to: number,
  kernels: GatherKernels | null,
  origin?: Uint32Array,
): void {
  if (dataset.stored !== undefined) {
    const fetched = fetchRows(dataset, rows, from, to);
    gatherInputs(x, fetched.inputs, encoding, fetched.rows, 0, to - from, kernels);
    return;
  }
  const { oneHot, embedded } = encoding;
  let width = dataset.numberWidth + embedded.length;
  for (let c = 0; c < oneHot.length; c++) width += oneHot[c];

  if (dataset.numberWidth > 0) gatherNumbers(x, width, dataset, encoding, rows, from, to, kernels, origin);
  if (oneHot.length > 0) gatherCodes(x, width, dataset, encoding, rows, from, to);
}

/**
 * Scales the numbers of a batch, by the fastest loop for how they are stored. An array never changes its type
 * during training, so the engine compiles a loop for the type that it meets; only different arithmetic needs
 * a loop of its own.
 */
function gatherNumbers(
  x: FloatArray,
  width: number,
  { numbers, numberWidth }: Inputs,
  { shift, scale, clip, lookup }: PreparedEncoding,
  rows: Uint32Array,
  from: number,
  to: number,
  kernels: GatherKernels | null,
  origin: Uint32Array | undefined,
): void {
  const unscaled = shift[0] === 0 && scale[0] === 1;
  if (clip !== null) {
    scaleAndClip(x, width, numbers, numberWidth, shift, scale, clip, rows, from, to);
  } else if (shift.length !== 1) {
    scaleByColumn(x, width, numbers, numberWidth, shift, scale, rows, from, to);
  } else if (numbers instanceof Uint8Array) {
    if (kernels && x instanceof Float32Array && width === numberWidth) {
      if (kernels.gatherRows?.(x, numbers, width, rows, from, to, shift[0], scale[0], origin)) return;
      scaleBytesByKernel(kernels, x, numbers, width, shift[0], scale[0], rows, from, to);
    } else lookUpBytes(x, width, numbers, numberWidth, lookup, rows, from, to);
  } else if (numbers instanceof Float32Array && x instanceof Float32Array && unscaled) {
    if (width === numberWidth && kernels?.gatherRows?.(x, numbers, width, rows, from, to, 0, 1, origin))
      return;
    copyFloats(x, width, numbers, numberWidth, rows, from, to);
  } else {
    scaleAlike(x, width, numbers, numberWidth, shift[0], scale[0], rows, from, to);
  }
}

/** Copies float32 numbers that need no scaling. */
function copyFloats(
  x: Float32Array,
  width: number,
  numbers: Float32Array,
  numberWidth: number,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  for (let r = from; r < to; r++) {
    const source = rows[r] * numberWidth;
    x.set(numbers.subarray(source, source + numberWidth), (r - from) * width);
  }
}

/** Looks bytes up in a table of their scaled values. */
function lookUpBytes(
  x: FloatArray,
  width: number,
  numbers: Uint8Array,
  numberWidth: number,
  lookup: Float32Array,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  for (let r = from; r < to; r++) {
    const source = rows[r] * numberWidth;
    const target = (r - from) * width;
    for (let j = 0; j < numberWidth; j++) x[target + j] = lookup[numbers[source + j]];
  }
}

/**
 * Scales bytes by a kernel, in place. The bytes are first copied to the last quarter of x; the kernel reads
 * them there and fills x with float32 from the front.
 */
function scaleBytesByKernel(
  kernels: GatherKernels,
  x: Float32Array,
  numbers: Uint8Array,
  width: number,
  shift: number,
  scale: number,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  const count = (to - from) * width;
  const stored = new Uint8Array(x.buffer, x.byteOffset + 3 * count, count);
  for (let r = from; r < to; r++) {
    const source = rows[r] * width;
    stored.set(numbers.subarray(source, source + width), (r - from) * width);
  }
  kernels.scaleBytes(x, count, shift, scale);
}

/** Scales numbers of any type by one shift and scale for all columns. */
function scaleAlike(
  x: FloatArray,
  width: number,
  numbers: StoredArray,
  numberWidth: number,
  shift: number,
  scale: number,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  for (let r = from; r < to; r++) {
    const source = rows[r] * numberWidth;
    const target = (r - from) * width;
    for (let j = 0; j < numberWidth; j++) x[target + j] = (numbers[source + j] - shift) * scale;
  }
}

/** Scales numbers of any type by the shift and scale of their column. */
function scaleByColumn(
  x: FloatArray,
  width: number,
  numbers: StoredArray,
  numberWidth: number,
  shift: Float64Array,
  scale: Float64Array,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  for (let r = from; r < to; r++) {
    const source = rows[r] * numberWidth;
    const target = (r - from) * width;
    for (let j = 0; j < numberWidth; j++) x[target + j] = (numbers[source + j] - shift[j]) * scale[j];
  }
}

/** Scales numbers of any type by their column's shift and scale, and clips those of the marked columns. */
function scaleAndClip(
  x: FloatArray,
  width: number,
  numbers: StoredArray,
  numberWidth: number,
  shift: Float64Array,
  scale: Float64Array,
  clip: Uint8Array,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  const alike = shift.length === 1;
  for (let r = from; r < to; r++) {
    const source = rows[r] * numberWidth;
    const target = (r - from) * width;
    for (let j = 0; j < numberWidth; j++) {
      const column = alike ? 0 : j;
      const z = (numbers[source + j] - shift[column]) * scale[column];
      x[target + j] = clip[column] === 1 ? smoothClip(z) : z;
    }
  }
}

/**
 * Returns z/√(1 + (z/3)²): nearly z around 0, and within ±3 everywhere (RealMLP, Holzmüller et al. 2024). Far
 * out it is ±3 to the last bit, and the square would overflow there.
 */
function smoothClip(z: number): number {
  if (Math.abs(z) > 1e100) return z > 0 ? 3 : -3;
  const third = z / 3;
  return z / Math.sqrt(1 + third * third);
}

/**
 * Writes the one-hot blocks, then the codes of the embedded columns. A code that is no category of its column
 * leaves the block all zeros.
 */
function gatherCodes(
  x: FloatArray,
  width: number,
  { codes, codeWidth, numberWidth }: Inputs,
  { oneHot, embedded }: PreparedEncoding,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  for (let r = from; r < to; r++) {
    const source = rows[r] * codeWidth;
    let block = (r - from) * width + numberWidth;
    x.fill(0, block, (r - from + 1) * width);
    for (let c = 0; c < codeWidth; c++) {
      const code = codes[source + c];
      if (code < oneHot[c]) x[block + code] = 1;
      block += oneHot[c];
    }
    for (let e = 0; e < embedded.length; e++) x[block + e] = codes[source + embedded[e]];
  }
}

/** Fills d with class indices or scaled values likewise. */
export function gatherTargets(
  d: FloatArray,
  { targets, targetWidth }: Dataset,
  { targetShift, targetScale }: PreparedEncoding,
  rows: Uint32Array,
  from: number,
  to: number,
  kernels: GatherKernels | null,
  origin?: Uint32Array,
): void {
  const classes = targetShift.length === 0;
  if (
    classes &&
    d instanceof Float32Array &&
    (targets instanceof Uint8Array || targets instanceof Float32Array) &&
    kernels?.gatherRows?.(d, targets, targetWidth, rows, from, to, 0, 1, origin)
  ) {
    return;
  }
  for (let r = from; r < to; r++) {
    const source = rows[r] * targetWidth;
    const target = (r - from) * targetWidth;
    for (let j = 0; j < targetWidth; j++) {
      const value = targets[source + j];
      d[target + j] = classes ? value : (value - targetShift[j]) * targetScale[j];
    }
  }
}
