/** The store of results: lines of JSON, of which the last with the same key counts. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';

export function keyOf({ contestant, table, repeat, fold }) {
  return `${contestant} ${table} ${repeat} ${fold}`;
}

/** Reads a store as a map from key to entry. A line that a killed run left unfinished is left out. */
export function readStore(file) {
  const entries = new Map();
  if (!existsSync(file)) return entries;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.endsWith('}')) continue;
    const entry = JSON.parse(line);
    entries.set(keyOf(entry), entry);
  }
  return entries;
}

/** Appends an entry with the time and the load of the machine, which says whether its seconds mean much. */
export function append(file, entry) {
  mkdirSync(dirname(file), { recursive: true });
  const load = Math.round(10 * loadavg()[0]) / 10;
  appendFileSync(file, `${JSON.stringify({ ...entry, load, at: new Date().toISOString() })}\n`);
}
