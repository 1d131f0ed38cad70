/**
 * Gives every reader thousands of damaged files and counts what comes of them: read, refused in one line, or
 * a bug (another error, a crash, more than two seconds). `node test/hostile/fuzz.mjs --count 20000 --seed 1`
 * is the long form; the suite runs a short one. A damaged file that is a bug is kept, and its path is
 * printed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const dist = new URL('../../dist/src/', import.meta.url);
const load = (path) => import(new URL(path, dist));

/** Most seconds for one file. */
const SLOW = 2;

/** What each reader is given whole, and how it reads a file; the name of the file says which format it is. */
async function readersIn(folder) {
  const { describeSource } = await load('data/describe.js');
  const { readModel } = await load('model/read.js');
  const { readCheckpoint } = await load('run/checkpoint.js');
  const { readRun } = await load('run/folder.js');
  const { parseYaml } = await load('yamltext.js');
  const { train } = await load('run/train.js');
  const { withDuckDB, literal } = await load('data/tables/duckdb.js');

  const run = join(folder, 'run');
  const options = { data: 'xor', hidden: [2], epochs: 1, workers: 0, kernels: 'portable', optimizer: 'adam' };
  for await (const event of train(options, { out: run })) void event;
  const rows = Array.from(
    { length: 40 },
    (_, i) => `${i},${(i * 7) % 5}.5,"w ${i % 3}",2024-01-${10 + (i % 9)}`,
  );
  const csv = Buffer.from(`a,b,c,d\n${rows.join('\n')}\n`);
  const records = rows.map((row) => ({
    a: Number(row.split(',')[0]),
    c: `w "${row}"`,
    n: null,
    l: [1, { x: 2 }],
  }));
  const parquet = join(folder, 'whole.parquet');
  const zstd = join(folder, 'whole.csv.zst');
  await withDuckDB(async (connection) => {
    await connection.run(
      `COPY (SELECT i AS a, 'w' || i AS b, i / 3 AS c FROM range(99) r(i)) TO ${literal(parquet)}`,
    );
    const table = "(SELECT i AS a, 'w' || i % 3 AS b FROM range(99) r(i))";
    await connection.run(`COPY ${table} TO ${literal(zstd)} (FORMAT csv, COMPRESSION zstd)`);
  });
  const fixture = (name) => readFileSync(new URL(`../fixtures/data/${name}`, import.meta.url));
  const idx = Buffer.concat([
    Buffer.from([0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 2]),
    Buffer.alloc(36, 7),
  ]);
  const table = (file) => describeSource(file);
  const checkpoint = readFileSync(join(run, 'checkpoints', 'last.safetensors'));
  const network = JSON.parse(checkpoint.toString('utf8', 8, 8 + checkpoint.readUInt32LE(0)));
  const length = network.weights.shape[0];
  const slots = Object.keys(network).filter((key) => key.startsWith('slot.')).length;
  return {
    CSV: ['t.csv', csv, table],
    'CSV gz': ['t.csv.gz', gzipSync(csv), table],
    'CSV zstd': ['t.csv.zst', readFileSync(zstd), table],
    JSON: ['t.json', Buffer.from(JSON.stringify(records)), table],
    'JSON lines': ['t.jsonl', Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')), table],
    Parquet: ['t.parquet', readFileSync(parquet), table],
    IDX: ['t-images-idx3-ubyte', idx, table],
    'IDX gz': ['t-images-idx3-ubyte.gz', gzipSync(idx), table],
    NPY: ['x.npy', fixture('c_f4.npy'), table],
    NPZ: ['t.npz', fixture('compressed.npz'), table],
    model: ['t.safetensors', readFileSync(join(run, 'model.safetensors')), readModel],
    checkpoint: ['c.safetensors', checkpoint, (file) => readCheckpoint(file, length, slots)],
    'config.yaml': ['run/config.yaml', readFileSync(join(run, 'config.yaml')), () => readRun(run)],
    YAML: [
      't.yaml',
      Buffer.from('a: &a [1, {b: 2}]\nc: *a\n'),
      (file) => parseYaml(readFileSync(file, 'utf8'), file),
    ],
  };
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
function damaged(whole, random) {
  let bytes = Buffer.from(whole);
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(bytes.length + 1);
    const length = 1 + random.below(16);
    const kind = random.below(6);
    if (kind === 0 && at < bytes.length) bytes[at] ^= 1 << random.below(8);
    else if (kind === 1 && at < bytes.length) bytes[at] = random.below(256);
    else if (kind === 2) bytes = bytes.subarray(0, at);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 4)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length))]);
    else {
      const trap = Buffer.from(TRAPS[random.below(TRAPS.length)], 'latin1');
      bytes = Buffer.concat([bytes.subarray(0, at), trap, bytes.subarray(at)]);
    }
    bytes = Buffer.from(bytes);
  }
  return bytes;
}

/** Reads `count` damaged files with each reader, from number `from` of the first on, and reports each. */
async function child(folder, { count, seed, from }) {
  const { Stream } = await load('random.js');
  const { UserError } = await load('errors.js');
  const readers = Object.entries(await readersIn(folder));
  for (let number = from; number < count * readers.length; number++) {
    const [name, [file, whole, read]] = readers[Math.floor(number / count)];
    const path = join(folder, file);
    writeFileSync(path, damaged(whole, new Stream(seed, 77, number)));
    process.send({ number, name, path, came: 'crash' }); // unless something else is said of it
    const began = performance.now();
    let came = 'read';
    try {
      await read(path);
    } catch (error) {
      const line = error instanceof UserError && !/\n/.test(error.message) && error.message.length < 2000;
      came = line ? 'refused' : `bug: ${error?.stack}`;
    }
    const seconds = (performance.now() - began) / 1000;
    if (seconds > SLOW) came = `slow: ${seconds.toFixed(1)} s`;
    process.send({ number, name, path, came });
    writeFileSync(path, whole);
  }
  process.send({ done: true });
}

/**
 * Starts children until all files were read: one that crashes is followed by one that begins behind its file.
 */
async function parent({ count, seed }) {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-fuzz-'));
  const tallies = new Map();
  const bugs = [];
  let from = 0;
  for (let done = false; !done; ) {
    const place = join(folder, String(from));
    mkdirSync(place);
    let last = null;
    const script = fileURLToPath(import.meta.url);
    const words = ['--child', place, '--count', count, '--seed', seed, '--from', from].map(String);
    const process = spawn(globalThis.process.execPath, [script, ...words], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const tell = (message) => {
      const { name, came, number, path } = message;
      const tally = tallies.get(name) ?? { read: 0, refused: 0, bugs: 0 };
      tallies.set(name, tally);
      if (came === 'read' || came === 'refused') tally[came]++;
      else {
        tally.bugs++;
        const kept = join(folder, `bug-${number}-${path.split('/').at(-1)}`);
        writeFileSync(kept, readFileSync(path));
        bugs.push(`${name}: ${kept}: ${came}`);
      }
    };
    process.on('message', (message) => {
      if (message.done) done = true;
      else if (message.came === 'crash') last = message;
      else {
        last = null;
        tell(message);
        from = message.number + 1;
      }
    });
    const code = await new Promise((resolve) => process.once('close', resolve));
    if (!done && last === null) throw new Error(`the child ended with ${code} between two files`);
    if (last !== null) {
      tell({ ...last, came: `the process ended (${code})` });
      from = last.number + 1;
    }
  }
  for (const [name, { read, refused, bugs }] of tallies)
    console.log(`${name.padEnd(12)} ${read} read, ${refused} refused, ${bugs} bugs`);
  for (const bug of bugs) console.log(bug);
  console.log(
    `fuzz: ${count * tallies.size} files for ${tallies.size} readers, seed ${seed}: ${bugs.length} bugs`,
  );
  if (bugs.length === 0) rmSync(folder, { recursive: true });
  return bugs.length === 0 ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    child: { type: 'string' },
  },
});
const [count, seed, from] = [values.count, values.seed, values.from].map(Number);
if (values.child) await child(values.child, { count, seed, from });
else process.exitCode = await parent({ count, seed });
