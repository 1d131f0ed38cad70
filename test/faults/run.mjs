/**
 * Disturbs gradpool and counts how often it comes to the same bits all the same:
 *   node test/faults/run.mjs [--only kills,calls,accidents,flips] [--jobs train,resume,…] [--faults ENOSPC,…]
 *                            [--accidents loop,…] [--tasks update,…] [--count 1000] [--seed 1]
 * `npm run test:faults` sets up and runs all of it, which takes hours; the suite runs a short form. Folders
 * in which something went wrong are kept, and their paths are printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';

// A thread that runs out of memory shall do so soon.
setFlagsFromString('--max-old-space-size=256');

const PARTS = ['kills', 'calls', 'accidents', 'flips'];
const given = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join() },
    jobs: { type: 'string', default: 'train,resume,sweep,predict' },
    faults: { type: 'string' },
    accidents: { type: 'string' },
    tasks: { type: 'string' },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
}).values;
const { buildShim, disturbCalls, killAtRandom } = await import('./calls.mjs');
const { accidents, flips } = await import('./accidents.mjs');
const { Stream } = await import(new URL('../../dist/src/random.js', import.meta.url));

const stream = new Stream(Number(given.seed), 99, 0);
const random = () => stream.uniform();
const count = Number(given.count);
const folder = mkdtempSync(join(tmpdir(), 'gradpool-faults-'));
const only = given.only.split(',');
const jobs = given.jobs.split(',');
const [faults, kinds, tasks] = ['faults', 'accidents', 'tasks'].map((name) => given[name]?.split(','));

async function* measured() {
  if (only.includes('kills')) for (const name of jobs) yield killAtRandom(name, { count, folder, random });
  if (only.includes('calls')) {
    const shim = buildShim(folder);
    if (shim === null)
      console.log('calls: skipped, there is no C compiler (cc) to build the library that disturbs them');
    else for (const name of jobs) yield* disturbCalls(name, { count, folder, shim, faults });
  }
  if (only.includes('accidents')) yield* accidents({ count, folder, random, kinds, tasks });
  if (only.includes('flips')) yield flips({ count, folder, random });
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Writes a row of the table. Some tries have nothing to go on from, such as a run not yet begun. */
function line({ what, tried, begun, right, of, added }) {
  const places = of === undefined ? '' : `, at ${tried} of ${of} calls`;
  const time = added?.length > 0 ? `, ${Math.round(median(added))} ms more in the median` : '';
  return `${what.padEnd(32)} ${right}/${tried} (${begun} had begun)${places}${time}`;
}

let failures = 0;
for await (const row of measured()) {
  console.log(line(row));
  for (const failure of row.failures) console.log(`  ${failure}`);
  failures += row.failures.length;
}
if (failures === 0) rmSync(folder, { recursive: true });
process.exitCode = failures === 0 ? 0 : 1;
