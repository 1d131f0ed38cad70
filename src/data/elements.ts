/** Decodes the numbers of IDX and NPY files into typed arrays in shared memory. */
import { DataError } from '../errors.js';
import type { StoredArray } from './dataset.js';
import { type ElementType, elementCount } from './schema.js';
import { counted } from './words.js';

/** Shared bytes are bytes in shared memory. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/**
 * A file element type is a type of number that a file may hold: one that is kept in memory as it is, or one
 * that is widened to float64.
 */
export type FileElementType = ElementType | 'u32' | 'i64' | 'u64';

interface FileElement {
  readonly bytes: number;
  /** The type that it has in memory. */
  readonly stored: ElementType;
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
}

/** Size, stored type and reader of each number type that a file may hold. */
export const ELEMENTS: Readonly<Record<FileElementType, FileElement>> = {
  u8: { bytes: 1, stored: 'u8', read: (view, offset) => view.getUint8(offset) },
  i8: { bytes: 1, stored: 'i8', read: (view, offset) => view.getInt8(offset) },
  u16: { bytes: 2, stored: 'u16', read: (view, offset, le) => view.getUint16(offset, le) },
  i16: { bytes: 2, stored: 'i16', read: (view, offset, le) => view.getInt16(offset, le) },
  i32: { bytes: 4, stored: 'i32', read: (view, offset, le) => view.getInt32(offset, le) },
  u32: { bytes: 4, stored: 'f64', read: (view, offset, le) => view.getUint32(offset, le) },
  i64: { bytes: 8, stored: 'f64', read: (view, offset, le) => Number(view.getBigInt64(offset, le)) },
  u64: { bytes: 8, stored: 'f64', read: (view, offset, le) => Number(view.getBigUint64(offset, le)) },
  f32: { bytes: 4, stored: 'f32', read: (view, offset, le) => view.getFloat32(offset, le) },
  f64: { bytes: 8, stored: 'f64', read: (view, offset, le) => view.getFloat64(offset, le) },
};

type StoredConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer, offset?: number, length?: number): StoredArray;
};

const STORED: Readonly<Record<ElementType, StoredConstructor>> = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** Allocates `count` zeros in shared memory. */
export function allocate(type: ElementType, count: number): StoredArray {
  const Stored = STORED[type];
  return new Stored(new SharedArrayBuffer(count * Stored.BYTES_PER_ELEMENT));
}

/** Returns the element type of a stored array. */
export function elementTypeOf(array: StoredArray): ElementType {
  for (const [type, Stored] of Object.entries(STORED))
    if (array instanceof Stored) return type as ElementType;
  throw new Error('not a stored array');
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Reads `count` elements from byte `offset` on. Returns a view of the bytes where their type, byte order and
 * alignment allow it, else a converted copy.
 */
export function decode(
  element: FileElementType,
  bytes: SharedBytes,
  offset: number,
  count: number,
  littleEndian: boolean,
): StoredArray {
  const { bytes: size, stored, read } = ELEMENTS[element];
  const start = bytes.byteOffset + offset;
  const ordered = size === 1 || littleEndian === HOST_IS_LITTLE_ENDIAN;
  if (ordered && stored === element && start % size === 0) {
    return new STORED[stored](bytes.buffer, start, count);
  }
  const array = allocate(stored, count);
  const view = new DataView(bytes.buffer, start, count * size);
  for (let i = 0; i < count; i++) array[i] = read(view, i * size, littleEndian);
  return array;
}

/** A stored tensor is an array that was read from a file; the first axis of its shape counts the rows. */
export interface StoredTensor {
  /** File, or other name of the source, for messages. */
  readonly file: string;
  readonly shape: readonly number[];
  readonly data: StoredArray;
}

/** Says how the numbers of a file lie in it: row after row, from a byte on. */
export interface TensorLayout {
  readonly shape: readonly number[];
  readonly element: FileElementType;
  readonly littleEndian: boolean;
  readonly headerBytes: number;
}

/**
 * Checks that a file is as long as the shape in its header requires. Callers check before they allocate, so a
 * damaged header cannot ask for too much memory. Throws DataError for an empty shape or a wrong length.
 */
export function checkSize(
  file: string,
  shape: readonly number[],
  elementBytes: number,
  headerBytes: number,
  fileBytes: number,
): void {
  if (shape.includes(0)) {
    throw new DataError(`${file}: it holds no data: its sizes are ${shape.join(' x ')}`);
  }
  const expected = headerBytes + elementCount(shape) * elementBytes;
  if (fileBytes === expected) return;
  const fault =
    fileBytes < expected
      ? `truncated: ${counted(expected - fileBytes, 'byte')} missing`
      : `${counted(fileBytes - expected, 'trailing byte')} after the data`;
  throw new DataError(
    `${file}: ${fault}: the sizes ${shape.join(' x ')} need ${expected} bytes, the file has ${fileBytes}; download or write it again`,
  );
}
