/** From what the user named (files, a pattern, a query) to a table that DuckDB reads. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { DataError } from '../../errors.js';
import { fileError } from '../files.js';
import type { TableSource } from '../source.js';
import { openCsv } from './csv.js';
import { type Connection, duckError, literal, QUERY, queryText } from './duckdb.js';
import type { Relation } from './relation.js';

export async function openRelation(connection: Connection, source: TableSource): Promise<Relation> {
  if (source.form === 'query') {
    // an aggregate's order depends on the threads
    await connection.run('SET threads = 1');
    const query = source.text.trim().replace(/;$/, '');
    return describe(connection, QUERY, `(${query})`, true);
  }
  const files = await filesOf(connection, source.text);
  for (const file of files) checkReadable(file);
  const kind = /\.(\w+?)(\.gz|\.zst)?$/i.exec(files[0])![1].toLowerCase();
  if (['csv', 'tsv', 'txt'].includes(kind)) return openCsv(connection, source.text, files);
  const reader = kind === 'parquet' ? 'read_parquet' : 'read_json_auto';
  return describe(connection, source.text, `${reader}([${files.map(literal)}])`, kind === 'parquet');
}

function checkReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).size > 0) return;
  } catch (error) {
    throw fileError(file, error);
  }
  throw new DataError(`${file}: the file is empty; write it again`);
}

async function filesOf(connection: Connection, pattern: string): Promise<string[]> {
  if (existsSync(pattern)) return [pattern];
  const found = await queryText(connection, `SELECT file FROM glob(${literal(pattern)}) ORDER BY file`);
  if (found.length === 0) throw new DataError(`${pattern}: no file matches this pattern; check the path`);
  return found.map(([file]) => file!.replace(/^\.\//, ''));
}

async function describe(
  connection: Connection,
  source: string,
  sql: string,
  typed: boolean,
): Promise<Relation> {
  try {
    const rows = await queryText(connection, `SELECT column_name, column_type FROM (DESCRIBE FROM ${sql})`);
    const types = new Map(rows.map(([name, type]) => [name!, type!]));
    return {
      source,
      columns: Array.from(types, ([name, type]) => ({ name, type })),
      typed,
      read: () => ({ table: sql, types }),
      retry: async (error) => {
        throw duckError(source, error);
      },
      locate: async (row) => `${source}: row ${row + 1}`,
    };
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined
      ? duckError(source, error)
      : fileError(source, error);
  }
}
