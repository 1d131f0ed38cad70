/**
 * Reads IDX, the format of MNIST. A file is the bytes 0, 0, element type and rank, then the size of each axis
 * as big-endian uint32, then the elements in row-major order, big-endian as well.
 */
import { statSync } from 'node:fs';
import { DataError } from '../../errors.js';
import {
  checkSize,
  decode,
  ELEMENTS,
  type FileElementType,
  type StoredTensor,
  type TensorLayout,
} from '../elements.js';
import { firstBytes, LONGEST_HEADER, readBytes } from '../files.js';
import { elementCount } from '../schema.js';

const IDX_ELEMENTS: Readonly<Record<number, FileElementType>> = {
  8: 'u8',
  9: 'i8',
  11: 'i16',
  12: 'i32',
  13: 'f32',
  14: 'f64',
};

/** Reads an IDX file. Throws DataError for a file that is none, or whose length does not match its header. */
export function readIdx(file: string): StoredTensor {
  const bytes = readBytes(file, (head) => parseHeader(file, head).fileBytes);
  const { element, shape, headerBytes } = parseHeader(file, bytes);
  checkSize(file, shape, ELEMENTS[element].bytes, headerBytes, bytes.length);
  return { file, shape, data: decode(element, bytes, headerBytes, elementCount(shape), false) };
}

/** Returns how the numbers of an IDX file lie in it, by its header. Throws DataError as readIdx does. */
export function idxLayout(file: string): TensorLayout {
  const { element, shape, headerBytes } = parseHeader(file, firstBytes(file, LONGEST_HEADER));
  checkSize(file, shape, ELEMENTS[element].bytes, headerBytes, statSync(file).size);
  return { element, shape, headerBytes, littleEndian: false };
}

function parseHeader(file: string, bytes: Uint8Array) {
  const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const element = IDX_ELEMENTS[bytes[2]];
  const rank = bytes[3];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || element === undefined || rank === 0) {
    throw new DataError(
      `${file}: not an IDX file: it starts with 0x${magic}, where 0x00000803 (images) or 0x00000801 (labels) is expected`,
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new DataError(
      `${file}: truncated: a header of ${rank} sizes takes ${headerBytes} bytes, the file has ${bytes.length}; download it again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const fileBytes = headerBytes + elementCount(shape) * ELEMENTS[element].bytes;
  return { element, shape, headerBytes, fileBytes };
}
