/** `npm run bench:peers`: measures gradpool and its peers in turns, and writes docs/peers.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KERNEL_NAMES } from '#src/kernels/kernels.js';
import { contestants, findPython, NETWORKS, PACKAGES, weights } from './contestants.mjs';
import { mnist } from './mnist.mjs';
import { documentText, readmeText } from './report.mjs';
import { writeBetween } from './summary.mjs';
import { compete } from './turns.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PEERS = ['torch', 'sklearn', 'jax', 'tfjs', 'brain', 'convnet', 'adam', 'mnist'];
const USAGE = `npm run bench:peers -- [flags]
  --install            fetch the npm packages of the peers into test/peers/node_modules first
  --networks A,B       only these (${NETWORKS.map(([network]) => network).join(', ')}); 'none' for MNIST alone
  --only torch,sklearn gradpool and these only (${PEERS.join(', ')})
  --rounds 5           turns of each setting that its trials chose
  --seconds 0.8        length of a turn
  --json FILE          write every raw figure
  --from A,B           measure nothing: write the tables from these files of --json
  --no-write           leave docs/peers.md and the README as they are; so does a run of a part`;

const FLAGS = {
  install: { type: 'boolean' },
  networks: { type: 'string' },
  only: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '0.8' },
  json: { type: 'string' },
  from: { type: 'string' },
  'no-write': { type: 'boolean' },
  help: { type: 'boolean' },
};

const values = flags();

if (values.help) process.stdout.write(`${USAGE}\n`);
else await main();

async function main() {
  if (values.install) install();
  const result = values.from === undefined ? await measure() : merge(list(values.from).map(readJson));
  if (values.json) writeFileSync(values.json, JSON.stringify(result, null, 1));
  const part = values.networks !== undefined || values.only !== undefined;
  if (!part && !values['no-write']) {
    writeFileSync(`${ROOT}docs/peers.md`, documentText(result));
    const readme = readFileSync(`${ROOT}README.md`, 'utf8');
    writeFileSync(`${ROOT}README.md`, writeBetween(readme, 'peers', readmeText(result)));
    note('written: docs/peers.md, README.md');
  }
  process.stdout.write(`${readmeText(result)}\n`);
}

async function measure() {
  const rounds = positive('rounds');
  const seconds = positive('seconds');
  const cores = availableParallelism();
  const python = findPython();
  const only = values.only === undefined ? null : new Set(['gradpool', ...list(values.only).map(knownPeer)]);
  const all = contestants({ cores, python, node: recentNode() });
  const missing = new Set(all.flatMap(kernelsOf).filter((name) => !KERNEL_NAMES.includes(name)));
  const entries = all.filter(
    (entry) => (only?.has(entry.peer) ?? true) && !kernelsOf(entry).some((name) => missing.has(name)),
  );
  const skipped = new Set();
  const say = (line) => {
    if (line.startsWith('skipped: ')) skipped.add(line.slice('skipped: '.length).replace(/ \(.*?\)/, ''));
    note(line);
  };

  for (const name of missing) say(`skipped: gradpool ${name}: this build has no kernels of that name`);
  const pieces = [];
  let versions = {};
  for (const [network, batch] of chosenNetworks()) {
    const fitting = entries.filter(
      ({ networks, mostWeights = Infinity }) =>
        (networks?.includes(network) ?? true) && weights(network) <= mostWeights,
    );
    const found = await compete(fitting, network, batch, { rounds, seconds, note: say });
    versions = { ...versions, ...found.versions };
    pieces.push({ network, batch, measurements: found.measurements });
  }
  const withMnist = only?.has('mnist') ?? values.networks === undefined;
  const torch = versions.PyTorch !== undefined || hasTorch(python);
  return {
    machine: machineText(),
    versions: { ...versions, Node: process.versions.node },
    date: new Date().toISOString().slice(0, 10),
    commands: [
      `npm run bench:peers${process.argv.slice(2).length > 0 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
    ],
    rounds,
    seconds,
    skipped: [...skipped],
    pieces,
    mnist: withMnist ? await mnist({ cores, python, torch, rounds: Math.min(rounds, 3), note }) : null,
  };
}

/** Sittings of one machine as one result. */
function merge(results) {
  return {
    ...results[0],
    rounds: [...new Set(results.map(({ rounds }) => rounds))].sort((a, b) => a - b).join(' to '),
    versions: Object.assign({}, ...results.map(({ versions }) => versions)),
    commands: [
      'npm run bench:peers -- --networks NETWORK --json FILE',
      'npm run bench:peers -- --from FILES',
    ],
    skipped: [...new Set(results.flatMap(({ skipped }) => skipped))],
    pieces: results.flatMap(({ pieces }) => pieces),
    mnist: mergeMnist(results.flatMap((result) => result.mnist ?? [])),
  };
}

function mergeMnist(parts) {
  if (parts.length === 0) return null;
  const all = (index, key) => parts.flatMap(({ runs }) => runs[index][key]);
  const runs = parts[0].runs.map((run, index) => ({
    ...run,
    seconds: all(index, 'seconds'),
    accuracy: all(index, 'accuracy'),
    firstStep: all(index, 'firstStep'),
  }));
  return { ...parts[0], runs };
}

/** Names the kernels that a contestant of gradpool's own asks for. */
function kernelsOf({ settings }) {
  return settings.flatMap((setting) => /\bkernels=(\S+)/.exec(setting)?.slice(1) ?? []);
}

function chosenNetworks() {
  if (values.networks === undefined) return NETWORKS;
  if (values.networks === 'none') return [];
  return list(values.networks).map((name) => {
    const found = NETWORKS.find(([network]) => network === name);
    return found ?? fail(`--networks ${name}: none of ${NETWORKS.map(([network]) => network).join(', ')}`);
  });
}

function knownPeer(name) {
  return PEERS.includes(name) ? name : fail(`--only ${name}: none of ${PEERS.join(', ')}`);
}

function install() {
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['install', '--prefix', HERE, ...flags, ...PACKAGES], { stdio: ['ignore', 2, 2] });
}

/** jax-js asks for a newer Node than gradpool does; npx fetches one, but only for a jax-js that is there. */
function recentNode() {
  const recent = Number.parseInt(process.versions.node, 10) >= 22;
  return recent || !existsSync(`${HERE}node_modules/@jax-js/jax`)
    ? ['node']
    : ['npx', '-y', '-p', 'node@24', 'node'];
}

function hasTorch(python) {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function machineText() {
  const { model } = cpus()[0];
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const has = ['avx2', 'avx512f', 'avx512_bf16', 'amx_tile'].filter((flag) =>
    new RegExp(`\\b${flag}\\b`).test(flags),
  );
  const memory = Math.round(totalmem() / 2 ** 30);
  return [`${availableParallelism()} × ${model.trim()}`, ...has, `${memory} GiB`, process.platform].join(
    ', ',
  );
}

function flags() {
  try {
    return parseArgs({ options: FLAGS }).values;
  } catch (error) {
    return fail(`${error.message.split('. ')[0]}; --help lists the flags`);
  }
}

function positive(name) {
  const value = Number(values[name]);
  return value > 0 ? value : fail(`--${name} ${values[name]}: expected a number above 0`);
}

function list(text) {
  return text.split(',').filter((word) => word !== '');
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(`--from ${file}: ${error.message}`);
  }
}

function note(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  note(`bench:peers: ${line}`);
  process.exit(2);
}
