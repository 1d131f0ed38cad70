/**
 * Files from strangers are refused in one line, before they take memory or time, and nothing waits for them.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describeSource } from '#src/data/describe.js';
import { readModel } from '#src/model/read.js';
import { parseYaml } from '#src/yamltext.js';
import { failure, file, idx } from '../data/helpers.js';
import { npy } from '../support/npy.js';

/** A ZIP archive with these entries; what `spoil` changes in its directory is a lie. */
function zip(
  entries: readonly { name: string; data: Uint8Array; crc?: number; method?: number; at?: number }[],
): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, crc = crc32(data), method = 0, at: claimed } of entries) {
    const packed = method === 8 ? deflateRawSync(data) : data;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(claimed ?? at, 42);
    locals.push(local, Buffer.from(name), Buffer.from(packed));
    directory.push(entry, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

const header = Buffer.from(idx(8, [20, 2, 2], []));
const zeros = Buffer.alloc(2 ** 24);
const x = npy('<f4', [2], Float32Array.of(1, 2));
const y = npy('|u1', [2], Uint8Array.of(0, 1));
const bomb = Buffer.concat([x, zeros]);
const csv = Buffer.from(`a,y\n${'1,2\n3,4\n'.repeat(40)}`);
const packed = gzipSync(csv);
const wrongCrc = Buffer.from(packed);
wrongCrc.writeUInt32LE(1, packed.length - 8);
const deep = (levels: number) => `[{"b": 1, "a": ${'['.repeat(levels)}${']'.repeat(levels)}}]`;
const wide = Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',');

const FILES: Readonly<Record<string, [string, string | Uint8Array]>> = {
  'a gz that unpacks to far more than its header says': [
    'bomb/images-idx3-ubyte.gz',
    gzipSync(Buffer.concat([header, zeros])),
  ],
  'an IDX header that claims more than can be packed': [
    'claims/images-idx3-ubyte.gz',
    gzipSync(Buffer.from(idx(14, [2 ** 31, 2 ** 31, 2 ** 31], []))),
  ],
  'an npz that unpacks to far more than its header says': [
    'bomb.npz',
    zip([
      { name: 'x.npy', data: bomb, method: 8 },
      { name: 'y.npy', data: y },
    ]),
  ],
  'an npz with a wrong checksum': [
    'crc.npz',
    zip([
      { name: 'x.npy', data: x, crc: 1 },
      { name: 'y.npy', data: y },
    ]),
  ],
  'an npz with a name of two lines': ['name.npz', zip([{ name: 'x\ny.npy', data: x }])],
  'an npz whose entries share bytes': [
    'shared.npz',
    zip([
      { name: 'x.npy', data: x },
      { name: 'y.npy', data: y, at: 0 },
    ]),
  ],
  'an npz with two entries of one name': [
    'twice.npz',
    zip([
      { name: 'x.npy', data: x },
      { name: 'x.npy', data: x },
    ]),
  ],
  'an npy whose sizes are beyond any number': ['huge.npy', npy('<f4', [2 ** 52, 2 ** 52], Float32Array.of())],
  'a table of zeros that packs to nothing': [
    'zeros.csv.gz',
    gzipSync(Buffer.concat([Buffer.from('a\n'), Buffer.alloc(150e6, '0\n')])),
  ],
  'a gz with a wrong checksum': ['crc.csv.gz', wrongCrc],
  'a gz that is cut short': ['cut.csv.gz', packed.subarray(0, -12)],
  'a gz with something behind it': ['more.csv.gz', Buffer.concat([packed, Buffer.from('more')])],
  'a second member with a wrong checksum': ['second.csv.gz', Buffer.concat([packed, wrongCrc])],
  'JSON nested 100,000 deep': ['deep.json', deep(100_000)],
  'JSON nested deep in a second line': ['deep.jsonl', `{"a": 1}\n{"a": ${'['.repeat(5000)}`],
  'JSON nested deep behind a quote that is never closed': ['quote.jsonl', `"\n${'[{"a":'.repeat(60_000)}`],
  'JSON nested deep in a gz': ['deep.json.gz', gzipSync(Buffer.from(deep(100_000)))],
  'a table of 20,000 columns': ['wide.csv', `${wide}\n${wide}\n`],
  'an empty file': ['empty.parquet', ''],
  'a Parquet file that claims a footer of 2 GB': [
    'footer.parquet',
    Buffer.concat([
      Buffer.from('PAR1'),
      Buffer.alloc(40),
      Buffer.from([255, 255, 255, 127]),
      Buffer.from('PAR1'),
    ]),
  ],
};

describe('files from strangers', () => {
  it('are refused in one line', async () => {
    const names = Object.entries(FILES);
    for (const [what, [name, contents]] of names) {
      expect(await failure(() => describeSource(file(name, contents))), what).toMatch(/^3: /);
    }
    console.log(`hostile files: ${names.length} of ${names.length} refused`);
  }, 120_000);

  it.skipIf(process.platform === 'win32')('that are no files are not waited for', async () => {
    const folder = dirname(file('special/t.csv', csv));
    const fifo = join(folder, 'fifo.csv');
    execFileSync('mkfifo', [fifo]);
    mkdirSync(join(folder, 'folder.csv'));
    symlinkSync('/dev/zero', join(folder, 'zero.csv'));
    symlinkSync('/dev/zero', join(folder, 'X.npy'));
    for (const name of ['fifo.csv', 'folder.csv', 'zero.csv', 'X.npy']) {
      const message = await failure(() => describeSource(join(folder, name)));
      expect(message).toMatch(/^3: .*(where a regular file is needed|no data is recognised)/);
    }
    expect(await failure(() => describeSource(`from '${fifo}'`))).toMatch(/a FIFO, where a regular file/);
    expect(await failure(() => readModel(fifo))).toMatch(/a FIFO, where a regular file/);
  });

  it('may hold a cell of 3 MB and JSON of 100 levels', async () => {
    const long = 'x'.repeat(3e6);
    const rows = [0, 1, 2].map((a) => ({ a, t: long + a }));
    const found = await Promise.all([
      describeSource(file('long.csv', `a,t\n${rows.map(({ a, t }) => `${a},${t}`).join('\n')}\n`)),
      describeSource(file('long.json', JSON.stringify(rows))),
      describeSource(file('hundred.json', deep(90))),
    ]);
    expect(found.map(({ parts }) => parts[0].rows)).toEqual([3, 3, 1]);
  });
});

describe('YAML from strangers', () => {
  const times = (count: number, name: string) => `[${Array(count).fill(`*${name}`)}]`;
  const BOMBS: Readonly<Record<string, string>> = {
    aliases: `a: &a [x, x, x]\nb: &b ${times(9, 'a')}\nc: &c ${times(9, 'b')}\nd: ${times(9, 'c')}`,
    'an alias within itself': 'a: &a [*a]',
    brackets: '['.repeat(100_000),
    'brackets between texts': '["]", '.repeat(2000),
    dashes: `${'- '.repeat(20_000)}a`,
    indents: Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    keys: Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n'),
    'keys in a line': 'a: '.repeat(2000),
    size: `a: ${'x'.repeat(2 ** 21)}`,
  };
  it.each(Object.keys(BOMBS))('%s', async (name) => {
    expect(await failure(() => parseYaml(BOMBS[name], 'c.yaml'))).toMatch(/^3: c\.yaml: /);
  });
  it('pollutes nothing', () => {
    const value = parseYaml('__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}', 'c.yaml');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
