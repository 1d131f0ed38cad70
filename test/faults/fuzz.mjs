/** Gives every reader damaged files and sees whether each is read, or refused in one line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { shareDatabase } from './onedatabase.mjs';

const library = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url));
const fixture = (name) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/** Most seconds of computing for one file. A busy machine may take longer for it. */
const SLOW = 2;

const table = async (file) => (await library('data/describe.js')).describeSource(file);
const model = async (file) => (await library('model/read.js')).readModel(file);
const run = async (file) => (await library('run/folder.js')).readRun(dirname(file));
const sweep = async (file) => (await library('experiment/folder.js')).readSweep(dirname(file));

/**
 * The file that each reader is given whole, whose name says which format it is, and what reads it. Files of
 * runs are those of versions without checksums, or else the checksum would be all that is tried.
 */
const READERS = {
  CSV: ['t.csv', table],
  'CSV gz': ['t.csv.gz', table],
  'CSV zstd': ['t.csv.zst', table],
  JSON: ['t.json', table],
  'JSON lines': ['t.jsonl', table],
  Parquet: ['t.parquet', table],
  IDX: ['t-images-idx3-ubyte', table],
  'IDX gz': ['t-images-idx3-ubyte.gz', table],
  NPY: ['x.npy', table],
  NPZ: ['t.npz', table],
  model: ['run/model.safetensors', model],
  'older model': ['older.safetensors', model],
  checkpoint: ['run/checkpoints/last.safetensors', checkpoint],
  'config.yaml': ['run/config.yaml', run],
  'run.json': ['run/run.json', run],
  'metrics.jsonl': [
    'run/metrics.jsonl',
    async (file) => (await library('run/metricsfile.js')).readMetrics(dirname(file)),
  ],
  'sweep.yaml': ['sweep/sweep.yaml', sweep],
  'sweep.json': ['sweep/sweep.json', sweep],
  'trials.jsonl': [
    'sweep/trials.jsonl',
    async (file) => (await library('experiment/triallines.js')).readTrialLines(dirname(file)),
  ],
  YAML: [
    't.yaml',
    async (file) => (await library('yamltext.js')).parseYaml(readFileSync(file, 'utf8'), file),
  ],
};

async function checkpoint(file) {
  const { readCheckpoint } = await library('run/checkpoint.js');
  const network = headers.get(file);
  const slots = Object.keys(network).filter((key) => key.startsWith('slot.')).length;
  return readCheckpoint(file, network.weights.shape[0], slots);
}

/** The headers of safetensors files before they were damaged. */
const headers = new Map();

let made;

/** Makes the whole files, and returns what they hold by their names. */
async function wholeFiles(folder) {
  made ??= (async () => {
    await makeFiles(folder);
    await shareDatabase();
    const names = Object.values(READERS).map(([name]) => name);
    return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
  })();
  return made;
}

async function makeFiles(folder) {
  const write = (name, bytes) => writeFileSync(join(folder, name), bytes);
  const rows = Array.from(
    { length: 40 },
    (_, i) => `${i},${(i * 7) % 5}.5,"w ${i % 3}",2024-01-${10 + (i % 9)}`,
  );
  const csv = `a,b,c,d\n${rows.join('\n')}\n`;
  write('t.csv', csv);
  write('t.csv.gz', gzipSync(csv));
  const records = rows.map((row) => ({
    a: Number(row.split(',')[0]),
    c: `w "${row}"`,
    n: null,
    l: [1, { x: 2 }],
  }));
  write('t.json', JSON.stringify(records));
  write('t.jsonl', records.map((record) => JSON.stringify(record)).join('\n'));
  const idx = Buffer.concat([
    Buffer.from([0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 2]),
    Buffer.alloc(36, 7),
  ]);
  write('t-images-idx3-ubyte', idx);
  write('t-images-idx3-ubyte.gz', gzipSync(idx));
  write('x.npy', fixture('data/c_f4.npy'));
  write('t.npz', fixture('data/compressed.npz'));
  write('older.safetensors', fixture('models/0.1.0/classes.safetensors'));
  write('t.yaml', 'a: &a [1, {b: 2}]\nc: *a\n');
  await makeTables(folder);
  await makeRuns(folder);
}

async function makeTables(folder) {
  const { withDuckDB, literal } = await library('data/tables/duckdb.js');
  const rows = (text) => `(SELECT i AS a, ${text} AS b, i / 3 AS c FROM range(99) r(i))`;
  const [parquet, zstd] = ['t.parquet', 't.csv.zst'].map((name) => literal(join(folder, name)));
  await withDuckDB(async (connection) => {
    await connection.run(`COPY ${rows("'w' || i")} TO ${parquet}`);
    await connection.run(`COPY ${rows("'w' || i % 3")} TO ${zstd} (FORMAT csv, COMPRESSION zstd)`);
  });
}

/** Makes a run and a sweep, and takes the checksums out of their files of text. */
async function makeRuns(folder) {
  const { train } = await library('run/train.js');
  const { sweep } = await library('experiment/sweep.js');
  const [run, trials] = [join(folder, 'run'), join(folder, 'sweep')];
  const base = { data: 'xor', hidden: [2], epochs: 2, workers: 0, kernels: 'portable', optimizer: 'adam' };
  const options = { base, axes: { lr: [0.1, 0.2] }, score: 'train_loss' };
  for await (const event of train(base, { out: run })) void event;
  for await (const event of sweep(options, { out: trials })) void event;
  const file = join(run, 'checkpoints/last.safetensors');
  const bytes = readFileSync(file);
  headers.set(file, JSON.parse(bytes.toString('utf8', 8, 8 + bytes.readUInt32LE(0))));
  for (const path of [join(run, 'run.json'), join(trials, 'sweep.json')]) {
    const { id, configs, definitionSha256, sha256, ...record } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(record, null, 2));
  }
  for (const path of [join(run, 'metrics.jsonl'), join(trials, 'trials.jsonl')])
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"crc32":"[0-9a-f]{8}",/g, ''));
}

/** Numbers and words that readers stumble over. */
const TRAPS = [
  '\0',
  '\xff\xff\xff\xff',
  '\x7f\xff\xff\xff',
  '-1',
  '1e999',
  'NaN',
  '"',
  '[[[[',
  '{"',
  '\n\n',
  ',,,,',
];

/** Returns a damaged copy: some bytes changed, cut out, doubled or put in. */
function damaged(whole, below) {
  let bytes = Buffer.from(whole);
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(bytes.length + 1);
    const length = 1 + below(16);
    const kind = below(6);
    if (kind === 0 && at < bytes.length) bytes[at] ^= 1 << below(8);
    else if (kind === 1 && at < bytes.length) bytes[at] = below(256);
    else if (kind === 2) bytes = bytes.subarray(0, at);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 4)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length))]);
    else {
      const trap = Buffer.from(TRAPS[below(TRAPS.length)], 'latin1');
      bytes = Buffer.concat([bytes.subarray(0, at), trap, bytes.subarray(at)]);
    }
    bytes = Buffer.from(bytes);
  }
  return bytes;
}

const seconds = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;

export const fuzz = {
  rows: () =>
    Object.keys(READERS).map((reader) => ({ what: `fuzzed ${reader}`, reader, only: { readers: reader } })),
  possible: () => Number.POSITIVE_INFINITY,
  async attempt({ reader }, { folder, index, below, trying }) {
    const { UserError } = await library('errors.js');
    const place = join(folder, 'fuzz');
    if (made === undefined) mkdirSync(place);
    const [name, read] = READERS[reader];
    const whole = (await wholeFiles(place)).get(name);
    const file = join(place, name);
    const bytes = damaged(whole, below);
    writeFileSync(file, bytes);
    trying(`file ${index}`);
    const wrong = (what) => {
      const kept = join(folder, '..', `${reader.replaceAll(' ', '-')}-${index}-${name.split('/').at(-1)}`);
      writeFileSync(kept, bytes);
      return { wrong: `${kept}: ${what}` };
    };
    const before = seconds();
    let as = 'read';
    try {
      await read(file);
    } catch (error) {
      const line = error instanceof UserError && !/\n/.test(error.message) && error.message.length < 2000;
      if (!line) return wrong(error?.stack);
      as = 'refused';
    } finally {
      writeFileSync(file, whole);
    }
    const took = seconds() - before;
    if (took > SLOW) return wrong(`${took.toFixed(1)} s of computing`);
    const most = { ms: Math.round(1000 * took), MB: Math.round(process.resourceUsage().maxRSS / 1024) };
    return { as, most };
  },
};
