/** `npm run bench:tables`: trains peers and variants of gradpool on the suite's tables, and reports. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { documentText } from './document.mjs';
import { fetchTables } from './fetch.mjs';
import { RESULTS, TIMES } from './folder.mjs';
import { runGradpool } from './gradpool.mjs';
import { PEERS, runPeer } from './peers.mjs';
import { sections, terminalText } from './report.mjs';
import { splitsFor } from './splitfiles.mjs';
import { FOLDS, REPEATS } from './splits.mjs';
import { append, keyOf, readStore } from './store.mjs';
import { HALVES, TABLES } from './tables.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const USAGE = `npm run bench:tables -- [flags] [-- FLAGS OF gradpool train]
What was trained before is not trained again; the results lie in ${RESULTS}.
With neither --variant, --peers nor --report it trains the peers and the variant "default", and reports.

  --variant NAME     train gradpool with the flags after --, and keep the results under NAME
  --checkout DIR     the checkout whose dist/bin/gradpool.js is run (${ROOT})
  --predict          score what gradpool predict says of the test rows instead of believing the report;
                     needed where the loss is not the plain cross-entropy (label smoothing, focal, …)
  --peers A;B        train these peers (${PEERS.join('; ')}) or "all"
  --tables A,B       only these tables
  --half NAME        only this half of the tables (${HALVES.join(', ')})
  --task NAME        only tables of this task (classification, regression)
  --repeats ${REPEATS}        repeats of each split
  --folds ${FOLDS}          folds of each repeat
  --jobs 1           how many splits are trained at once
  --again            train anew what was trained before
  --times            train one split of each table, one at a time, and keep only the seconds; on a quiet machine
  --report           report what the results hold
  --contestants A;B  report: these contestants (all peers and the last variant)
  --ablation A;B;C   report: the changes from variant A to B, to C, …; may be given several times
  --write            report: write docs/tables.md`;

const FLAGS = {
  variant: { type: 'string' },
  checkout: { type: 'string', default: ROOT },
  predict: { type: 'boolean', default: false },
  peers: { type: 'string' },
  tables: { type: 'string' },
  half: { type: 'string' },
  task: { type: 'string' },
  repeats: { type: 'string', default: String(REPEATS) },
  folds: { type: 'string', default: String(FOLDS) },
  jobs: { type: 'string', default: '1' },
  again: { type: 'boolean', default: false },
  times: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  contestants: { type: 'string' },
  ablation: { type: 'string', multiple: true, default: [] },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

const { values, positionals: trainFlags } = flags();
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const everything = values.variant === undefined && values.peers === undefined && !values.report;
const variant = everything ? 'default' : values.variant;
const peers = everything || values.peers === 'all' ? PEERS : list(values.peers, ';', 'peers', PEERS);
const there = fetchTables();
const tables = chosenTables();
const pairs = values.times
  ? [[0, 0]]
  : splitsFor({ repeats: whole('repeats', REPEATS), folds: whole('folds', FOLDS) });
const store = values.times ? TIMES : RESULTS;
const checkout = resolve(values.checkout);
const done = readStore(store);

await inParallel(values.times ? 1 : whole('jobs', 64), [...variantTasks(), ...peerTasks()]);
if (everything || values.report) {
  const last = [...readStore(RESULTS).values()].findLast(({ contestant }) => !PEERS.includes(contestant));
  const named = values.contestants?.split(';') ?? [variant ?? last?.contestant, ...PEERS];
  const contestants = named.filter((name) => name !== undefined).map((name) => name.trim());
  const variants = values.ablation.map((names) => names.split(';').map((name) => name.trim()));
  const parts = sections(tables, contestants, variants);
  process.stdout.write(`${terminalText(parts)}\n`);
  if (values.write) writeFileSync(join(ROOT, 'docs', 'tables.md'), documentText(tables, contestants, parts));
}

/** Returns a task for each split of the variant, those of one table one after the other. */
function variantTasks() {
  if (variant === undefined) return [];
  const command = join(checkout, 'dist', 'bin', 'gradpool.js');
  if (!existsSync(command)) fail(`there is no ${command}; build it with node bin/setup.mjs`);
  const flagsText = trainFlags.join(' ');
  const others = [...done.values()].find((e) => e.contestant === variant && e.flags !== flagsText);
  if (others !== undefined && !values.again) {
    fail(
      `--variant ${variant} was trained with "${others.flags}", not "${flagsText}"; name it otherwise, or --again`,
    );
  }
  const version = commitOf(checkout);
  const older = [...done.values()].find((entry) => entry.contestant === variant && entry.version !== version);
  if (older !== undefined && !values.again) {
    note(
      `bench:tables: some of "${variant}" was trained by ${older.version} and stays; this is ${version} (--again)`,
    );
  }
  const how = { checkout, flags: trainFlags, predict: values.predict, coverage: !values.times };
  return tables.flatMap(({ name }) => {
    const summary = summaryOf(variant, name);
    const missing = missingPairs(variant, name);
    return missing.map((pair) => async () => {
      const result = await runGradpool(how, name, ...pair);
      const [repeat, fold] = pair;
      append(store, { contestant: variant, table: name, repeat, fold, ...result, flags: flagsText, version });
      summary(result, missing.length);
    });
  });
}

/** Returns a task for each peer and table. */
function peerTasks() {
  return tables.flatMap(({ name }) =>
    peers.flatMap((peer) => {
      const missing = missingPairs(peer, name);
      const summary = summaryOf(peer, name);
      const keep = (result) => {
        append(store, { contestant: peer, table: name, ...result });
        summary(result, missing.length);
      };
      if (missing.length === 0) return [];
      return [() => runPeer(peer, name, missing, values.times ? 2 : 1, keep)];
    }),
  );
}

/** Lists the splits to be trained: those without a result, those that failed, or all with --again. */
function missingPairs(contestant, table) {
  const before = ([repeat, fold]) => done.get(keyOf({ contestant, table, repeat, fold }));
  return pairs.filter(
    (pair) => values.again || before(pair) === undefined || before(pair).error !== undefined,
  );
}

/** Returns a function that takes results and prints a line when the table's last one has come. */
function summaryOf(contestant, table) {
  const results = [];
  return (result, expected) => {
    results.push(result);
    if (results.length === expected) note(summaryLine(contestant, table, results));
  };
}

function summaryLine(contestant, table, results) {
  const good = results.filter(({ error }) => error === undefined);
  const meanOf = (key) => good.reduce((sum, result) => sum + result[key], 0) / good.length;
  const names = ['logLoss', 'accuracy', 'rmse', 'r2'].filter((key) => good[0]?.[key] !== undefined);
  const scores = names.map((key) => `${key} ${Number(meanOf(key).toPrecision(4))}`);
  const failed = results.find(({ error }) => error !== undefined);
  const failure = failed ? [`${results.length - good.length} failed: ${failed.error}`] : [];
  const splitsText = `${good.length} splits, ${meanOf('seconds').toFixed(1)} s (CPU ${meanOf('cpuSeconds').toFixed(1)})`;
  return [`${contestant}, ${table}`, ...scores, splitsText, ...failure].join('  ');
}

async function inParallel(jobs, tasks) {
  const queue = tasks[Symbol.iterator]();
  const work = async () => {
    for (const task of queue) await task();
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

function chosenTables() {
  const names = list(
    values.tables,
    ',',
    'tables',
    TABLES.map(({ name }) => name),
  );
  list(values.half, ',', 'half', HALVES);
  list(values.task, ',', 'task', ['classification', 'regression']);
  return there
    .filter(({ name }) => values.tables === undefined || names.includes(name))
    .filter(({ half }) => values.half === undefined || values.half === half)
    .filter(({ task }) => values.task === undefined || values.task === task);
}

function list(text, between, flag, known) {
  const words = (text ?? '')
    .split(between)
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) fail(`--${flag} ${unknown}: expected ${known.join(`${between} `)}`);
  return words;
}

function whole(flag, most) {
  const value = Number(values[flag]);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  return fail(`--${flag} ${values[flag]}: expected a whole number from 1 to ${most}`);
}

/** Names the commit of a checkout, with + if files differ from it. */
function commitOf(folder) {
  try {
    const git = (...args) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).trim();
    return git('describe', '--always', '--dirty=+');
  } catch {
    return 'unknown';
  }
}

function flags() {
  try {
    return parseArgs({ options: FLAGS, allowPositionals: true });
  } catch (error) {
    return fail(`${error.message.split('. ')[0]}; --help lists the flags`);
  }
}

function note(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  note(`bench:tables: ${line}`);
  process.exit(2);
}
