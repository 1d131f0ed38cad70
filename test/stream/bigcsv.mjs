/**
 * Writes a large CSV file: 40 columns of numbers, some of them missing, a category of 12 words and a target
 * that depends on both. The same size gives the same bytes.
 *
 *   node test/stream/bigcsv.mjs big.csv 1000      # megabytes
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const [path, megabytes = '300'] = process.argv.slice(2);
const COLUMNS = 40;
const WORDS = Array.from({ length: 12 }, (_, i) => `kind${String.fromCharCode(97 + i)}`);

let state = 0x9e3779b9;
/** Marsaglia's xorshift32. */
function next() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** Returns one row as text. */
function row() {
  const kind = next() % WORDS.length;
  const numbers = Array.from({ length: COLUMNS }, () => ((next() % 2_000_001) - 1_000_000) / 100_000);
  const sum = numbers[0] * numbers[1] + numbers[2] + 3 * (kind % 3) + numbers[3];
  const cells = numbers.map((value) => (next() % 100 === 0 ? '' : value));
  return `${cells.join(',')},${WORDS[kind]},${sum > 3 ? 'yes' : 'no'}\n`;
}

const file = openSync(path, 'w');
const header = `${[...Array(COLUMNS).keys()].map((i) => `x${i}`).join(',')},kind,y\n`;
let written = writeSync(file, header);
while (written < 1e6 * Number(megabytes)) {
  let text = '';
  while (text.length < 2 ** 20) text += row();
  written += writeSync(file, text);
}
closeSync(file);
