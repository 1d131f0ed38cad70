/**
 * The framing of event files, which is that of TFRecord: the length of the data (8 bytes, little-endian), a
 * masked CRC-32C of these 8 bytes, the data, and a masked CRC-32C of the data.
 */
import { crc32c } from './crc32c.js';

const LENGTH = 8;
const CHECKSUM = 4;
const MASK = 0xa282ead8;

/** TFRecord rotates and shifts checksums, because a CRC of data that holds its own CRC is no good. */
export function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}

/** Returns data as a record. */
export function recordOf(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(LENGTH + CHECKSUM + data.length + CHECKSUM);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(LENGTH, maskedChecksum(record.subarray(0, LENGTH)), true);
  record.set(data, LENGTH + CHECKSUM);
  view.setUint32(LENGTH + CHECKSUM + data.length, maskedChecksum(data), true);
  return record;
}
