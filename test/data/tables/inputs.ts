/** Fits small tables and returns what the network is fed. */
import { expect } from 'vitest';
import type { Subset } from '#src/data/dataset.js';
import { gather } from '#src/data/gather.js';
import { type LoadOptions, loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { prepareEncoding } from '#src/data/preparedencoding.js';
import type { Preprocessing } from '#src/data/preprocessing.js';
import { encodingOf, parseSchema, type Schema, type TableSchema } from '#src/data/schema.js';
import type { TableColumns } from '#src/data/tables/records.js';
import { datasetOf, type Row } from '#src/model/rows.js';

/** Returns the network's input for each row of a subset, in float64. */
export function inputsOf({ dataset, rows }: Subset, schema: Schema, width: number): number[][] {
  const x = new Float64Array(rows.length * width);
  gather(x, null, dataset, prepareEncoding(encodingOf(schema)), rows, 0, rows.length);
  return Array.from(rows, (_, r) => Array.from(x.subarray(r * width, (r + 1) * width)));
}

const load = (data: TableColumns, options: Partial<LoadOptions> = {}) =>
  loadTrainingData({ data, target: 'y', task: 'regression', val: 0, seed: 1, ...options });

/** Loads columns with a target, and returns the inputs of all rows beside what was loaded. */
export async function fitted(columns: TableColumns, options: Partial<LoadOptions> & Preprocessing) {
  const rows = Object.values(columns)[0].length;
  const data = await load({ ...columns, y: Float64Array.from({ length: rows }, (_, row) => row) }, options);
  const schema = parseSchema(JSON.parse(JSON.stringify(data.schema)), 'model') as TableSchema;
  return { data, schema, x: inputsOf(data.train, schema, data.inputWidth) };
}

/** Returns the inputs of rows in memory by a schema, as predictRows and as predict make them. */
export async function inputsBy(schema: TableSchema, width: number, columns: TableColumns) {
  const rows = Object.values(columns)[0].length;
  const records = Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]])),
  );
  const byRow = datasetOf(records as Row[], schema);
  const loaded = await loadWithSchema(columns, schema, { needTargets: false });
  const x = inputsOf(loaded.subset, schema, width);
  expect(inputsOf(byRow.subset, schema, width)).toEqual(x);
  return { x, notes: loaded.notes };
}
