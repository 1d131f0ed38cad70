/**
 * Tests that the arrays hold what a table means, whatever its format, in training and in every later source.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import type { Dataset } from '#src/data/dataset.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import type { TableSchema } from '#src/data/schema.js';
import { type Connection, withDuckDB } from '#src/data/tables/duckdb.js';
import { datasetOf } from '#src/model/rows.js';
import { csvText, jsonRows, type Layout, layout, type MadeColumn, madeTable } from './generate.js';

/** TABLES=2000 is the long form; each table takes a tenth of a second or two. */
const TABLES = Number(process.env.TABLES ?? 24);
const folder = mkdtempSync(join(tmpdir(), 'gradpool-property-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** Writes the columns as the layout says; returns the DATA argument that reads them. */
async function write(connection: Connection, columns: readonly MadeColumn[], how: Layout): Promise<string> {
  const order = how.shuffled ? columns.toReversed() : columns;
  const stem = join(folder, `table${files++ % 50}`);
  const rows = columns[0].cells.length;
  if (how.format === 'tsv') return save(`${stem}.tsv`, csvText(order, { ...how, delimiter: '\t' }));
  if (how.format === 'csv.gz') return save(`${stem}.csv.gz`, gzipSync(csvText(order, how)));
  if (how.format === 'jsonl')
    return save(
      `${stem}.jsonl`,
      jsonRows(order)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
  if (how.format === 'json') return save(`${stem}.json`, JSON.stringify(jsonRows(order)));
  if (how.format === 'parquet') {
    const source = save(
      `${stem}.rows.jsonl`,
      jsonRows(order)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    const types = order.map(({ name }) => `'${name.replaceAll("'", "''")}': 'VARCHAR'`);
    await connection.run(
      `COPY (FROM read_json('${source}', columns = {${types}})) TO '${stem}.parquet' (FORMAT parquet)`,
    );
    return `${stem}.parquet`;
  }
  if (how.format === 'parts') {
    const part = (from: number, to: number) =>
      order.map(({ name, cells }) => ({ name, cells: cells.slice(from, to) }));
    const half = rows >> 1;
    save(`${stem}-part-a.csv`, csvText(part(0, half), how));
    save(`${stem}-part-b.csv`, csvText(part(half, rows).toReversed(), how));
    return `${stem}-part-?.csv`;
  }
  return save(`${stem}.csv`, csvText(order, how));
}

function save(path: string, content: string | Uint8Array): string {
  writeFileSync(path, content);
  return path;
}

/** Returns the stored values by column: numbers, or words (null for missing or unseen). */
function stored({ numbers, numberWidth, codes, codeWidth, rows }: Dataset, { columns }: TableSchema) {
  const byName = new Map<string, (number | string | null)[]>();
  let [n, c] = [0, 0];
  for (const column of columns) {
    if (column.kind !== 'category') {
      const at = n++;
      byName.set(
        column.name,
        Array.from({ length: rows }, (_, row) => numbers[row * numberWidth + at]),
      );
    } else {
      const at = c++;
      byName.set(
        column.name,
        Array.from({ length: rows }, (_, row) => column.categories[codes[row * codeWidth + at]] ?? null),
      );
    }
  }
  return byName;
}

/** Returns what must be stored for a generated table; a missing number is the fill. */
function meant(columns: readonly MadeColumn[], { columns: schemas, numberType }: TableSchema) {
  const as = (value: number) => (numberType === 'f32' ? Math.fround(value) : value);
  return new Map(
    schemas.map((schema) => {
      const made = columns.find(({ name }) => name === schema.name)!;
      const value = (meaning: MadeColumn['meanings'][number]) =>
        schema.kind === 'number' ? as((meaning as number | null) ?? schema.fill) : meaning;
      return [schema.name, made.meanings.map(value)];
    }),
  );
}

const target = (rows: number): MadeColumn => {
  const cells = Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 'lo' : 'hi'));
  return { name: 'goal', kind: 'category', cells, meanings: cells };
};

it('holds for any table, in any format', { timeout: 900_000 }, async () => {
  const formats = new Map<string, number>();
  await withDuckDB(async (connection) => {
    await fc.assert(
      fc.asyncProperty(madeTable, layout, layout, async (made, how, later) => {
        formats.set(how.format, (formats.get(how.format) ?? 0) + 1);
        const columns = [...made, target(made[0].cells.length)];
        const source = await write(connection, columns, how);
        const other = await write(connection, columns, later);
        const options = { data: source, target: 'goal', task: 'auto', val: other, seed: 1 } as const;
        const trained = await loadTrainingData(options);
        const schema = trained.schema as TableSchema;
        expect(schema.columns.map(({ name }) => name).sort()).toEqual(made.map(({ name }) => name).sort());
        for (const { name, kind } of made) {
          const type = { number: 'number', date: 'date', boolean: 'boolean', category: 'text' }[kind];
          expect(schema.columns.find((column) => column.name === name)).toMatchObject({ type });
        }
        const expected = meant(columns, schema);
        const goals = columns.at(-1)!.cells.map((cell) => (cell === 'lo' ? 1 : 0));

        expect(stored(trained.train.dataset, schema)).toEqual(expected);
        expect(Array.from(trained.train.dataset.targets)).toEqual(goals);
        expect(stored(trained.val!.dataset, schema)).toEqual(expected);
        const predicted = await loadWithSchema(other, schema, { needTargets: false });
        expect(stored(predicted.subset.dataset, schema)).toEqual(expected);
        const evaluated = await loadWithSchema(source, schema, { needTargets: true });
        expect(stored(evaluated.subset.dataset, schema)).toEqual(expected);
        expect(Array.from(evaluated.subset.dataset.targets)).toEqual(goals);
        expect(stored(datasetOf(jsonRows(made), schema).subset.dataset, schema)).toEqual(expected);
        expect(stored(datasetOf(valueRows(made), schema).subset.dataset, schema)).toEqual(expected);
      }),
      { numRuns: TABLES, seed: 8 },
    );
  });
  expect(formats.size).toBe(7);
});

/**
 * Returns the rows as a program has them in memory: numbers as numbers, dates as dates, booleans as booleans.
 */
function valueRows(columns: readonly MadeColumn[]) {
  return columns[0].cells.map((_, row) =>
    Object.fromEntries(
      columns.map(({ name, kind, meanings, cells }) => {
        const meaning = meanings[row];
        if (meaning === null) return [name, null];
        if (kind === 'date') return [name, new Date((meaning as number) * 86_400_000)];
        if (kind === 'boolean') return [name, /^(true|yes|y|on|t)$/i.test(cells[row]!)];
        return [name, meaning];
      }),
    ),
  );
}
