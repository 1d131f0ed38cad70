/**
 * Disturbs gradpool and counts how often it comes to the same bits all the same, or says in one line why not:
 *   node test/faults/run.mjs [--only kills,calls,accidents,flips,damages,fuzz] [--count 1000] [--seed 1]
 *                            [--processes 2] [--minutes M] [--figures FILE]
 *                            [--jobs train,…] [--faults ENOSPC,…] [--accidents loop,…] [--tasks …]
 *                            [--files run.json,…] [--readers CSV,…]
 * A row of the table has at most `--count` tries. They are spread over the processes, and over the time
 * where `--minutes` ends it early. `--figures` appends the rows to a file, which table.mjs makes a table of;
 * another seed makes other tries. What went wrong is kept, and its path is printed. Only Node, the built
 * files, the packages and a C compiler are needed.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { countIn, line, newTally } from './figures.mjs';
import { shareOut } from './lanes.mjs';
import { PARTS } from './parts.mjs';
import { buildShim } from './shim.mjs';

const text = (value) => ({ type: 'string', ...(value === undefined ? {} : { default: value }) });
const given = parseArgs({
  options: {
    only: text(Object.keys(PARTS).join()),
    count: text('1000'),
    seed: text('1'),
    processes: text(`${availableParallelism()}`),
    minutes: text('Infinity'),
    figures: text(),
    jobs: text(),
    faults: text(),
    accidents: text(),
    tasks: text(),
    files: text(),
    readers: text(),
  },
}).values;
const [count, seed, processes, minutes] = [given.count, given.seed, given.processes, given.minutes].map(
  Number,
);
/** Whether a name is among those that an option gives, or the option is not given. */
const chosen = (option, name) => given[option]?.split(',').includes(name) ?? true;

const folder = mkdtempSync(join(tmpdir(), 'gradpool-faults-'));
const shim = given.only.includes('calls') ? buildShim(folder) : null;
const rows = Object.entries(PARTS)
  .flatMap(([part, { rows }]) => rows({ shim }).map((row) => ({ part, ...row })))
  .map((row, number) => ({ ...row, number }))
  .filter(
    ({ part, only }) =>
      chosen('only', part) && Object.entries(only).every(([option, name]) => chosen(option, name)),
  );
if (given.only.includes('calls') && shim === null)
  console.log('calls: skipped, there is no C compiler (cc) to build the library that disturbs them');

/** Most pieces of a row: enough that all processes have work to the end. */
const PIECES = 64;
const pieces = rows
  .flatMap((row) => {
    const attempts = Math.ceil(count / (row.each ?? 1));
    const of = Math.min(PIECES, attempts);
    return Array.from({ length: of }, (_, next) => ({ row, count: attempts, next, of, seed }));
  })
  .sort((a, b) => a.next - b.next);

const tallies = new Map(rows.map((row) => [row.number, newTally(row)]));
const tell = {
  message(piece, { possible, trying, tried, failed }) {
    const tally = tallies.get(piece.row.number);
    if (possible !== undefined) tally.possible = possible;
    else if (trying !== undefined) piece.trying = trying;
    else if (tried !== undefined) {
      for (const each of tried) countIn(tally, each);
      piece.next += piece.of;
      piece.trying = undefined;
    } else piece.failed = failed;
  },
  /** A process that ends within a try is wrong; the tries after it are made by another. */
  crash({ trying, failed, ...piece }, ended) {
    const where = trying ?? 'between two tries';
    countIn(tallies.get(piece.row.number), { wrong: `${where}: the process ended with ${failed ?? ended}` });
    return trying === undefined ? null : { ...piece, next: piece.next + piece.of };
  },
};

const script = fileURLToPath(new URL('child.mjs', import.meta.url));
const began = performance.now();
const until = began + minutes * 60_000;
const { left, stopped } = await shareOut({ script, words: [folder], pieces, processes, until, tell });

let wrong = 0;
for (const tally of tallies.values()) {
  console.log(line(tally));
  if (tally.listed.length > 0) console.log(`  harmless: ${tally.listed.join('; ')}`);
  for (const failure of tally.wrong) console.log(`  ${failure}`);
  wrong += tally.wrong.length;
  if (given.figures) appendFileSync(given.figures, `${JSON.stringify(tally)}\n`);
}
const took = ((performance.now() - began) / 60_000).toFixed(1);
const early = left > 0 || stopped ? `, ended early with ${left} of ${pieces.length} pieces left` : '';
console.log(`${took} minutes with ${processes} processes, seed ${seed}${early}`);
if (wrong === 0) rmSync(folder, { recursive: true, force: true });
process.exitCode = wrong === 0 ? 0 : 1;
