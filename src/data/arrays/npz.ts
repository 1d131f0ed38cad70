/** Reads NPZ, the format of numpy.savez: a ZIP archive of NPY files. */
import { crc32, inflateRawSync } from 'node:zlib';
import { DataError } from '../../errors.js';
import type { SharedBytes, StoredTensor } from '../elements.js';
import { readBytes, unpacked } from '../files.js';
import { npySizeOf, parseNpy } from './npy.js';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** The value of a size or number that is too large for its field and stands elsewhere (ZIP64). */
const ELSEWHERE = 0xffffffff;
/** Most bytes of the comment that may follow the end record. */
const LONGEST_COMMENT = 65_535;

/** An array in the archive, as its directory describes it. */
interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly header: number;
}

/**
 * Finds the arrays of an NPZ file by name; each is unpacked when it is asked for. The byte offsets are those
 * of the ZIP specification (APPNOTE 4.3): the end record points to the directory, and each of its entries to
 * a local header with the data behind it. Throws DataError, also for entries that share bytes.
 */
export function readNpz(file: string): Map<string, () => StoredTensor> {
  // An archive in a .gz would be unpacked twice, and numpy writes none.
  const bytes = readBytes(file, (head) => head.length);
  const damaged = (what: string) =>
    new DataError(`${file}: not a valid NPZ (ZIP) file: ${what}; write it again with numpy.savez`);
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = directory(zip, damaged);
  const arrays = new Map<string, () => StoredTensor>();
  let next = 0; // the first byte that belongs to none of the entries so far
  for (const entry of [...entries].sort((a, b) => a.header - b.header)) {
    const start = dataStart(zip, entry, damaged);
    if (entry.header < next) throw damaged(`two entries share bytes, ${entry.name} is one of them`);
    next = start + entry.packedBytes;
  }
  for (const entry of entries) {
    if (!/\.npy$/i.test(entry.name)) continue;
    const start = dataStart(zip, entry, damaged);
    const packed = bytes.subarray(start, start + entry.packedBytes);
    const place = `${file}[${entry.name}]`;
    const name = entry.name.slice(0, -4);
    if (arrays.has(name)) throw damaged(`two entries are called ${entry.name}`);
    arrays.set(name, () => parseNpy(place, contents(packed, entry, place, damaged)));
  }
  return arrays;
}

type Damaged = (what: string) => DataError;

/** Reads the directory at the end of the archive. */
function directory(zip: Buffer, damaged: Damaged): Entry[] {
  let end = zip.length - 22;
  const first = Math.max(0, end - LONGEST_COMMENT);
  while (end >= first && zip.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < first) throw damaged('it has no directory');
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    if (at + 46 > end || zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw damaged('its directory is damaged');
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, nameEnd);
    if (/\p{Cc}/u.test(name)) throw damaged('an entry has a name that cannot be printed');
    entries.push({
      name,
      flags: zip.readUInt16LE(at + 8),
      method: zip.readUInt16LE(at + 10),
      checksum: zip.readUInt32LE(at + 16),
      packedBytes: zip.readUInt32LE(at + 20),
      header: zip.readUInt32LE(at + 42),
    });
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** Returns where an entry's data begin, behind its local header. */
function dataStart(zip: Buffer, { name, header, packedBytes }: Entry, damaged: Damaged): number {
  if (header === ELSEWHERE || packedBytes === ELSEWHERE)
    throw damaged(`${name} is larger than 4 GB, which is not read; save it as .npy`);
  if (header + 30 > zip.length || zip.readUInt32LE(header) !== LOCAL_HEADER)
    throw damaged(`there is no entry where ${name} should be`);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  if (start + packedBytes > zip.length) throw damaged(`${name} is truncated`);
  return start;
}

/** Returns an entry's bytes, unpacked no further than the array's header says, and checks their checksum. */
function contents(packed: SharedBytes, entry: Entry, place: string, damaged: Damaged): SharedBytes {
  const { name, flags, method, checksum } = entry;
  if (flags & ENCRYPTED || (method !== STORED && method !== DEFLATED))
    throw damaged(`${name} is encrypted or packed in a way that numpy does not write`);
  let bytes: SharedBytes;
  try {
    bytes = method === STORED ? packed : unpacked(packed, inflateRawSync, npySizeOf(place), place);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw damaged(`${name} cannot be unpacked (${(error as Error).message})`);
  }
  if (crc32(bytes) !== checksum) throw damaged(`the checksum of ${name} does not match`);
  return bytes;
}
