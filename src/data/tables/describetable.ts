/** The columns of a table for `gradpool inspect`. */

import type { TableSource } from '../source.js';
import { allRows } from '../split.js';
import { columnMoments } from '../statistics.js';
import { mostFrequent } from '../words.js';
import { missingWords, wordCounts } from './cells.js';
import { type RawTable, readAs, readColumns, type TextColumn } from './columns.js';
import { withDuckDB } from './duckdb.js';
import { openRelation } from './opentable.js';

export interface ColumnDescription {
  readonly name: string;
  /** number, date, text, boolean; a stored type and shape (`u8 28 x 28`); or DuckDB's type where it is none of these */
  readonly type: string;
  readonly missing: number;
  /** different values; null where they are a thousand or more, or not counted */
  readonly distinct: number | null;
  /** null where the values are no numbers; dates in days since 1970-01-01 */
  readonly range: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly std: number;
  } | null;
  /** the most frequent values */
  readonly examples: readonly string[];
}

export interface SourceDescription {
  readonly name: string;
  readonly kind: 'arrays' | 'table';
  /** a table has one part, arrays have a training and perhaps a test part */
  readonly parts: readonly { name: string; rows: number; columns: readonly ColumnDescription[] }[];
}

export async function describeTable(source: TableSource): Promise<SourceDescription> {
  return withDuckDB(async (connection) => {
    const relation = await openRelation(connection, source);
    const plan = relation.columns.flatMap((column) => {
      const as = readAs(column);
      return as === null ? [] : [{ name: column.name, as }];
    });
    const raw = await readColumns(connection, relation, plan);
    const { mean, std } = columnMoments(raw.numbers, raw.numberNames.length, allRows(raw.rows));
    const columns = relation.columns.map((column): ColumnDescription => {
      const text = raw.texts.get(column.name);
      if (text !== undefined) return describeWords(text, readAs(column) === 'boolean' ? 'boolean' : 'text');
      const at = raw.numberNames.indexOf(column.name);
      if (at < 0)
        return {
          name: column.name,
          type: column.type,
          missing: 0,
          distinct: null,
          range: null,
          examples: [],
        };
      return describeNumbers(raw, at, readAs(column)!, mean[at], std[at]);
    });
    return { name: source.name, kind: 'table', parts: [{ name: 'rows', rows: raw.rows, columns }] };
  });
}

function describeWords(text: TextColumn, type: 'text' | 'boolean'): ColumnDescription {
  const counts = wordCounts(text);
  const byWord = new Map(text.words.map((word, code) => [word, counts[code]]));
  return {
    name: text.name,
    type,
    missing: missingWords(text),
    distinct: text.words.length,
    range: null,
    examples: mostFrequent(byWord),
  };
}

function describeNumbers(
  raw: RawTable,
  at: number,
  type: string,
  mean: number,
  std: number,
): ColumnDescription {
  const width = raw.numberNames.length;
  const distinct = new Set<number>();
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let missing = 0;
  for (let i = at; i < raw.numbers.length; i += width) {
    const value = raw.numbers[i];
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    if (distinct.size < 1000) distinct.add(value);
  }
  return {
    name: raw.numberNames[at],
    type,
    missing,
    distinct: distinct.size < 1000 ? distinct.size : null,
    range: missing < raw.rows ? { min, max, mean, std } : null,
    examples: [],
  };
}
