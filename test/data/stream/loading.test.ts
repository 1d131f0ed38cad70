/** Data that is streamed from disk is the same, bit for bit, as data in memory. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gather } from '#src/data/gather.js';
import { type LoadOptions, loadTrainingData, type TrainingData } from '#src/data/load.js';
import { prepareEncoding } from '#src/data/preparedencoding.js';
import { encodingOf } from '#src/data/schema.js';
import { clearCache, listCache } from '#src/data/stream/cachefolder.js';
import { writeError } from '#src/data/stream/entrywriter.js';
import { npy } from '../../support/npy.js';
import { failure, file, smallIdx } from '../helpers.js';

const cache = mkdtempSync(join(tmpdir(), 'gradpool-cache-'));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const load = (data: LoadOptions['data'], more: Partial<LoadOptions> = {}) =>
  loadTrainingData({ data, task: 'auto', val: 0.2, seed: 1, ...more });
const streamed = (data: LoadOptions['data'], more: Partial<LoadOptions> = {}) =>
  load(data, { ...more, stream: true, cache });

const digest = (...arrays: readonly (ArrayBufferView | undefined)[]): string => {
  const hash = createHash('sha256');
  for (const array of arrays)
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
};

/** A digest of what the network sees of all rows, 256 at a time as an evaluation does. */
function seen(data: TrainingData): string {
  const encoding = prepareEncoding(encodingOf(data.schema));
  const parts = [data.train, ...(data.val ? [data.val] : []), ...(data.test ? [data.test] : [])];
  return digest(
    ...parts.flatMap(({ dataset, rows }) => {
      const x = new Float32Array(rows.length * data.inputWidth);
      const d = new Float32Array(rows.length * dataset.targetWidth);
      for (let from = 0; from < rows.length; from += 256) {
        const to = Math.min(rows.length, from + 256);
        const targets = d.subarray(from * dataset.targetWidth);
        gather(x.subarray(from * data.inputWidth), targets, dataset, encoding, rows, from, to);
      }
      return [x, d];
    }),
  );
}

const facts = ({ schema, notes, fingerprint, train, val, test, task }: TrainingData) => ({
  schema,
  notes: notes.filter((note) => !note.startsWith('stream:')),
  fingerprint,
  task,
  rows: digest(train.rows, val?.rows, test?.rows),
  targets: digest(train.dataset.targets, train.dataset.weights),
});

/** More rows than are encoded together, with everything that a column may hold. */
const ROWS = 17_000;
let table: string;
beforeAll(() => {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const mixed = (i * 7919) % 10_007;
    const number = mixed % 50 === 0 ? 'NA' : (mixed / 100).toFixed(2);
    const kind = mixed % 9 === 0 ? '' : `kind${mixed % 5}`;
    const day = `20${10 + (mixed % 9)}-0${1 + (mixed % 9)}-1${mixed % 10}`;
    return `${number},${kind},${day},${mixed % 3 === 0 ? 'yes' : 'no'},00${mixed % 10},${(mixed % 4) + 1},${mixed % 97 === 0 ? '' : mixed % 7}`;
  });
  table = file('table.csv', `size,kind,born,tame,code,weight,target\n${rows.join('\n')}\n`);
});

describe('a table', () => {
  it.each<[string, Partial<LoadOptions>]>([
    ['as it is', {}],
    ['of numbers', { task: 'regression', weights: 'weight', test: 0.1, transform: 'log', scaling: 'robust' }],
    [
      'in parts',
      { dates: 'parts', categories: 'signed', rareBelow: 3, missingIndicators: 'any', group: 'code' },
    ],
  ])('%s', async (_, more) => {
    const data = await streamed(table, more);
    const expected = await load(table, more);
    expect(facts(data)).toEqual(facts(expected));
    expect(data.train.dataset.numbers).toHaveLength(0);
    expect(seen(data)).toBe(seen(expected));
  });

  it('of so many rows that threads go through its columns', async () => {
    const rows = Array.from({ length: 2 ** 17 }, (_, i) => `${(i * 7919) % 1009},k${i % 3},${i % 2}`);
    const long = file('long.csv', `a,b,target\n${rows.join('\n')}\n`);
    const [a, b] = [await streamed(long), await load(long)];
    expect(facts(a)).toEqual(facts(b));
    expect(seen(a)).toBe(seen(b));
  });

  it('of more words than are known at once, which lie on disk', async () => {
    const [rows, users] = [136_000, 133_000];
    const second = (i: number) => new Date(1e12 + i * 7000).toISOString().replace('T', ' ').slice(0, 19);
    const lines = Array.from(
      { length: rows },
      (_, i) => `${i % 97 ? '' : 'é'}u${i % users},${second(i)},"${i},5 €",${(i * 7919) % 1009}`,
    );
    const long = file('words.csv', `user,seen,cost,target\n${lines.join('\n')}\n`);
    const more = { group: 'user', task: 'regression' } as const;
    const [a, b] = [await streamed(long, more), await load(long, more)];
    expect(facts(a)).toEqual(facts(b));
    expect(seen(a)).toBe(seen(b));
    expect(a.schema).toMatchObject({
      columns: [{ name: 'seen', reading: { as: 'date' } }, { name: 'cost' }],
    });
    // Users that come again are in the same part as before.
    const part = new Uint8Array(rows);
    for (const row of a.val!.rows) part[row] = 1;
    const users2 = Array.from({ length: rows - users }, (_, i) => i).filter(
      (i) => i % 97 && (users + i) % 97,
    );
    expect(users2.filter((i) => part[i] !== part[users + i])).toEqual([]);
  });

  it('in another format, by a pattern and by a query', async () => {
    const small = file(
      'small-1.jsonl',
      '{"a":1,"y":"u"}\n{"a":2,"y":"v"}\n{"a":4,"y":"v"}\n{"a":3,"y":"u"}\n',
    );
    file('small-2.jsonl', '{"a":5,"y":"u"}\n{"a":6,"y":"v"}\n');
    for (const data of [small, small.replace('-1', '-*'), `SELECT * FROM '${small}'`]) {
      const [a, b] = [await streamed(data, { target: 'y' }), await load(data, { target: 'y' })];
      expect(facts(a)).toEqual(facts(b));
      expect(seen(a)).toBe(seen(b));
    }
  });
});

describe('arrays', () => {
  /** Inputs that are read in two chunks, with what is put in the place of one of the last values. */
  const twoChunks = (folder: string, value?: number) => {
    const [rows, width] = [600, 1000];
    const values = Float64Array.from({ length: rows * width }, (_, i) => ((i * 7919) % 1009) / 100);
    if (value !== undefined) values[599 * width + 3] = value;
    file(
      `${folder}/y.npy`,
      npy(
        '|u1',
        [rows],
        Uint8Array.from({ length: rows }, (_, i) => i % 3),
      ),
    );
    return file(`${folder}/X.npy`, npy('<f8', [rows, width], values));
  };

  it.each<[string, Partial<LoadOptions>]>([
    ['standardised', {}],
    ['scaled robustly', { scaling: 'robust' }],
  ])('%s', async (_, more) => {
    const data = twoChunks('good');
    const [a, b] = [await streamed(data, more), await load(data, more)];
    expect(facts(a)).toEqual(facts(b));
    expect(seen(a)).toBe(seen(b));
  });

  it('of bytes, and a built-in problem', async () => {
    for (const data of [smallIdx('images'), 'spirals:200']) {
      const [a, b] = [await streamed(data), await load(data)];
      expect(facts(a)).toEqual(facts(b));
      expect(seen(a)).toBe(seen(b));
    }
  });

  it('name the row of a value that cannot be computed with', async () => {
    const data = twoChunks('bad', Number.NaN);
    const message = await failure(() => load(data));
    expect(message).toContain('row 600, column 4: NaN');
    expect(await failure(() => streamed(data))).toBe(message);
    expect(listCache(cache).filter(({ source }) => source === null)).toEqual([]);
  });
});

describe('an entry of the cache', () => {
  const notes = async (data = table) => (await streamed(data)).notes.filter((note) => /^stream/.test(note));
  const entry = () => listCache(cache).find(({ source, rows }) => source === small && rows === 40)!.folder;
  let small: string;
  beforeAll(async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${(i * 7) % 11},${i % 2 ? 'u' : 'v'}`);
    small = file('entry.csv', `a,target\n${rows.join('\n')}\n`);
    await notes(small);
  });

  it('is found again until the file changes', async () => {
    expect(await notes(small)).toEqual([`stream: --stream says so; the rows are read from ${entry()}`]);
    const before = listCache(cache).length;
    writeFileSync(small, readFileSync(small));
    expect((await notes(small))[0]).toContain('the rows were written to');
    expect(listCache(cache)).toHaveLength(before + 1);
  });

  it('is made anew where any of its files is damaged, cut off or missing', async () => {
    const files = readdirSync(entry());
    expect(files).toHaveLength(6);
    for (const name of files) {
      for (const damage of name === 'entry.json' || name.startsWith('rows')
        ? ['flip', 'cut', 'remove']
        : ['flip']) {
        const [path] = (await notes(small))[0].match(/\/\S+$/)!;
        const bytes = readFileSync(join(path, name));
        if (bytes.length === 0) continue;
        if (damage === 'remove') rmSync(join(path, name));
        else if (damage === 'cut') writeFileSync(join(path, name), bytes.subarray(1));
        else writeFileSync(join(path, name), bytes.with(bytes.length >> 1, bytes[bytes.length >> 1] ^ 4));
        const told = await notes(small);
        expect(told[1], `${damage} ${name}`).toMatch(
          /cannot be used, since .*(damaged|not complete); it was made anew/,
        );
        expect(readFileSync(join(path, name)).equals(bytes)).toBe(true);
      }
    }
  });

  it('of another version is named and made anew', async () => {
    const [path] = (await notes(small))[0].match(/\/\S+$/)!;
    const { entry } = JSON.parse(readFileSync(join(path, 'entry.json'), 'utf8'));
    const other = { ...entry, gradpool: '0.0.9' };
    const sha256 = createHash('sha256').update(JSON.stringify(other)).digest('hex');
    writeFileSync(join(path, 'entry.json'), JSON.stringify({ sha256, entry: other }));
    expect((await notes(small))[1]).toMatch(/since it was written by gradpool 0\.0\.9, and this is/);
  });

  it('that a killed process has left half written is removed', async () => {
    const left = join(cache, 'entry-0123456789abcdef.2147483646.tmp');
    mkdirSync(join(left, 'columns'), { recursive: true });
    writeFileSync(small, readFileSync(small));
    await notes(small);
    expect(readdirSync(cache)).not.toContain('entry-0123456789abcdef.2147483646.tmp');
  });

  it('that cannot be written ends in one line', async () => {
    const message = await failure(() => load(small, { stream: true, cache: join(small, 'below') }));
    expect(message).toMatch(/^3: .*the cache of streamed data cannot be written \(.*\); give a folder/);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect((writeError('x', full) as Error).message).toContain('make room (gradpool cache --clear)');
  });

  it('goes with all others when the cache is cleared, and nothing else does', async () => {
    writeFileSync(join(cache, 'mine.txt'), 'mine');
    expect(clearCache(cache).length).toBeGreaterThan(5);
    expect(readdirSync(cache)).toEqual(['mine.txt']);
    expect(listCache(join(cache, 'nowhere'))).toEqual([]);
  });
});

describe('memoryLimit', () => {
  it('decides, unless stream does', async () => {
    const limited = await load(table, { memoryLimit: 1, cache });
    expect(limited.notes[0]).toMatch(
      /^stream: its rows would take about 2 MiB of memory, and --memory-limit is 1; /,
    );
    expect((await load(table, { memoryLimit: 1, stream: false })).train.dataset.stored).toBeUndefined();
    expect((await load(table, { memoryLimit: 10 })).train.dataset.stored).toBeUndefined();
  });

  it('leaves rows in memory alone', async () => {
    const rows = { a: [1, 2, 3, 4], target: [1, 2, 1, 2] };
    expect((await load(rows, { memoryLimit: 0.0001 })).train.dataset.stored).toBeUndefined();
    expect(await failure(() => streamed(rows))).toMatch(/^2: stream: rows in memory need no cache/);
    expect(await failure(() => streamed(table, { strict: true }))).toMatch(
      /^2: strict: .* streamed from disk/,
    );
  });
});
