/** Opens DuckDB once for many files, because to open it takes longer than to read a small file. */
import { tmpdir } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';

/** Files after which the database is opened anew. */
const FILES = 500;

/** From now on all that this process opens is one locked database, which reads files below tmpdir(). */
export async function shareDatabase() {
  const { lock } = await import(new URL('../../dist/src/data/tables/duckdb.js', import.meta.url));
  const create = DuckDBInstance.create.bind(DuckDBInstance);
  let database = null;
  let opened = 0;
  DuckDBInstance.create = async (path, settings) => {
    if (opened++ % FILES === 0) {
      database?.closeSync();
      // A file of the same name is another one soon.
      database = await create(path, { ...settings, enable_external_file_cache: 'false' });
      const first = await database.connect();
      await lock(first, { files: [], folder: tmpdir() });
      first.disconnectSync();
    }
    const connect = () => connected(database);
    return { connect, closeSync() {} };
  };
}

/** Returns a connection that leaves the settings of a locked database as they are. */
async function connected(database) {
  const connection = await database.connect();
  const run = connection.run.bind(connection);
  connection.run = async (sql, ...more) => (sql.startsWith('SET ') ? undefined : run(sql, ...more));
  return connection;
}
