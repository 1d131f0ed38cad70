/** Writes predictions as CSV or as JSON lines, block by block. */
import { UsageError } from '../../src/errors.js';
import type { PredictionEvent } from '../../src/model/index.js';
import { RowBytes } from './rowbytes.js';
import { csvCell } from './text.js';

/** What is known of the predictions before the first of them. */
type Started = Extract<PredictionEvent, { type: 'start' }>;
type Rows = Extract<PredictionEvent, { type: 'rows' }>;

/** Writes a cell of a block: of its row `index`, counted from 0. */
type WriteCell = (to: RowBytes, block: Rows, index: number) => void;

interface Column {
  readonly name: string;
  readonly write: WriteCell;
}

/** How cells are written in a format. */
interface Format {
  /** Text of a copied cell; null where it is empty. */
  readonly copied: (text: string | null) => string;
  /** The name of a class. */
  readonly named: (name: string) => string;
  readonly set: (names: readonly string[]) => string;
  /** What stands for a number that is not finite; null if the number itself does. */
  readonly notFinite: string | null;
}

const FORMATS: Readonly<Record<'csv' | 'jsonl', Format>> = {
  csv: {
    copied: (text) => csvCell(text ?? ''),
    named: csvCell,
    set: (names) => csvCell(names.join('|')),
    notFinite: null,
  },
  jsonl: {
    copied: (text) => JSON.stringify(text),
    named: (name) => JSON.stringify(name),
    set: (names) => JSON.stringify(names),
    notFinite: 'null',
  },
};

/** Bytes to make room for at first. */
const ROOM = 2 ** 16;

/** Writes blocks of predictions one after the other. */
interface PredictionWriter {
  /** What stands before the first row. */
  readonly header: string;
  rows(block: Rows, rows: number): Uint8Array;
}

/**
 * Returns what writes predictions in a format.
 * @throws UsageError for two columns of the same name: one would overwrite the other in JSON
 */
export function predictionWriter(
  format: keyof typeof FORMATS,
  started: Started,
  interval: boolean,
): PredictionWriter {
  const { kept, probabilities } = started;
  const columns = columnsOf(started, interval, FORMATS[format]);
  const names = columns.map(({ name }) => name);
  refuseNameTwice(kept, names);
  const classes = (probabilities && started.classes) || [];
  const shares = classes.map((name, i) => shareColumn(name, i, classes.length));
  const all = [...kept.map((name, i) => copiedColumn(name, i, FORMATS[format])), ...columns];
  if (format === 'jsonl') return { header: '', rows: jsonWriter(all, shares) };
  const header = [...kept, ...names, ...classes.map((name) => `p(${name})`)];
  return { header: `${header.map(csvCell).join(',')}\n`, rows: csvWriter(all, shares) };
}

const copiedColumn = (name: string, column: number, { copied }: Format): Column => ({
  name,
  write: (to, { kept, from }, index) => to.text(copied(kept[column].text(from + index))),
});

const shareColumn = (name: string, label: number, classes: number): Column => ({
  name,
  write: (to, { probabilities }, index) => to.number(probabilities![index * classes + label]),
});

/** Lists the columns of the predictions: each target, then its quantiles, its interval or its set. */
function columnsOf({ targets, classes, quantiles }: Started, interval: boolean, format: Format): Column[] {
  const width = targets.length;
  const levels = quantiles ?? [];
  const spelled = new Map((classes ?? []).map((name) => [name, Buffer.from(format.named(name))]));
  const number = (to: RowBytes, value: number) =>
    format.notFinite === null || Number.isFinite(value) ? to.number(value) : to.text(format.notFinite);
  return targets.flatMap((name, t) => {
    const at = (index: number) => index * width + t;
    const end = (suffix: string, side: 0 | 1): Column => ({
      name: `${name}_${suffix}`,
      write: (to, { intervals }, index) => number(to, intervals![2 * at(index) + side]),
    });
    const set: Column = {
      name: `${name}_set`,
      write: (to, { sets }, index) => to.text(format.set(sets![index])),
    };
    const point: Column = {
      name,
      write: classes
        ? (to, { predicted }, index) => to.bytes(spelled.get(predicted[index] as string)!)
        : (to, { predicted }, index) => number(to, predicted[at(index)] as number),
    };
    return [
      point,
      ...levels.map(
        (level, q): Column => ({
          name: `${name}_q${level}`,
          write: (to, { quantiles: values }, index) => number(to, values![at(index) * levels.length + q]),
        }),
      ),
      ...(interval ? (classes ? [set] : [end('low', 0), end('high', 1)]) : []),
    ];
  });
}

function refuseNameTwice(kept: readonly string[], predicted: readonly string[]): void {
  const twice = kept.find((name) => predicted.includes(name));
  if (twice !== undefined) {
    throw new UsageError(
      `--keep ${twice}: the prediction has this name; leave the column out of --keep, or rename it in the data`,
    );
  }
  const other = predicted.find((name, i) => predicted.indexOf(name) < i);
  if (other === undefined) return;
  throw new UsageError(
    `--interval: two columns of the prediction would be called ${other}; rename that target in the training data`,
  );
}

function csvWriter(columns: readonly Column[], shares: readonly Column[]): PredictionWriter['rows'] {
  const pieces = [...columns, ...shares].map(({ write }, i) => ({ before: i === 0 ? '' : ',', write }));
  return rowsWriter(pieces, '\n');
}

/** A cell and the text before it. */
interface Piece {
  readonly before: string;
  readonly write: WriteCell;
}

function jsonWriter(columns: readonly Column[], shares: readonly Column[]): PredictionWriter['rows'] {
  const byName = (list: readonly Column[]) =>
    Object.fromEntries(list.map(({ name, write }): [string, Piece[]] => [name, [{ before: '', write }]]));
  const closing: Piece = { before: '}', write: () => {} };
  const row = byName(columns);
  if (shares.length > 0) row.probabilities = [...object(byName(shares)), closing];
  return rowsWriter(object(row), '}\n');
}

/** Writes an object without its last brace, with the keys in the order of a JavaScript object. */
function object(values: Readonly<Record<string, readonly Piece[]>>): Piece[] {
  return Object.entries(values).flatMap(([key, pieces], i) => {
    const before = `${i === 0 ? '{' : ','}${JSON.stringify(key)}:`;
    return pieces.map((piece, j) => (j === 0 ? { ...piece, before: before + piece.before } : piece));
  });
}

/** Returns what writes the rows of a block, each as its pieces and what ends it. */
function rowsWriter(pieces: readonly Piece[], end: string): PredictionWriter['rows'] {
  const to = new RowBytes(ROOM);
  const encoded = pieces.map(({ before, write }) => ({ before: Buffer.from(before), write }));
  const last = Buffer.from(end);
  return (block, rows) => {
    for (let index = 0; index < rows; index++) {
      for (const { before, write } of encoded) {
        to.bytes(before);
        write(to, block, index);
      }
      to.bytes(last);
    }
    return to.take();
  };
}
