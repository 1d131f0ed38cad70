/** Files of one JSON document a line, whose last line a kill may have cut short. */

import { closeSync, existsSync, fstatSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { openRegular } from './regular.js';

/** Whether a file ends within a line; its last byte says so. A file that does not exist does not. */
export function endsInLine(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = openRegular(path);
  try {
    return isCut(file);
  } finally {
    closeSync(file);
  }
}

/** Whether an open file ends within a line. */
export function isCut(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}

/** A line's checksum comes first, so that a line without one is told from one whose checksum is damaged. */
const CHECKSUM = /^\{"crc32":"([0-9a-f]{8})",/;
const UNCHECKED = /^\{"type":/;

/** Returns a line with its checksum: CRC-32 of the JSON without it. */
export const checkedLine = (json: string): string => `{"crc32":"${crcOf(json)}",${json.slice(1)}`;

/**
 * Whether a line is as it was written. Lines of earlier versions have no checksum, and nothing is known.
 * @param unchecked how such lines begin
 */
export function isSoundLine(line: string, unchecked = UNCHECKED): boolean {
  const checksum = CHECKSUM.exec(line);
  if (checksum === null) return unchecked.test(line);
  return checksum[1] === crcOf(`{${line.slice(checksum[0].length)}`);
}

const crcOf = (json: string): string => crc32(json).toString(16).padStart(8, '0');

/** A line of a file: its number, counted from 1, and what it holds. */
interface Line {
  readonly number: number;
  readonly text: string;
  /** Undefined where the line is not JSON, as one that was cut short. */
  readonly value: unknown;
}

/** Splits a text into its lines and parses each; lines without a character are left out. */
export function jsonLines(text: string): Line[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line === '' ? [] : [{ number: index + 1, text: line, value: parsed(line) }]));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
