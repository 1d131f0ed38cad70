/** Runs DuckDB in this process, on an empty database in memory, and shortens its errors to one line. */
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { DataError } from '../../errors.js';

/** Name of a table given by a query, for messages. */
export const QUERY = 'query';

/** A connection runs queries on the open database. */
export type Connection = DuckDBConnection;

/** The open database and how many users it has; the tables of one run share it. */
let open: { readonly instance: Promise<DuckDBInstance>; uses: number } | null = null;

/**
 * Runs `use` with a connection that is closed afterwards. The rows of a query keep their order whatever the
 * number of threads.
 */
export async function withDuckDB<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
  open ??= { instance: createInstance(), uses: 0 };
  const database = open;
  database.uses++;
  try {
    const connection = await (await database.instance).connect();
    try {
      await connection.run("SET streaming_buffer_size = '16MB'"); // with less, only one thread would be busy
      return await use(connection);
    } finally {
      connection.disconnectSync();
    }
  } finally {
    database.uses--;
    if (database.uses === 0) {
      open = null;
      (await database.instance).closeSync();
    }
  }
}

function createInstance(): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    threads: String(Math.min(8, availableParallelism())),
    temp_directory: join(tmpdir(), `gradpool-duckdb-${process.pid}`),
    autoinstall_known_extensions: 'false',
  });
}

/** Runs a query with a small result and returns its rows as strings, null for a missing value. */
export async function queryText(connection: Connection, sql: string): Promise<(string | null)[][]> {
  const result = await connection.run(sql);
  const rows = await result.getRowsJS();
  return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
}

/** Quotes text as a SQL string. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** Quotes a name as a SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Quotes a file name where DuckDB expects a pattern, so that every character stands for itself. */
export const fileLiteral = (file: string): string => literal(file.replace(/[*?[]/g, '[$&]'));

/** Returns DuckDB's explanation without the error's class, the hints and the excerpt of the query. */
export function firstLine(error: unknown): string {
  const line = (error as Error).message.split('\n')[0].trim();
  return line.replace(/^[\w ]+ Error: /, '');
}

/** Turns an error of DuckDB into a DataError about `source`; returns any other error unchanged. */
export function duckError(source: string, error: unknown): Error {
  if (error instanceof DataError || !/^[\w -]+(Error|Exception): /.test((error as Error).message))
    return error as Error;
  const what =
    source === QUERY ? 'correct the query' : 'correct the file, or check that its name says what it holds';
  return new DataError(`${source}: ${firstLine(error).replace(/\.$/, '')}; ${what}`);
}
