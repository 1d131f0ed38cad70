/**
 * For a library that was built for another processor, Linux reports that there is no such file; the file's
 * header tells what is really wrong.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Node's name of the processor for each value of the header's e_machine. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'ia32',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};

/**
 * Says which processor a library's file is built for, or returns null if it is this one or the file does not
 * tell.
 */
export function builtForAnother(path: string): string | null {
  const header = firstBytes(path, 20);
  if (header?.readUInt32BE() !== 0x7f454c46) return null;
  const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
  const built = MACHINES[machine] ?? `machine ${machine}`;
  return built === process.arch ? null : `it is built for ${built}, and this is ${process.arch}`;
}

/** Returns the first bytes of a file, or null where it has fewer or cannot be read. */
function firstBytes(path: string, count: number): Buffer | null {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(count);
      return readSync(file, bytes) === count ? bytes : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}
