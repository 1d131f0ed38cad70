/**
 * Trains small networks one after another in one process, ends a third of them in their middle, and prints
 * what is left of them: memory, handles, threads, open files and files in their folders.
 *   node test/faults/soak.mjs [--minutes 60] [--seed 1] [--kernels wasm]
 * The slope of memory is that of the least resident memory of each minute, or of each 60th of a shorter time,
 * by least squares, without the first quarter. Exits with 1 where it is 0.1 MB a minute or more, or anything
 * else is left.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const library = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url));
const { train } = await library('run/train.js');
const { Stream } = await library('random.js');

const given = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    kernels: { type: 'string' },
  },
}).values;
const [minutes, seed] = [given.minutes, given.seed].map(Number);
const stream = new Stream(seed, 99, 0);
const folder = mkdtempSync(join(tmpdir(), 'gradpool-soak-'));
const run = join(folder, 'run');

const csv = join(folder, 't.csv');
const cells = (i) => `${i % 17},${stream.uniform()},w${i % 3},${['a', 'b'][i % 2]}`;
writeFileSync(csv, `x,y,z,t\n${Array.from({ length: 300 }, (_, i) => cells(i)).join('\n')}\n`);

/** What is trained in turn. */
const base = { epochs: 6, batch: 32, optimizer: 'adam', checkpointEvery: 5, val: 0.2 };
const KINDS = [
  { ...base, data: 'spirals', hidden: [16], workers: 0 },
  { ...base, data: 'spirals', hidden: [48, 24], workers: 2 },
  { ...base, data: csv, target: 't', hidden: [16], workers: 2 },
  { ...base, data: csv, target: 't', hidden: [8], workers: 0, onNonfinite: 'rollback', audit: 0.2 },
  { ...base, data: csv, target: 't', hidden: [8], workers: 3, bag: 2, epochs: 3 },
  { ...base, data: 'moons', hidden: [8], workers: 2, kernels: 'wasm' },
];

/** What a run's folder may hold. */
const FILES =
  /^(run\.json|config\.yaml|metrics\.jsonl|model\.safetensors|checkpoints|members|\d+|(last|last-1|best|best-1)\.safetensors|picture\.jsonl|refit)$/;
const counts = { trainings: 0, aborted: 0, left: 0 };

async function once(options) {
  const abort = new AbortController();
  const ends = counts.trainings % 3 === 2 ? 1 + stream.below(20) : Number.POSITIVE_INFINITY;
  let steps = 0;
  for await (const event of train(
    { ...options, ...(given.kernels ? { kernels: given.kernels } : {}), seed: counts.trainings },
    { out: run, signal: abort.signal },
  )) {
    if (event.type === 'step' && ++steps === ends) abort.abort();
    if (event.type === 'end' && event.status === 'interrupted') counts.aborted++;
  }
  counts.trainings++;
  const names = readdirSync(run, { recursive: true }).flatMap((path) => path.split('/'));
  counts.left += names.filter((name) => !FILES.test(name)).length;
  rmSync(run, { recursive: true });
}

/** What this process holds. */
const held = () => ({
  threads: readdirSync('/proc/self/task').length,
  handles: process.getActiveResourcesInfo().length,
  files: readdirSync('/proc/self/fd').length,
  shared: readdirSync(folder).length,
});

/** Returns the slope of a line through points, by least squares. */
function slope(points) {
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [mean(points.map((p) => p[0])), mean(points.map((p) => p[1]))];
  const over = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

for (const kind of KINDS) await once(kind);
collect();
const before = held();
const began = performance.now();
const window = Math.min(1, minutes / 60);
const least = []; // of each window: its time in minutes, and the least memory in MB
for (let i = 0, now = 0; now < minutes; i++) {
  await once(KINDS[i % KINDS.length]);
  collect();
  now = (performance.now() - began) / 60_000;
  const megabytes = process.memoryUsage.rss() / 1e6;
  const at = Math.floor(now / window);
  if (!(least[at]?.[1] < megabytes)) least[at] = [now, megabytes];
}
await new Promise((resolve) => setTimeout(resolve, 1000));
collect();
const after = held();
const points = least.filter((point) => point && point[0] >= minutes / 4);
const perMinute = slope(points);
const more = Object.keys(before)
  .map((what) => `${what} ${before[what]} to ${after[what]}`)
  .join(', ');
const { trainings, aborted, left } = counts;
console.log(
  `soak: ${minutes} minutes, ${trainings} trainings, ${aborted} aborted, ${left} files left in their folders; ` +
    `memory ${points[0][1].toFixed(0)} to ${points.at(-1)[1].toFixed(0)} MB, ${perMinute.toFixed(3)} MB a minute; ${more}`,
);
rmSync(folder, { recursive: true });
const grown = Object.keys(before).some((what) => after[what] > before[what]);
process.exitCode = perMinute < 0.1 && left === 0 && !grown ? 0 : 1;
