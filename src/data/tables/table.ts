/** Tables as datasets: columns typed, filled and scaled by the training rows, or by the schema of a trained model. */
import { DataError } from '../../errors.js';
import { type FitOptions, type Fitted, fingerprint, type Loaded, splitRows } from '../fit.js';
import type { ColumnSchema, TableSchema, TargetSchema } from '../schema.js';
import type { TableSource } from '../source.js';
import { allRows } from '../split.js';
import { columnMedians, columnMoments, type Moments, scaleOf } from '../statistics.js';
import { didYouMean, examples, plural } from '../words.js';
import { missingWords, rejectBrokenNumbers, rejectInfinite } from './cells.js';
import { type ColumnPlan, NO_WORD, type RawTable, readAs, readColumns, type TextColumn } from './columns.js';
import { withDuckDB } from './duckdb.js';
import { encodeColumns } from './encode.js';
import { openRelation } from './opentable.js';
import type { Relation } from './relation.js';
import { chooseTarget, encodeTarget, fitTarget, type Target } from './target.js';
import { readWeights } from './weights.js';

/** A column with more categories is left out, as names of rows rather than kinds. */
export const MAX_CATEGORIES = 10_000;

/** float32 rounds a value this many standard deviations from 0 by at most 2⁻¹² of one. */
const FLOAT32_RANGE = 2 ** 12;

export async function fitTable(source: TableSource, options: FitOptions): Promise<Fitted> {
  return withDuckDB(async (connection) => {
    const relation = await openRelation(connection, source);
    const notes: string[] = [];
    const targetName = chooseTarget(relation, options.target, notes);
    const plan = planAll(relation, targetName, notes);
    const raw = await readColumns(connection, relation, plan);
    if (raw.rows === 0) throw new DataError(`${source.text}: there are no rows, only a header; add rows`);
    await rejectInfinite(raw, relation);
    const print = fingerprint(
      [raw.numberNames, ...Array.from(raw.texts.values(), ({ name, words }) => [name, words])],
      [raw.numbers, ...Array.from(raw.texts.values(), ({ codes }) => codes)],
    );

    const targetAs = plan.find(({ name }) => name === targetName)!.as;
    const target = await fitTarget(raw, relation, targetName, targetAs, options, notes);
    const parts = splitTarget(target, options, notes);
    const moments = columnMoments(raw.numbers, raw.numberNames.length, parts.train);
    const medians = columnMedians(raw.numbers, raw.numberNames.length, parts.train);
    const columns: ColumnSchema[] = [];
    for (const { name, as } of plan) {
      if (name === targetName || name === options.weights) continue;
      const text = raw.texts.get(name);
      const column =
        text === undefined
          ? fitNumber(raw, relation, name, as === 'date' ? 'date' : 'number', moments, medians, notes)
          : await fitCategory(
              text,
              relation,
              as === 'boolean' ? 'boolean' : 'text',
              parts.train,
              options,
              notes,
            );
      if (column !== null) columns.push(column);
    }
    if (columns.length === 0) {
      const reasons = notes.filter((note) => note.endsWith('left out')).join('; ');
      throw new DataError(
        `${relation.source}: no column is left to predict "${targetName}" from${reasons === '' ? '' : ` (${reasons})`}; add columns`,
      );
    }

    const schema: TableSchema = {
      kind: 'table',
      numberType: numberType(raw, columns, moments),
      columns,
      target: targetSchema(target, targetName, parts.train),
    };
    const inputs = await encodeColumns(raw, relation, schema, notes);
    const weights =
      options.weights === undefined ? {} : { weights: await readWeights(raw, relation, options.weights) };
    const dataset = { ...inputs, targets: target.values, targetWidth: 1, ...weights };
    return { name: source.name, schema, dataset, split: parts, notes, fingerprint: print };
  });
}

/** Every column that is a single value; the others are left out with a note. */
function planAll(relation: Relation, target: string, notes: string[]): ColumnPlan[] {
  return relation.columns.flatMap((column) => {
    const as = readAs(column);
    if (as !== null) return [{ name: column.name, as }];
    const fault = `column "${column.name}": its type ${column.type} is neither a number, a date nor text`;
    if (column.name === target) throw new DataError(`${relation.source}, ${fault}; choose another target`);
    notes.push(`${fault}; left out`);
    return [];
  });
}

function splitTarget({ rows, values, classes }: Target, options: FitOptions, notes: string[]) {
  const strata = classes === null ? null : Uint32Array.from(rows, (row) => values[row]);
  const parts = splitRows(rows.length, options, strata, notes);
  const inTable = (positions: Uint32Array<SharedArrayBuffer>) => {
    positions.forEach((position, i) => {
      positions[i] = rows[position];
    });
    return positions;
  };
  return { train: inTable(parts.train), val: inTable(parts.val), test: inTable(parts.test) };
}

function fitNumber(
  raw: RawTable,
  relation: Relation,
  name: string,
  type: 'number' | 'date',
  { mean, std }: Moments,
  medians: Float64Array,
  notes: string[],
): ColumnSchema | null {
  const at = raw.numberNames.indexOf(name);
  if (Number.isNaN(mean[at])) throw allMissing(relation, name);
  if (!(std[at] > 0)) {
    notes.push(`column "${name}": always ${mean[at]}; left out`);
    return null;
  }
  return { kind: 'number', name, type, shift: mean[at], scale: scaleOf(std[at]), fill: medians[at] };
}

async function fitCategory(
  text: TextColumn,
  relation: Relation,
  type: 'text' | 'boolean',
  trainRows: Uint32Array,
  { embedAbove }: FitOptions,
  notes: string[],
): Promise<ColumnSchema | null> {
  const { name, words } = text;
  const present = text.codes.length - missingWords(text);
  if (present === 0) throw allMissing(relation, name);
  const idLike = words.length > MAX_CATEGORIES || 2 * words.length > present;
  if (type === 'text') await rejectBrokenNumbers(text, relation, idLike);
  if (idLike && type === 'text') {
    notes.push(
      `column "${name}": ${words.length} different words in ${plural(present, 'row')} (${examples(words, 3)}) tell rows apart, not kinds; left out`,
    );
    return null;
  }
  const seen = new Set<number>();
  for (const row of trainRows) seen.add(text.codes[row]);
  const missing = seen.delete(NO_WORD);
  const categories = Array.from(seen, (code) => words[code]).sort();
  if (categories.length === 0) throw allMissing(relation, name);
  if (categories.length === 1 && !missing) {
    notes.push(`column "${name}": always "${categories[0]}"; left out`);
    return null;
  }
  if (categories.length <= embedAbove) return { kind: 'category', name, type, categories, missing };
  const embedding = Math.ceil(Math.sqrt(categories.length));
  notes.push(
    `column "${name}": ${categories.length} categories, each a learned vector of ${embedding} numbers`,
  );
  return { kind: 'category', name, type, categories, missing, embedding };
}

function allMissing(relation: Relation, name: string): DataError {
  return new DataError(
    `${relation.source}, column "${name}": every value is missing; remove the column or fill it`,
  );
}

function numberType(raw: RawTable, columns: readonly ColumnSchema[], { mean, std }: Moments): 'f32' | 'f64' {
  const exact = columns.every(({ kind, name }) => {
    const at = raw.numberNames.indexOf(name);
    return kind !== 'number' || Math.abs(mean[at]) <= FLOAT32_RANGE * std[at];
  });
  return exact ? 'f32' : 'f64';
}

function targetSchema({ classes, type, values }: Target, name: string, trainRows: Uint32Array): TargetSchema {
  if (classes !== null && type !== 'date') return { kind: 'classes', name, type, classes: [...classes] };
  const { mean, std } = columnMoments(values, 1, trainRows);
  return {
    kind: 'values',
    names: [name],
    type: type === 'date' ? 'date' : 'number',
    shift: [mean[0]],
    scale: [scaleOf(std[0])],
  };
}

/** A raw table for a trained model: its columns by name, in any order, others ignored. */
export async function loadTable(
  source: TableSource,
  schema: TableSchema,
  needTargets: boolean,
): Promise<Loaded> {
  return withDuckDB(async (connection) => {
    const relation = await openRelation(connection, source);
    const { target } = schema;
    const plan: ColumnPlan[] = schema.columns.map(({ name, type }) => ({ name, as: type }));
    if (needTargets)
      plan.push({ name: target.kind === 'classes' ? target.name : target.names[0], as: target.type });
    for (const column of plan) checkColumn(relation, column);

    const raw = await readColumns(connection, relation, plan);
    if (raw.rows === 0) throw new DataError(`${source.text}: there are no rows, only a header; add rows`);
    await rejectInfinite(raw, relation);
    const notes: string[] = [];
    const inputs = await encodeColumns(raw, relation, schema, notes);
    if (!needTargets) {
      const targets = new Float64Array(new SharedArrayBuffer(0));
      return { dataset: { ...inputs, targets, targetWidth: 0 }, rows: allRows(raw.rows), notes };
    }
    const { values, rows } = await encodeTarget(raw, relation, target, notes);
    return { dataset: { ...inputs, targets: values, targetWidth: 1 }, rows, notes };
  });
}

const KINDS = { number: 'numbers', date: 'dates', text: 'text', boolean: 'true and false' } as const;

function checkColumn(relation: Relation, { name, as }: ColumnPlan): void {
  const column = relation.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const meant = didYouMean(
      name,
      relation.columns.map((candidate) => candidate.name),
    );
    throw new DataError(
      `${relation.source}: the column "${name}" is missing, which the model was trained on${meant === '' ? '; add it' : `${meant} Rename it`}`,
    );
  }
  const found = readAs(column);
  const fits = found === as || found === 'text' || as === 'text' || (as === 'boolean' && found === 'number');
  if (fits) return;
  throw new DataError(
    `${relation.source}, column "${name}": it holds ${found === null ? column.type : KINDS[found]}, the model was trained on ${KINDS[as]}; convert the column`,
  );
}
