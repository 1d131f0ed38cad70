/**
 * Prints files of figures, which `node test/faults/run.mjs --figures FILE` has written, as one table:
 *   node test/faults/table.mjs FILE…
 */
import { readFileSync } from 'node:fs';
import { merged, table } from './figures.mjs';

const lines = process.argv.slice(2).flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
console.log(table(merged(lines.map((line) => JSON.parse(line)))));
