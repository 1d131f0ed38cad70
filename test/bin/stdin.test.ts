/** `-` reads standard input, whatever the format, and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { npy } from '../support/npy.js';
import { type Ended, flowers, Place } from './cli.js';

const place = new Place();
const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const table = flowers();
let expected: string;

beforeAll(async () => {
  mkdirSync(place.path('tmp'));
  place.write('flowers.csv', table);
  const trained = await place.gradpool(
    'train flowers.csv -t price --hidden 4 --epochs 2 --workers 0 --out run'.split(' '),
  );
  expect(trained.code, trained.stderr).toBe(0);
  expected = (await place.gradpool(['predict', 'run', 'flowers.csv'])).stdout;
});
afterEach(() => expect(readdirSync(place.path('tmp'))).toEqual([]));
afterAll(() => place.remove());

/** Its temporary folder is one that the tests look into. */
function piped(input: string | Uint8Array | null, ...args: string[]) {
  const env = { ...process.env, TMPDIR: place.path('tmp') };
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: place.folder, env });
  child.stdin.on('error', () => {}); // a command that fails before it reads closes the pipe
  if (input !== null) child.stdin.end(input);
  const ended = new Promise<Ended>((done) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
  return { child, ended };
}

const records = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [, height, width, colour, kind] = /^([\d.]+),([\d.]+),(\w+),("(?:[^"]|"")*"|\w+),/.exec(line)!;
    return {
      height: Number(height),
      width: Number(width),
      colour,
      kind: JSON.parse(kind.includes('"') ? '"rose, \\"wild\\""' : '"tulip"'),
    };
  });

describe.skipIf(process.platform === 'win32')('standard input', () => {
  it.each([
    ['CSV', table],
    ['CSV with a byte order mark', `\uFEFF${table}`],
    ['packed CSV', gzipSync(table)],
    ['JSON lines', records.map((record) => JSON.stringify(record)).join('\n')],
    ['a JSON list', ` ${JSON.stringify(records, null, 1)}`],
    ['packed JSON', gzipSync(JSON.stringify(records))],
    ['UTF-16', Buffer.from(`\uFEFF${table}`, 'utf16le')],
  ])('is predicted as %s', async (_, input) => {
    const { code, stdout, stderr } = await piped(input, 'predict', 'run', '-').ended;
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: expected });
  });

  it('is Parquet', async () => {
    const file = place.path('flowers.parquet');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`COPY (FROM '${place.path('flowers.csv')}') TO '${file}'`);
    connection.closeSync();
    const parquet = readFileSync(file);
    const { stdout } = await piped(parquet, 'inspect', '-').ended;
    expect(stdout).toMatch(/^stdin: 60 rows, 5 columns$/m);
  });

  it('is an array', async () => {
    const array = npy('<f4', [5, 2], new Float32Array(10));
    const { stdout } = await piped(array, 'inspect', '-', '--json').ended;
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'data', stored: 'arrays', parts: [{ rows: 5 }] });
  });

  it('is evaluated and inspected', async () => {
    const found = JSON.parse((await piped(table, 'evaluate', 'run', '-', '--json').ended).stdout);
    expect(found).toMatchObject({ rows: 60, data: '-' });
    expect((await piped(table, 'inspect', '-').ended).stdout).toMatch(/^stdin: 60 rows, 5 columns$/m);
  });

  it.each([
    [['predict', 'run', '-'], '', 3, 'standard input: it is empty; pipe data into it'],
    [
      ['predict', 'run', '-'],
      'height,width,colour,kind\n1,abc,red,tulip\n',
      3,
      'standard input: row 1 (line 2), column "width": "abc" is not a number, where the column holds numbers; correct the cell, or empty it to mark it as missing',
    ],
    [
      ['predict', 'run', '-'],
      '1,2,red,tulip\n',
      3,
      'standard input: there is no header: the first line (1, 2, red, tulip) names none of the columns that the model was trained on ("height", "width", "colour", "kind"); put a line with the names above the rows',
    ],
    [['predict', 'run', '-'], gzipSync(table).subarray(0, -5), 3, /^standard input: not a valid gzip file/],
    [
      ['evaluate', 'run', '-'],
      'height,width,colour,kind\n1,2,red,tulip\n',
      3,
      /^standard input: the column "price" is missing/,
    ],
    [
      ['evaluate', 'run', '-'],
      npy('<f4', [1, 2], new Float32Array(2)),
      3,
      /^standard input: the data is arrays/,
    ],
    [['evaluate', 'none', '-'], table, 3, /^none: there is no such run or model/],
    [
      ['train', '-'],
      table,
      2,
      '-: standard input can be read once, and a run must be resumable: save the data to a file and give that',
    ],
  ])('%j of bad input is one line', async (args, input, code, line) => {
    const ended = await piped(input, ...args).ended;
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr.replace(/^gradpool: /, '').trim()).toEqual(
      typeof line === 'string' ? line : expect.stringMatching(line),
    );
    expect(ended.stderr.trim()).not.toContain('\n');
  });

  it('is read no further than somebody takes the rows', async () => {
    const endless = piped(null, 'predict', 'run', '-');
    const lines = table.slice(table.indexOf('\n') + 1);
    endless.child.stdin.write(table);
    const write = () => {
      while (endless.child.stdin.writable && endless.child.stdin.write(lines.repeat(1000)));
    };
    endless.child.stdin.on('drain', write);
    write();
    await new Promise((done) => endless.child.stdout.once('data', done)); // while the input goes on
    endless.child.stdout.destroy();
    expect(await endless.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('is no terminal', async () => {
    const terminal = spawn('script', ['-qec', `${process.execPath} ${PROGRAM} inspect -`, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    terminal.stdout.on('data', (text) => (said += text));
    const code = await new Promise((done) => terminal.once('error', () => done(null)).once('close', done));
    if (code === null) return; // there is no `script` on this machine
    expect(said.trim()).toMatch(/^gradpool: -: standard input is a terminal; pipe data into it/);
    expect(code).toBe(2);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing behind at %s', async (signal) => {
    const { child, ended } = piped(null, 'predict', 'run', '-');
    child.stdin.write(table);
    while (readdirSync(place.path('tmp')).length === 0) await new Promise((done) => setTimeout(done, 20));
    await new Promise((done) => setTimeout(done, 100));
    child.kill(signal);
    await ended;
    expect(child.signalCode).toBe(signal);
  });
});
