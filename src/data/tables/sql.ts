/**
 * Reads a query before it is run. It may stand in a configuration that comes from anybody, so it has to be
 * one SELECT, call nothing that looks outside of its tables, and name the files that it reads.
 */
import { DataError } from '../../errors.js';
import { type Connection, firstLine, literal, QUERY, queryText } from './duckdb.js';

/** Most bytes of a query. */
const LONGEST = 2 ** 16;

/** The functions that stand for a table: those that read table files, and those that make rows. */
const FILE_FUNCTIONS = [
  'read_csv',
  'read_csv_auto',
  'read_parquet',
  'parquet_scan',
  'read_json',
  'read_json_auto',
  'read_ndjson',
  'read_ndjson_auto',
  'read_json_objects',
  'read_json_objects_auto',
  'read_ndjson_objects',
];
const ROW_FUNCTIONS = ['range', 'generate_series', 'unnest', 'repeat', 'json_each', 'json_tree'];

/** Functions that tell of the machine or the process, or leave traces there, beside those named pg_…. */
const REFUSED_FUNCTIONS = [
  'getenv',
  'getvariable',
  'current_setting',
  'current_user',
  'current_query',
  'session_user',
  'write_log',
  'nextval',
  'currval',
  'which_secret',
  'query',
  'query_table',
  'json_execute_serialized_sql',
  'json_serialize_plan',
  'parse_duckdb_log_message',
  'sleep_ms',
];

/** Options of the functions that read files which name a path or leave a table behind. */
const REFUSED_OPTIONS = ['store_rejects', 'rejects_table', 'rejects_scan', 'encryption_config'];

/**
 * Returns the files, patterns of files and names of tables that a query reads, as it writes them. Throws
 * DataError unless it is one SELECT that reads nothing else.
 */
export async function filesInQuery(connection: Connection, text: string): Promise<string[]> {
  if (Buffer.byteLength(text) > LONGEST)
    throw refusal(`it has ${Buffer.byteLength(text)} bytes; at most ${LONGEST} are read`);
  const tree = await parsed(connection, text);
  const found = { files: new Set<string>(), defined: new Set<string>() };
  visit(tree, found);
  return [...found.files].filter((name) => !found.defined.has(name.toLowerCase()));
}

const refusal = (why: string) => new DataError(`${QUERY}: ${why}`);

/** Parses the text with DuckDB's own parser, which runs nothing, and returns the tree of its only SELECT. */
async function parsed(connection: Connection, text: string): Promise<unknown> {
  // The parser stops at a zero byte, and what stands behind it would not be seen.
  if (text.includes('\0')) throw refusal('it holds a zero byte; correct the query');
  let json: string;
  try {
    const [[found]] = await queryText(connection, `SELECT json_serialize_sql(${literal(text)}::VARCHAR)`);
    json = found!;
  } catch (error) {
    throw refusal(`${firstLine(error).replace(/\.$/, '')}; correct the query`);
  }
  const { error, error_type, error_message, statements } = JSON.parse(json) as {
    readonly error: boolean;
    readonly error_type?: string;
    readonly error_message?: string;
    readonly statements?: readonly unknown[];
  };
  if (error && error_type === 'not implemented') throw onlySelect('a statement of another kind');
  if (error || statements === undefined) throw refusal(`${error_message}; correct the query`);
  if (statements.length !== 1) throw onlySelect(`${statements.length} statements`);
  return statements[0];
}

const onlySelect = (found: string) =>
  refusal(`expected one SELECT and nothing else, found ${found}; give a query that only reads`);

type Node = Readonly<Record<string, unknown>>;

interface Found {
  /** Names after FROM, and texts that functions open as files. */
  readonly files: Set<string>;
  /** Names that WITH gives to tables, in lower case. */
  readonly defined: Set<string>;
}

/** Walks over every part of the query. Throws DataError for a part that is refused. */
function visit(node: unknown, found: Found): void {
  if (Array.isArray(node)) {
    for (const part of node) visit(part, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const part = node as Node;
  if (part.type === 'SHOW_REF') throw onlySelect('a description of tables');
  if (part.type === 'BASE_TABLE') baseTable(part, found);
  if (part.type === 'TABLE_FUNCTION') tableFunction(part.function as Node, found);
  else if (part.class === 'FUNCTION') scalarFunction(part);
  if (part.cte_map !== undefined) {
    for (const { key } of (part.cte_map as { map: readonly { key: string }[] }).map)
      found.defined.add(key.toLowerCase());
  }
  if (typeof part.cte_name === 'string') found.defined.add(part.cte_name.toLowerCase());
  for (const value of Object.values(part)) visit(value, found);
}

function baseTable({ catalog_name, schema_name, table_name }: Node, { files }: Found): void {
  if (catalog_name || schema_name || /^(duckdb|sqlite|pg|pragma)_/i.test(String(table_name))) {
    const name = [catalog_name, schema_name, table_name].filter(Boolean).join('.');
    throw refusal(`the table ${name} is not a file; name files in quotes, as in FROM 'houses.csv'`);
  }
  files.add(String(table_name));
}

function tableFunction(call: Node, { files }: Found): void {
  const name = String(call.function_name).toLowerCase();
  if (ROW_FUNCTIONS.includes(name)) return;
  if (!FILE_FUNCTIONS.includes(name)) {
    throw refusal(
      `the function ${name} is not one that reads a table; take ${FILE_FUNCTIONS.slice(0, 5).join(', ')}`,
    );
  }
  const [first, ...options] = call.children as readonly Node[];
  const paths = textsIn(first);
  if (paths === null)
    throw refusal(`${name}: the files must be written as texts, as in ${name}('houses.csv')`);
  for (const path of paths) files.add(path);
  for (const option of options) {
    const { column_names: [named] = [] } = (option.left ?? {}) as {
      readonly column_names?: readonly string[];
    };
    const key = String(named ?? option.alias).toLowerCase();
    if (REFUSED_OPTIONS.includes(key)) throw refusal(`${name}: the option ${key} is refused; leave it out`);
  }
}

/** Returns the texts of a text or of a list of texts; null for anything else. */
function textsIn(node: Node | undefined): string[] | null {
  const value = node?.value as Node | undefined;
  if (node?.class === 'CONSTANT' && typeof value?.value === 'string') return [value.value];
  if (node?.class !== 'FUNCTION' || node.function_name !== 'list_value') return null;
  const texts = (node.children as readonly Node[]).map(textsIn);
  return texts.includes(null) ? null : texts.flat().map(String);
}

function scalarFunction({ function_name }: Node): void {
  const name = String(function_name).toLowerCase();
  if (!REFUSED_FUNCTIONS.includes(name) && !/^(pg|pragma|duckdb|has)_/.test(name)) return;
  throw refusal(`the function ${name} looks outside of the tables and is refused; leave it out`);
}
