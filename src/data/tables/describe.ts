/**
 * Describes the columns of a table for `gradpool inspect`: how each is read, why, and what is left to ask.
 */
import { examineTable } from '../findings/examine.js';
import type { Finding } from '../findings/finding.js';
import { columnMoments } from '../moments.js';
import { describeReading } from '../reading.js';
import type { TableSource } from '../source.js';
import { allRows } from '../split.js';
import { mostFrequent } from '../words.js';
import { misfitText } from './cellerrors.js';
import { wordCounts } from './cells.js';
import type { ColumnDecision } from './columndecision.js';
import { type ColumnValues, type ConvertedColumn, convert } from './convert.js';
import { type DecidedColumn, decideTable } from './decidetable.js';
import { withTable } from './opentable.js';
import type { TableOverrides } from './overrides.js';
import { eachWord } from './wordlist.js';

/** Describes a column of a table, or the inputs or labels of arrays. */
export interface ColumnDescription {
  readonly name: string;
  /**
   * One of number, date, text and boolean; for arrays element type and shape (`u8 28 x 28`); for a column
   * that does not hold single values the source's type.
   */
  readonly type: string;
  /** Number of missing values. */
  readonly missing: number;
  /** Number of distinct values; null if there are a thousand or more, or if they were not counted. */
  readonly distinct: number | null;
  /** Statistics of numbers, and of dates in days since 1970-01-01; null for other values. */
  readonly range: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly std: number;
  } | null;
  /** The most frequent values. */
  readonly examples: readonly string[];
  /** Notes on what was assumed, what is left open and what does not fit, one plain line each. */
  readonly notes: readonly string[];
}

/** Describes everything that a source holds. */
export interface SourceDescription {
  readonly name: string;
  readonly kind: 'arrays' | 'table';
  /** The parts of the source: one for a table; training and perhaps test for arrays. */
  readonly parts: readonly { name: string; rows: number; columns: readonly ColumnDescription[] }[];
  /** Tables: what should be checked before a training, the most serious first. */
  readonly findings: readonly Finding[];
}

/** Describes every column of a table, without a target and without fitting anything. */
export async function describeTable(
  source: TableSource,
  overrides: TableOverrides,
): Promise<SourceDescription> {
  return withTable(source, overrides.header, async (reader) => {
    const { rows, columns } = await decideTable(reader, overrides, undefined);
    const read = new Map(
      columns.map((column) => [
        column.name,
        { column, read: convert(column.cells, column.decision.reading) },
      ]),
    );
    const described = reader.columns.map(({ name, nested }) => {
      const found = read.get(name);
      return found === undefined ? leftOut(name, nested ?? '') : describeColumn(found.column, found.read);
    });
    const examined = Array.from(read.values(), ({ column: { name, decision }, read: { column } }) => ({
      name,
      column,
      isDate: decision.reading.as === 'date',
    }));
    const named = source.form === 'rows' ? null : source.text;
    return {
      name: source.name,
      kind: 'table',
      parts: [{ name: 'rows', rows, columns: described }],
      findings: examineTable({ columns: examined, target: null }, allRows(rows), [], named),
    };
  });
}

const leftOut = (name: string, type: string): ColumnDescription => ({
  name,
  type,
  missing: 0,
  distinct: null,
  range: null,
  examples: [],
  notes: [`holds ${type} rather than single values; it is left out of training`],
});

function describeColumn({ name, decision }: DecidedColumn, read: ConvertedColumn): ColumnDescription {
  const { reading } = decision;
  const type = reading.as === 'words' ? 'text' : reading.as;
  const described =
    read.column.kind === 'words' ? describeWords(read.column) : describeNumbers(read.column.values);
  return { name, type, ...described, notes: notesOn(decision, read) };
}

function notesOn({ reading, why, question }: ColumnDecision, read: ConvertedColumn): string[] {
  const words = Array.from(read.missing).filter(([word]) => word !== '');
  const missing = words.map(([word, count]) => `"${word}" ${count}`).join(', ');
  const notes = missing === '' ? [] : [`missing: ${missing}`];
  if (question !== null) return [`ambiguous: ${question}`, ...notes];
  const named = reading.as === 'date' || reading.as === 'boolean' ? describeReading(reading) : null;
  const said = why ?? named;
  if (said !== null) notes.unshift(said);
  if (read.misfit !== null) {
    notes.push(`row ${read.misfit.row + 1}: ${misfitText(read.misfit.word, reading, false)}`);
  }
  return notes;
}

type Description = Omit<ColumnDescription, 'name' | 'type' | 'notes'>;

function describeWords({ words, codes }: ColumnValues & { kind: 'words' }): Description {
  const counts = wordCounts({ words, codes });
  const byWord = new Map<string, number>();
  eachWord(words, (word, code) => {
    if (counts[code] > 0) byWord.set(word, (byWord.get(word) ?? 0) + counts[code]);
  });
  const present = counts.reduce((sum, count) => sum + count, 0);
  return {
    missing: codes.length - present,
    distinct: byWord.size,
    range: null,
    examples: mostFrequent(byWord),
  };
}

function describeNumbers(values: Float64Array): Description {
  const { mean, std } = columnMoments(values, 1, allRows(values.length));
  const distinct = new Set<number>();
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let missing = 0;
  for (const value of values) {
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    if (distinct.size < 1000) distinct.add(value);
  }
  return {
    missing,
    distinct: distinct.size < 1000 ? distinct.size : null,
    range: missing < values.length ? { min, max, mean: mean[0], std: std[0] } : null,
    examples: [],
  };
}
