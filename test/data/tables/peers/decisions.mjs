/**
 * Writes the cases as CSV files and prints what DuckDB's sniffer and gradpool make of each:
 * `node decisions.mjs FOLDER`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, version } from '@duckdb/node-api';
import { cases, cellOf, decision, shownRows } from './ours.mjs';

const folder = process.argv[2];
const connection = await (await DuckDBInstance.create()).connect();

async function duckdb(path, show) {
  try {
    const result = await connection.runAndReadAll(`FROM read_csv('${path}')`);
    const names = result.columnNames();
    const name = names[0].replaceAll('"', '""');
    const query = `SELECT CAST("${name}" AS VARCHAR) FROM read_csv('${path}')`;
    const rows = (await connection.runAndReadAll(query)).getRows();
    const values = shownRows(show, rows.length).map((row) => rows[row]?.[0] ?? 'NULL');
    return { names, type: String(result.columnTypes()[0]), values };
  } catch (error) {
    return { error: error.message.split('\n')[1] };
  }
}

const answers = [];
for (const [at, { name, show, why, isFile, bytes }] of cases.entries()) {
  const path = join(folder, `${String(at + 1).padStart(2, '0')}.csv`);
  writeFileSync(path, bytes);
  const [duck, ours] = [await duckdb(path, show), await decision(path, show)];
  answers.push({
    name,
    show,
    why,
    isFile,
    path,
    duckdb: cellOf(duck, isFile),
    gradpool: cellOf(ours, isFile),
  });
}
console.log(JSON.stringify({ version: version(), answers }));
