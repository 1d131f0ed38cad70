/** Where the suite keeps its tables, splits and results: outside the repository, which holds no table. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TABLES } from './tables.mjs';

const CACHE = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');

export const FOLDER = process.env.GRADPOOL_SUITE || join(CACHE, 'gradpool', 'suite');
export const RESULTS = join(FOLDER, 'results.jsonl');
export const TIMES = join(FOLDER, 'times.jsonl');

/** The system's Python is the one that Debian's scikit-learn belongs to. */
export const PYTHON = process.env.GRADPOOL_SUITE_PYTHON || '/usr/bin/python3';

/** Lists the tables that were fetched. */
export function present() {
  return TABLES.filter(({ name }) => existsSync(join(FOLDER, 'tables', `${name}.json`)));
}

/** Reads what export.py says of a table: task, target, rows, kinds of the columns, targets. */
export function about(name) {
  return JSON.parse(readFileSync(join(FOLDER, 'tables', `${name}.json`), 'utf8'));
}
