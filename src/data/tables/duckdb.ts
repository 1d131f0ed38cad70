/** Runs DuckDB in this process, on an empty database in memory, and shortens its errors to one line. */
import { randomBytes } from 'node:crypto';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { DataError } from '../../errors.js';

/** Name of a table given by a query, for messages. */
export const QUERY = 'query';

/** A connection runs queries on the open database. */
export type Connection = DuckDBConnection;

/**
 * Runs `use` with a connection to a database of its own, which is closed afterwards. The rows of a query keep
 * their order whatever the number of threads. The database loads no extensions and knows no secrets; `lock`
 * takes the rest from it before anything that a user wrote is run.
 * @param mebibytes of memory that the database may take
 */
export async function withDuckDB<T>(
  use: (connection: Connection) => Promise<T>,
  mebibytes?: number,
): Promise<T> {
  const { connection, close } = await openDuckDB(mebibytes);
  try {
    return await use(connection);
  } finally {
    close();
  }
}

/** Opens such a database for as long as the caller needs it. */
export async function openDuckDB(
  mebibytes?: number,
): Promise<{ readonly connection: Connection; close(): void }> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(Math.min(8, availableParallelism(), threadsFor(mebibytes))),
    ...(mebibytes === undefined ? {} : { memory_limit: `${mebibytes}MiB` }),
    temp_directory: join(tmpdir(), `gradpool-duckdb-${process.pid}-${randomBytes(8).toString('hex')}`),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  const connection = await instance.connect().catch((error) => {
    instance.closeSync();
    throw error;
  });
  const interrupt = () => connection.interrupt();
  process.once('exit', interrupt); // which would wait for a query that runs
  return {
    connection,
    close() {
      process.off('exit', interrupt);
      connection.disconnectSync();
      instance.closeSync();
    },
  };
}

/** MiB that a thread needs to read a file: the longest line may take 16 MiB, a buffer twice that. */
const THREAD_MIB = 96;

const threadsFor = (mebibytes = Number.POSITIVE_INFINITY): number =>
  Math.max(1, Math.floor(mebibytes / THREAD_MIB));

/** Says what a locked database may still reach. */
interface Access {
  /** Files and patterns of files that may be read. */
  readonly files: readonly string[];
  /** A folder of which all files may be read. */
  readonly folder?: string;
  /**
   * Whether the SQL comes from a user: it then runs in one thread, in bounded memory, and even `plainly` is
   * out of its reach.
   */
  readonly foreign?: boolean;
}

/** Bytes that a query from anybody may hold in memory, and as much again in temporary files. */
const foreignBytes = (): string => literal(`${Math.floor(totalmem() / 4 / 2 ** 20)}MiB`);

/** Milliseconds for which a query from anybody may compute. */
const LONGEST = 600_000;

/**
 * Runs a query that may come from anybody, and interrupts it when it takes longer than a query may: nothing
 * else ends `SELECT count(*) FROM range(1000000000000)`. Throws DataError then.
 */
export async function withinTime<T>(
  connection: Connection,
  run: () => Promise<T>,
  most = LONGEST,
): Promise<T> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    connection.interrupt();
  }, most);
  try {
    return await run();
  } catch (error) {
    if (!late) throw error;
    throw new DataError(
      `${QUERY}: it was ended after ${most / 60_000} minutes; let it read less, or write its result to a table file with DuckDB and train on that`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Locks a database: from now on it reads these files and no others, writes none, loads nothing, and changes
 * no setting, whatever it is told.
 */
export async function lock(
  connection: Connection,
  { files, folder, foreign = false }: Access,
): Promise<void> {
  const settings = {
    streaming_buffer_size: literal('16MB'), // with less, only one thread would be busy
    // with several threads, the order of an aggregate's rows would vary
    ...(foreign
      ? { threads: '1', memory_limit: foreignBytes(), max_temp_directory_size: foreignBytes() }
      : { allowed_configs: `['disabled_optimizers']` }),
    allowed_paths: `[${files.map(literal)}]`,
    allowed_directories: `[${folder === undefined ? '' : literal(folder)}]`,
    enable_external_access: 'false',
    lock_configuration: 'true',
  };
  for (const [name, value] of Object.entries(settings)) await connection.run(`SET ${name} = ${value}`);
}

/** Tables with more columns than this are read without the optimizers whose time grows with their square. */
const MANY_COLUMNS = 100;

/**
 * Has the SQL for a table of so many columns run as it is written. With 785 columns of whole numbers DuckDB
 * thinks about it for 20 seconds; with a few, the optimizers save a fifth of the time.
 */
export async function plainly(connection: Connection, columns: number): Promise<void> {
  if (columns <= MANY_COLUMNS) return;
  const names = ['common_subexpressions', 'expression_rewriter', 'statistics_propagation'];
  await connection.run(`SET disabled_optimizers = ${literal(names.join(','))}`);
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
export const fileLiteral = (file: string): string => literal(filePattern(file));
/** Writes a file name as a pattern that matches it alone. */
export const filePattern = (file: string): string => file.replace(/[*?[]/g, '[$&]');

/** Returns DuckDB's explanation without the error's class, the hints and the excerpt of the query. */
export function firstLine(error: unknown): string {
  const line = (error as Error).message.split('\n')[0].trim();
  return line.replace(/^(Failed to extract statements: )?[\w ]+ Error: /, '');
}

/** Turns an error of DuckDB into a DataError about `source`; returns any other error unchanged. */
export function duckError(source: string, error: unknown): Error {
  if (error instanceof DataError || !/^[\w -]+(: [\w -]+)?(Error|Exception): /.test((error as Error).message))
    return error as Error;
  const what =
    source === QUERY ? 'correct the query' : 'correct the file, or check that its name says what it holds';
  return new DataError(`${source}: ${firstLine(error).replace(/\.$/, '')}; ${what}`);
}
