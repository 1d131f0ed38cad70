/** Writes numbers, tables and colours for people. */
import { randomBytes } from 'node:crypto';

export type Cell = string | number;

/** The columns of the terminal; no limit where the output is no terminal. */
export const terminalWidth = (): number => process.stdout.columns ?? Number.POSITIVE_INFINITY;

/**
 * Writes columns two blanks apart; those that hold numbers are flush right. Where a line would be longer than
 * `room`, each row is written one column a line.
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  room = terminalWidth(),
): string {
  const titles = header.map(visible);
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? count(cell) : visible(cell))),
  );
  const width = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column].length)),
  );
  if (width.reduce((sum, one) => sum + one + 2, -2) > room) return blocks(titles, cells, room);
  const numeric = titles.map((_, column) => rows.every((row) => /^[-.\d]|^$/.test(String(row[column]))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(width[column]) : cell.padEnd(width[column])))
      .join('  ')
      .trimEnd();
  return [titles, ...cells].map(line).join('\n');
}

/** Writes each row as its first cell and, below it, the others with their titles, a line each. */
function blocks(
  [, ...titles]: readonly string[],
  rows: readonly (readonly string[])[],
  room: number,
): string {
  const margin = Math.max(0, ...titles.map(({ length }) => length)) + 4;
  const lines = ([first, ...cells]: readonly string[]) => [
    first,
    ...cells.flatMap((cell, column) =>
      cell === '' ? [] : folded(`  ${titles[column].padEnd(margin - 2)}${cell}`, room, margin),
    ),
  ];
  return rows.flatMap(lines).join('\n');
}

/** Breaks a line between words where it is longer than `room`; what follows is indented by `margin`. */
export function folded(line: string, room: number, margin: number): string[] {
  if (line.length <= room) return [line];
  const indent = ' '.repeat(Math.min(margin, Math.floor(room / 2)));
  const first = /^ */.exec(line)![0];
  const lines = [first.slice(0, indent.length)];
  for (const part of line.trimStart().split(/(?<=\S)(?= )/)) {
    const last = lines[lines.length - 1];
    if ((last + part).trimEnd().length <= room || last.trim() === '') lines[lines.length - 1] = last + part;
    else lines.push(indent + part.trimStart());
  }
  return lines.map((one) => one.trimEnd());
}

/** Writes `name    value`, one a line; entries without a value are left out. */
export function facts(entries: readonly (readonly [string, string | null | undefined])[]): string {
  const shown = entries.filter(([, value]) => value);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown
    .flatMap(([name, value]) =>
      folded(`${name.padEnd(width)}  ${visible(value!)}`, terminalWidth(), width + 2),
    )
    .join('\n');
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Writes a number with separators: 60,000. */
export const count = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 1000 ? whole.format(value) : significant(value);

/** Writes a number with its noun: '1 row', '60,000 rows'. */
export const countOf = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

/** Writes four significant digits, or all before the point: 0.08123, 12.35, 50,780, 1.234e-7. */
export function significant(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(Number(value.toPrecision(4)));
  if (size < 1e-4 || size >= 1e9) return value.toExponential(3);
  return size >= 1000 ? whole.format(value) : value.toPrecision(4);
}

/** Writes R² with as many decimals, of which those near 1 and 0 need all: 0.8712, -0.0312. */
export function r2Text(value: number, decimals = 4): string {
  if (Math.abs(value) >= 10) return significant(value);
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

export function bytes(value: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${power === 0 ? value : (value / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** Writes a duration: 3.1 ms, 0.42 s, 7 s, 12 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 0.1) return `${(1000 * seconds).toFixed(1)} ms`;
  if (seconds < 10) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(2)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

type Style = 'bold' | 'dim' | 'green' | 'yellow';
const CODES: Readonly<Record<Style, [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
};

/** Stands before a colour's number; no text from outside can hold it, because it is new each time. */
const MARK = `\0${randomBytes(8).toString('hex')}:`;
/**
 * Matches our marks, and the characters that steer a terminal or turn the direction of writing, line ends and
 * tabs among them.
 */
const STEERING = new RegExp(`${MARK}(\\d+)\0|[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029]`, 'gu');
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Writes out what a terminal would obey, as \x1b or \u202e, in a text that may come from anybody: the name of
 * a column, a cell, a path. What stays is a single line.
 */
export const visible = (text: string): string =>
  text.replace(STEERING, (found) => (found.length > 1 ? found : writtenOut(found)));

/**
 * Makes a text ready for a terminal: our own colours are shown, and everything else that steers is written
 * out.
 */
export const forTerminal = (text: string): string =>
  text.replace(STEERING, (found, colour: string | undefined) => {
    if (colour !== undefined) return `\x1b[${colour}m`;
    return found === '\n' || found === '\t' ? found : writtenOut(found);
  });

function writtenOut(character: string): string {
  const code = character.charCodeAt(0);
  const digits = code.toString(16);
  return (
    ESCAPES[character] ?? (code < 256 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`)
  );
}

/** Returns a function that marks a text for `forTerminal` to paint, if the stream shows colours and may. */
export function painter(stream: NodeJS.WriteStream): (style: Style, text: string) => string {
  if (!stream.isTTY || !stream.hasColors()) return (_, text) => text;
  return (style, text) => CODES[style].map((code) => `${MARK}${code}\0`).join(text);
}

/**
 * Writes a character in the colours of these codes, such as 34 for blue on 43 for a yellow ground; it is for
 * `forTerminal` to paint.
 */
export const inColours = (codes: readonly number[], character: string): string =>
  `${codes.map((code) => `${MARK}${code}\0`).join('')}${character}${MARK}39\0${MARK}49\0`;

/** Quotes a cell of a CSV file as RFC 4180 asks. */
export function csvCell(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
