/** Reads NPY, the format of numpy.save. */
import { statSync } from 'node:fs';
import { DataError } from '../../errors.js';
import {
  allocate,
  checkSize,
  decode,
  ELEMENTS,
  elementTypeOf,
  type FileElementType,
  type SharedBytes,
  type StoredTensor,
  type TensorLayout,
} from '../elements.js';
import { firstBytes, LONGEST_HEADER, readBytes } from '../files.js';
import { elementCount } from '../schema.js';
import { shorten } from '../words.js';

const NPY_ELEMENTS: Readonly<Record<string, FileElementType>> = {
  b1: 'u8',
  u1: 'u8',
  i1: 'i8',
  u2: 'u16',
  i2: 'i16',
  u4: 'u32',
  i4: 'i32',
  u8: 'u64',
  i8: 'i64',
  f4: 'f32',
  f8: 'f64',
};

/** Reads an NPY file. Throws DataError for a damaged file and for elements that are not numbers. */
export function readNpy(file: string): StoredTensor {
  return parseNpy(file, readBytes(file, npySizeOf(file)));
}

/**
 * Returns how the numbers of an NPY file lie in it, by its header; null where a row is not in one piece.
 * Throws DataError as readNpy does.
 */
export function npyLayout(file: string): TensorLayout | null {
  const { fortran, ...layout } = parseHeader(file, firstBytes(file, LONGEST_HEADER));
  checkSize(file, layout.shape, ELEMENTS[layout.element].bytes, layout.headerBytes, statSync(file).size);
  return fortran && layout.shape.length > 1 ? null : layout;
}

/** Returns the function that tells by an NPY file's header how long the file is. */
export const npySizeOf = (file: string) => (head: Uint8Array) => parseHeader(file, head).fileBytes;

/** Parses the bytes of an NPY file. Throws DataError. */
export function parseNpy(file: string, bytes: SharedBytes): StoredTensor {
  const { element, littleEndian, fortran, shape, headerBytes } = parseHeader(file, bytes);
  checkSize(file, shape, ELEMENTS[element].bytes, headerBytes, bytes.length);
  const data = decode(element, bytes, headerBytes, elementCount(shape), littleEndian);
  const tensor = { file, shape, data };
  return fortran && shape.length > 1 ? rowMajor(tensor) : tensor;
}

/**
 * Parses what comes before the elements: `\x93NUMPY`, the version, the header's length, the header. The
 * header is a Python literal, of which three regular expressions read the three entries.
 */
function parseHeader(file: string, bytes: Uint8Array) {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (text.toString('latin1', 0, 6) !== '\x93NUMPY' || text.length < 12) {
    throw new DataError(
      `${file}: not an NPY file: it does not start with \\x93NUMPY; write it with numpy.save`,
    );
  }
  const lengthBytes = text[6] === 1 ? 2 : 4;
  const literalStart = 8 + lengthBytes;
  const headerBytes = literalStart + text.readUIntLE(8, lengthBytes);
  const literal = text.toString('latin1', literalStart, Math.min(headerBytes, LONGEST_HEADER));
  const descr = /'descr':\s*'([<>|=])(\w+)'/.exec(literal);
  const fortran = /'fortran_order':\s*(True|False)/.exec(literal);
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(literal);
  if (headerBytes > text.length || fortran === null || sizes === null) {
    throw new DataError(`${file}: its NPY header is damaged; write it again with numpy.save`);
  }
  const element = descr !== null && Object.hasOwn(NPY_ELEMENTS, descr[2]) ? NPY_ELEMENTS[descr[2]] : null;
  if (descr === null || element === null) {
    const found = descr?.[2] ?? /'descr':\s*(\S+)/.exec(literal)?.[1] ?? 'unknown';
    throw new DataError(
      `${file}: elements of type ${shorten(found)} cannot be read; save numbers, for instance with .astype('float32')`,
    );
  }
  const shape = sizes[1]
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (shape.length === 0) throw new DataError(`${file}: it holds a single number, where rows are expected`);
  const fileBytes = headerBytes + elementCount(shape) * ELEMENTS[element].bytes;
  const littleEndian = descr[1] !== '>';
  return { element, littleEndian, fortran: fortran[1] === 'True', shape, headerBytes, fileBytes };
}

/** Reorders a Fortran-ordered array, in which the first index runs fastest, to row-major order. */
function rowMajor({ file, shape, data }: StoredTensor): StoredTensor {
  const reordered = allocate(elementTypeOf(data), data.length);
  const index = new Array<number>(shape.length).fill(0);
  for (let target = 0; target < data.length; target++) {
    let source = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) source = source * shape[axis] + index[axis];
    reordered[target] = data[source];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { file, shape, data: reordered };
}
