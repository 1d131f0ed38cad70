/** Linux says of a library for another processor that there is no such file. Its header tells what is wrong. */
import { closeSync, openSync, readSync } from 'node:fs';

/** e_machine by the names that Node has for processors. */
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

/** What a library's file is built for, if not for this processor. */
export function builtForAnother(path: string): string | null {
  const header = firstBytes(path, 20);
  if (header?.readUInt32BE() !== 0x7f454c46) return null;
  const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
  const built = MACHINES[machine] ?? `machine ${machine}`;
  return built === process.arch ? null : `it is built for ${built}, and this is ${process.arch}`;
}

/** Null where the file has fewer, or cannot be read. */
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
