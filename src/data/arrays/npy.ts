/** Reads NPY and NPZ, the formats of numpy.save and numpy.savez. */
import { inflateRawSync } from 'node:zlib';
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
} from '../elements.js';
import { readBytes } from '../files.js';
import { elementCount } from '../schema.js';

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
  return parseNpy(file, readBytes(file));
}

/**
 * Parses NPY: `\x93NUMPY`, the version, the header's length, the header, then the elements. The header is a
 * Python literal, of which three regular expressions read the three entries.
 */
function parseNpy(file: string, bytes: SharedBytes): StoredTensor {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (text.toString('latin1', 0, 6) !== '\x93NUMPY' || text.length < 12) {
    throw new DataError(
      `${file}: not an NPY file: it does not start with \\x93NUMPY; write it with numpy.save`,
    );
  }
  const lengthBytes = text[6] === 1 ? 2 : 4;
  const literalStart = 8 + lengthBytes;
  const headerBytes = literalStart + text.readUIntLE(8, lengthBytes);
  const literal = text.toString('latin1', literalStart, headerBytes);
  const descr = /'descr':\s*'([<>|=])(\w+)'/.exec(literal);
  const fortran = /'fortran_order':\s*(True|False)/.exec(literal);
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(literal);
  if (headerBytes > text.length || fortran === null || sizes === null) {
    throw new DataError(`${file}: its NPY header is damaged; write it again with numpy.save`);
  }
  const element = descr === null ? undefined : NPY_ELEMENTS[descr[2]];
  if (descr === null || element === undefined) {
    const found = descr?.[2] ?? /'descr':\s*(\S+)/.exec(literal)?.[1] ?? 'unknown';
    throw new DataError(
      `${file}: elements of type ${found} cannot be read; save numbers, for instance with .astype('float32')`,
    );
  }
  const shape = sizes[1]
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (shape.length === 0) throw new DataError(`${file}: it holds a single number, where rows are expected`);
  checkSize(file, shape, ELEMENTS[element].bytes, headerBytes, bytes.length);
  const data = decode(element, bytes, headerBytes, elementCount(shape), descr[1] !== '>');
  const tensor = { file, shape, data };
  return fortran[1] === 'True' && shape.length > 1 ? rowMajor(tensor) : tensor;
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

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;

/**
 * Finds the arrays of an NPZ file, a ZIP archive of NPY files, by name; each is unpacked when it is asked
 * for. The byte offsets are those of the ZIP specification (APPNOTE 4.3): the end record points to the
 * directory, and each of its entries to a local header with the data behind it.
 */
export function readNpz(file: string): Map<string, () => StoredTensor> {
  const bytes = readBytes(file);
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const damaged = () => new DataError(`${file}: not a valid NPZ (ZIP) file; write it again with numpy.savez`);
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw damaged();

  const arrays = new Map<string, () => StoredTensor>();
  let entry = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    if (entry + 46 > end || zip.readUInt32LE(entry) !== DIRECTORY_ENTRY) throw damaged();
    const method = zip.readUInt16LE(entry + 10);
    const packedBytes = zip.readUInt32LE(entry + 20);
    const header = zip.readUInt32LE(entry + 42);
    const nameEnd = entry + 46 + zip.readUInt16LE(entry + 28);
    const name = zip.toString('utf8', entry + 46, nameEnd);
    entry = nameEnd + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
    if (!/\.npy$/i.test(name)) continue;

    arrays.set(name.slice(0, -4), () => {
      if (header + 30 > zip.length) throw damaged();
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      if (start + packedBytes > zip.length) throw damaged();
      return parseNpy(
        `${file}[${name}]`,
        unpack(bytes.subarray(start, start + packedBytes), method, damaged),
      );
    });
  }
  return arrays;
}

function unpack(packed: SharedBytes, method: number, damaged: () => DataError): SharedBytes {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw damaged();
  try {
    const unpacked = inflateRawSync(packed);
    const bytes = new Uint8Array(new SharedArrayBuffer(unpacked.length));
    bytes.set(unpacked);
    return bytes;
  } catch {
    throw damaged();
  }
}
