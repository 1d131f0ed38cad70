/** Reads inputs of any shape some rows at a time, from a file that holds them row after row. */
import { closeSync } from 'node:fs';
import { openRegular } from '../../regular.js';
import { lowerBound } from '../ascending.js';
import {
  allocate,
  decode,
  ELEMENTS,
  elementTypeOf,
  type StoredTensor,
  type TensorLayout,
} from '../elements.js';
import { becameShorter, fileError, readAt } from '../files.js';
import { type ElementType, elementCount } from '../schema.js';
import type { ArraySet } from './arrayfiles.js';
import { idxLayout } from './idx.js';
import { npyLayout } from './npy.js';

/** Inputs that need not be in memory. */
export interface TensorRows {
  /** File, or other name of the source, for messages. */
  readonly file: string;
  /** The first axis counts the rows. */
  readonly shape: readonly number[];
  /** The type that the numbers have in memory. */
  readonly type: ElementType;
  /** Returns the rows `first … last−1`. */
  readonly read: (first: number, last: number) => StoredTensor['data'];
  /** Whether they are in memory. */
  readonly whole: boolean;
  readonly close: () => void;
}

/**
 * Opens the inputs of a set. Those of a packed file, of an archive and of an array in Fortran's order are
 * read into memory as a whole, which a note says. Throws DataError as reading the set does.
 */
export function openTensorRows({ inputs, inputsFile }: ArraySet, notes: string[]): TensorRows {
  if (inputsFile === undefined) return tensorInMemory(inputs());
  const packed = /\.(gz|npz)$/i.test(inputsFile);
  const layout = packed ? null : /\.npy$/i.test(inputsFile) ? npyLayout(inputsFile) : idxLayout(inputsFile);
  if (layout !== null) return fromFile(inputsFile, layout);
  const why = packed ? 'is packed' : 'lies in Fortran’s order';
  notes.push(
    `${inputsFile} ${why}, so it was read into memory as a whole; save it as a plain .npy file to avoid that`,
  );
  return tensorInMemory(inputs());
}

/** Some consecutive rows of a tensor, which are a tensor themselves. */
export interface TensorChunk {
  readonly first: number;
  readonly tensor: StoredTensor;
}

/** Bytes that are read at once. */
const CHUNK_BYTES = 2 ** 22;

/**
 * Returns the rows in chunks, read one after the other.
 * @param chunkRows rows of a chunk; by default what 4 MiB hold, or all where they are in memory
 */
export function* chunksOf(
  { file, shape, type, read, whole }: TensorRows,
  chunkRows?: number,
): Generator<TensorChunk> {
  const [rows, ...instance] = shape;
  const bytes = elementCount(instance) * allocate(type, 0).BYTES_PER_ELEMENT;
  const most = chunkRows ?? (whole ? rows : Math.max(1, Math.floor(CHUNK_BYTES / bytes)));
  for (let first = 0; first < rows; first += most) {
    const last = Math.min(rows, first + most);
    yield { first, tensor: { file, shape: [last - first, ...instance], data: read(first, last) } };
  }
}

/** Returns which of some ascending rows a chunk holds, counted from its first. */
export function rowsWithin({ first, tensor: { shape } }: TensorChunk, rows: Uint32Array): Uint32Array {
  const from = lowerBound(rows, first);
  const to = lowerBound(rows, first + shape[0]);
  if (first === 0 && from === 0 && to === rows.length) return rows;
  return rows.subarray(from, to).map((row) => row - first);
}

export function tensorInMemory({ file, shape, data }: StoredTensor): TensorRows {
  const width = elementCount(shape.slice(1));
  return {
    file,
    shape,
    type: elementTypeOf(data),
    read: (first, last) => data.subarray(first * width, last * width) as StoredTensor['data'],
    whole: true,
    close: () => {},
  };
}

function fromFile(file: string, { shape, element, littleEndian, headerBytes }: TensorLayout): TensorRows {
  const width = elementCount(shape.slice(1));
  const bytes = width * ELEMENTS[element].bytes;
  let handle: number;
  try {
    handle = openRegular(file);
  } catch (error) {
    throw fileError(file, error);
  }
  const read = (first: number, last: number) => {
    const chunk = new Uint8Array(new SharedArrayBuffer((last - first) * bytes));
    if (readAt(handle, chunk, headerBytes + first * bytes) < chunk.length) throw becameShorter(file);
    return decode(element, chunk, 0, (last - first) * width, littleEndian);
  };
  return { file, shape, type: ELEMENTS[element].stored, read, whole: false, close: () => closeSync(handle) };
}
