/** Files of one JSON document a line, whose last line a kill may have cut short. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Whether a file ends within a line; its last byte says so. A file that does not exist does not. */
export function endsInLine(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = openSync(path, 'r');
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

/** A line of a file: its number, counted from 1, and what it holds. */
interface Line {
  readonly number: number;
  /** Undefined where the line is not JSON, as one that was cut short. */
  readonly value: unknown;
}

/** Splits a text into its lines and parses each; lines without a character are left out. */
export function jsonLines(text: string): Line[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line === '' ? [] : [{ number: index + 1, value: parsed(line) }]));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
