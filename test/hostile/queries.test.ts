/**
 * A query is one SELECT over table files that it names, whatever is put around it (src/data/tables/sql.ts).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeSource } from '#src/data/describe.js';
import { withDuckDB, withinTime } from '#src/data/tables/duckdb.js';
import { findRuns } from '#src/experiment/listing/query.js';
import { failure, file } from '../data/helpers.js';

const table = file('t.csv', 'a,y\n1,u\n2,v\n3,u\n4,v\n');
const json = file('t.json', '[{"a": 1, "y": "u"}, {"a": 2, "y": "v"}]');
const written = join(table, '..', 'written.csv');
file('secret', 'a,b\n1,2\n');
const secret = join(table, '..', 'secret');

const HOSTILE = [
  `select 1 as a)); copy (select 42 as x) to '${written}'; select * from (select * from (select 1 as b`,
  `select 1 as a) to '${written}'; --`,
  `select 1; copy (select 1) to '${written}'`,
  `select 1 as a; select 2 as b`,
  `select 1 as a /* ; */; -- ;\n create table t as select 1`,
  `with x as (select 1 as a) insert into t select * from x`,
  `with x as (insert into t values (1) returning *) select * from x`,
  `from (copy (select 1) to '${written}')`,
  `from '${table}'; attach '${written}' as w`,
  `select * from (attach '${written}')`,
  `select 1\0; copy (select 1) to '${written}'`,
  `from read_text('${secret}')`,
  `from read_blob('${secret}')`,
  `from glob('/*')`,
  `from sniff_csv('${secret}')`,
  `from read_csv('${secret}')`,
  `from '${secret}'`,
  `from "${secret}"`,
  `from read_csv('/etc/pass' || 'wd')`,
  `from read_csv(['${table}', '${secret}'])`,
  `from read_csv('/etc/*')`,
  `from read_csv('${table}', store_rejects = true)`,
  `from parquet_kv_metadata('${secret}')`,
  `from query('copy (select 1) to ''${written}''')`,
  `from query_table('${secret}')`,
  `select a from '${table}' where a < (select count(*) from read_text('${secret}'))`,
  `with recursive r as (select 1 as a union all select length(content) from read_text('${secret}')) from r`,
  `select current_setting('secret_directory') as a`,
  `select getenv('HOME') as a`,
  `select getvariable('x') as a`,
  `select write_log('x') as a`,
  `from duckdb_settings()`,
  `from duckdb_secrets()`,
  `from pragma_version()`,
  `from sqlite_master`,
  `from information_schema.tables`,
  `from json_execute_serialized_sql(json_serialize_sql('select 1'))`,
  `from (describe select 1)`,
  `from 'https://example.org/x.csv'`,
  `from 's3://bucket/x.parquet'`,
  `from '/dev/stdin'`,
  `select ${'('.repeat(50_000)}1${')'.repeat(50_000)}`,
  `select 1${' + 1'.repeat(15_000)} as a`,
  `select '${'x'.repeat(70_000)}' as a`,
  `select 1 as a union by name pragma version`,
  `from '${table}' select a into outfile '${written}'`,
  `select $1 as a`,
  `select * from (pivot '${table}' on y using sum(a))`,
  `select sleep_ms(1000) as a from '${table}'`,
  `select system.main.getenv('HOME') as a from '${table}'`,
  `select list_transform(['HOME'], x -> getenv(x))[1] as a from '${table}'`,
  `select a from '${table}' limit (select length(content) from read_text('${secret}'))`,
  `from read_csv('${table}', buffer_size = 1000000000000)`,
  `from read_csv('${table}', rejects_table => 'x')`,
];

describe('queries', () => {
  it('that are hostile are refused in one line', async () => {
    let refused = 0;
    for (const query of HOSTILE) {
      const message = await failure(() => describeSource(query)).catch((error) => `${query}: ${error}`);
      expect(message, query.slice(0, 100)).toMatch(/^3: /);
      refused++;
    }
    console.log(`hostile queries: ${refused} of ${HOSTILE.length} refused`);
    expect(existsSync(written)).toBe(false);
  });

  it.each([
    `select a, y from '${table}' where a < 4`,
    `from '${table}';`,
    `from read_csv('${table}', header = true) -- all of it`,
    `with t as (from '${table}') select a from t union all select a + 1 from t`,
    `select x.a, z.y from '${table}' x join read_json('${json}') z using (a) /* ; drop table t */`,
    `from '${table.replace('t.csv', '?.csv')}'`,
    `select a, list_sum([a, 1]) as b from '${table}' order by a ;; `,
    `select i, i % 3 as y from range(9) r(i)`,
  ])('%s is read', async (query) => {
    expect((await describeSource(query)).parts[0].rows).toBeGreaterThan(0);
  });

  it('say which files they read', async () => {
    const { loadTrainingData } = await import('#src/data/load.js');
    const options = { task: 'auto', val: 0, seed: 1, target: 'y' } as const;
    const { notes } = await loadTrainingData({ ...options, data: `select a, y from '${table}'` });
    expect(notes[0]).toBe(`query: it reads "${table}"`.slice(0, notes[0].length));
  });

  it('that compute without end are ended', async () => {
    const count = 'SELECT count(*) FROM range(1000000000000)';
    const ended = withDuckDB((connection) => withinTime(connection, () => connection.run(count), 60));
    await expect(ended).rejects.toThrow(/^query: it was ended after 0\.001 minutes; let it read less/);
  });

  it('and conditions on runs cannot close the bracket around them', async () => {
    const record = {
      gradpool: '0.1.0',
      status: 'completed',
      started: '2026-01-01T00:00:00.000Z',
      ended: null,
      exitCode: 0,
      error: null,
      argv: [],
      seed: 1,
      kernels: 'wasm',
      library: null,
      machine: {},
      dataset: '0'.repeat(64),
      result: null,
    };
    file('runs/one/run.json', JSON.stringify(record));
    const where = `1 = 1) to '${written}'; select (1`;
    const folder = join(table, '..', 'runs');
    expect(await failure(() => findRuns(folder, { where }))).toMatch(/^2: --where/);
    expect(await failure(() => findRuns(folder, { where: `1 in (from read_text('${secret}'))` }))).toMatch(
      /^2: --where/,
    );
    expect((await findRuns(folder, { where: 'seed = 1' })).rows).toHaveLength(1);
  });
});
