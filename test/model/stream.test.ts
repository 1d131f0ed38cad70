/** Predictions and evaluations in blocks have the bits of those of the whole source, whatever the blocks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockSource } from '#src/data/blocks.js';
import type { Dataset } from '#src/data/dataset.js';
import type { CsvText } from '#src/data/tables/csvtext.js';
import type { LoadedBlock } from '#src/data/tables/loadblocks.js';
import { cutRecords } from '#src/data/tables/recordcutter.js';
import { loadModel, type Model, type PredictStreamOptions, train } from '#src/index.js';
import { inBatches, numberOfRow } from '#src/model/batches.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-stream-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** Rows with a column of every kind, cells that are missing or not known, and line ends within quotes. */
const HEADER = 'id,plain,price,born,colour,flag,text,y,w';
const lines = Array.from({ length: 700 }, (_, i) => {
  const cell = (every: number, missing: string, text: string) => (i % every === 3 ? missing : text);
  return [
    i,
    cell(11, '', `${((i * 37) % 101) / 8}`),
    cell(13, 'NA', `"${1 + ((i * 71) % 9)}.${100 + i},50 €"`),
    cell(17, '', `${1 + (i % 28)}/${1 + (i % 12)}/20${10 + (i % 10)}`),
    i > 300 && i % 50 === 7 ? 'unseen' : cell(19, '?', ['red', 'green', 'blue'][i % 3]),
    cell(23, '', i % 2 === 0 ? 'yes' : 'no'),
    i % 5 === 0 ? `"a ""quoted""\nline, ${i % 2}"` : 'short',
    i > 200 && i % 40 === 9 ? '' : ((i * 7) % 13) / 2 + (i % 3),
    1 + (i % 4),
  ].join(',');
});
const text = `${HEADER}\n${lines.join('\n')}\n`;
const COLUMNS = { data: path('train.csv'), target: 'y', drop: ['id', 'w'], seed: 1, epochs: 2, hidden: [6] };

let model: Model;
let expected: Awaited<ReturnType<typeof whole>>;
let evaluated: Awaited<ReturnType<Model['evaluate']>>;

beforeAll(async () => {
  writeFileSync(path('train.csv'), `${HEADER}\n${lines.slice(0, 200).join('\n')}\n`);
  writeFileSync(path('new.csv'), text);
  for await (const _ of train({ ...COLUMNS, workers: 0 }, { out: path('run') }));
  model = await loadModel(path('run'));
  expected = await whole(path('new.csv'));
  evaluated = await model.evaluate(path('new.csv'), { weights: 'w' });
});

const KEEP = ['id', 'text', 'price'] as const;

/** The predictions of a source that is read as a whole. */
async function whole(source: string) {
  const predictions = await model.predict(source, { keep: KEEP, interval: 0.8 });
  const batches = [...predictions.batches()];
  return {
    predicted: batches.flatMap(({ predicted }) => [...predicted]),
    intervals: batches.flatMap(({ intervals }) => [...intervals!]),
    kept: Array.from({ length: predictions.rows }, (_, row) =>
      predictions.kept.map((column) => column.text(row)),
    ),
    notes: predictions.notes,
  };
}

/** Predicts a source in blocks, and returns what the whole-table prediction returns. */
async function inBlocks(source: BlockSource, options: PredictStreamOptions = {}): Promise<typeof expected> {
  const found = {
    predicted: [] as (string | number)[],
    intervals: [] as number[],
    kept: [] as (string | null)[][],
  };
  let notes: readonly string[] = [];
  for await (const event of model.predictStream(source, { keep: KEEP, interval: 0.8, ...options })) {
    if (event.type === 'end') notes = event.notes;
    if (event.type !== 'rows') continue;
    expect(event.from).toBe(found.predicted.length);
    const { from, kept } = event;
    found.kept.push(...event.predicted.map((_, i) => kept.map((column) => column.text(from + i))));
    found.predicted.push(...event.predicted);
    found.intervals.push(...event.intervals!);
  }
  return { ...found, notes };
}

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const csv = (bytes: Uint8Array, piece = 1000, partBytes?: number): CsvText => ({
  kind: 'text',
  name: 'stdin',
  bytes: pieces(bytes, piece),
  folder,
  ...(partBytes !== undefined && { partBytes }),
});

describe('predictions in blocks', () => {
  it('are those of the whole, for any size of what is read together', async () => {
    expect(expected.notes.join('\n')).toMatch(/unseen/);
    expect(expected.kept[5][1]).toBe('a "quoted"\nline, 1');
    const sizes = fc.record({
      piece: fc.integer({ min: 1, max: 5000 }),
      part: fc.integer({ min: 1500, max: 40_000 }),
      blockRows: fc.integer({ min: 1, max: 400 }),
      workers: fc.constantFrom(0, 0, 2),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ piece, part, blockRows, workers }) => {
        const source = csv(Buffer.from(text), piece, part);
        expect(await inBlocks(source, { blockRows, workers })).toEqual(expected);
      }),
      { numRuns: 3, seed: 7 },
    );
  });

  it.each([
    [
      'CRLF',
      Buffer.from(text.replace(/(?<!a "".*)\n/g, '\r\n').replaceAll('""quoted""\r\n', '""quoted""\n')),
    ],
    ['a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['carriage returns', Buffer.from(text.replaceAll('\n', '\r').replaceAll('""quoted""\r', '""quoted""\n'))],
    ['line ends that change', Buffer.from(text.replace(/(?<=[\d.]\n)(3\d\d,[^\n"]*)\n/g, '$1\r\n'))],
  ])('are those of the whole with %s', async (_, bytes) => {
    expect(await inBlocks(csv(bytes, 777, 9000))).toEqual(expected);
  });

  it('are those of the whole from files of every kind', async () => {
    writeFileSync(path('new.csv.gz'), gzipSync(text));
    for (const [name, from, to] of [
      ['b', 350, 700],
      ['a', 0, 350],
    ] as const)
      writeFileSync(path(`part-${name}.csv`), `${HEADER}\n${lines.slice(from, to).join('\n')}\n`);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const table = `(FROM read_csv('${path('new.csv')}', all_varchar = true))`;
    await connection.run(`COPY ${table} TO '${path('new.parquet')}'`);
    await connection.run(`COPY ${table} TO '${path('new.jsonl')}' (FORMAT json)`);
    connection.closeSync();
    for (const name of ['new.csv', 'new.csv.gz', 'part-*.csv', 'new.parquet', 'new.jsonl']) {
      expect(await inBlocks(path(name), { blockRows: 100 }), name).toEqual(expected);
    }
  });

  it('name the row of an error, whatever the block', async () => {
    const bad = (row: number, line: string) => [HEADER, ...lines.slice(0, row - 1), line].join('\n');
    const place = (row: number) => `row ${row} (line ${bad(row, '').split('\n').length})`;
    const misfit = csv(Buffer.from(bad(601, '1,abc,,,red,,,1,1')), 500, 3000);
    await expect(inBlocks(misfit)).rejects.toThrow(
      `stdin: ${place(601)}, column "plain": "abc" is not a number`,
    );
    const short = csv(Buffer.from(`${bad(499, '1,2,3')}\n${lines[0]}`), 500, 3000);
    await expect(inBlocks(short)).rejects.toThrow(
      `stdin: ${place(499)}: 3 cells where the header names 9 columns`,
    );
    const open = csv(Buffer.from(bad(400, '1,2,"3')), 500, 3000);
    await expect(inBlocks(open)).rejects.toThrow(`stdin: ${place(400)}: a quote is opened and never closed`);
    const empty = csv(Buffer.from(`${HEADER}\n`));
    await expect(inBlocks(empty)).rejects.toThrow('stdin: there are no rows, only a header; add rows');
    const bare = csv(Buffer.from(lines.slice(4).join('\n')));
    await expect(inBlocks(bare)).rejects.toThrow(
      /^stdin: there is no header: the first line \(4, 5\.875, .*\) names none of the columns/,
    );
  });
});

describe('evaluations in blocks', () => {
  it('are those of the whole, to the bit', async () => {
    expect(evaluated.rows).toBeLessThan(700);
    expect(evaluated.notes.join('\n')).toMatch(/target: \d+ rows without a value left out/);
    expect(await model.evaluate(csv(Buffer.from(text), 600, 4000), { weights: 'w' })).toEqual(evaluated);
    const plain = await model.evaluate(path('new.csv'));
    expect(await model.evaluate(csv(Buffer.from(text), 999, 2500))).toEqual(plain);
    // the whole in memory, by the way that a report takes
    const [{ readModel }, { createRunner }, { evaluatePredictions }, { loadWithSchema }, { chooseKernels }] =
      await Promise.all([
        import('#src/model/read.js'),
        import('#src/model/runner.js'),
        import('#src/model/evaluate.js'),
        import('#src/data/load.js'),
        import('#src/kernels/choose.js'),
      ]);
    const read = readModel(path('run'));
    const loaded = await loadWithSchema(path('new.csv'), read.schema, { needTargets: true });
    const runner = createRunner(read, chooseKernels({ kernels: 'auto', precision: 'f32' }));
    const { evaluation } = evaluatePredictions(read, runner, { ...loaded, source: 'new.csv' });
    expect(evaluation).toEqual(plain);
  });
});

describe('blocks', () => {
  it('are joined to whole batches, with every row once and in order', async () => {
    const blocks = fc.array(
      fc.array(fc.boolean(), { maxLength: 30 }), // whether each row has a target
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(blocks, fc.integer({ min: 1, max: 9 }), async (made, size) => {
        const found: number[] = [];
        const lengths: number[] = [];
        for await (const block of inBatches(loaded(made), size)) {
          const { dataset, rows } = block.subset;
          lengths.push(rows.length);
          for (const row of rows) {
            const number = numberOfRow(block, row);
            expect([...dataset.numbers.subarray(2 * row, 2 * row + 2)]).toEqual([number, -number]);
            expect([dataset.codes[row], dataset.targets[row]]).toEqual([number, number]);
            expect(block.kept[0].text(row)).toBe(`row ${number}`);
            found.push(number);
          }
        }
        const all = made.flat();
        expect(found).toEqual(all.flatMap((has, row) => (has ? [row] : [])));
        expect(lengths.slice(0, -1).every((length) => length % size === 0)).toBe(true);
      }),
    );
  });

  it('of text end where records end', async () => {
    const cell = fc.constantFrom('a', ' ', '"', '""', '"x\ny"', ' "p,\r\n""q"', '5" pipe', 'b\r', '');
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        async (rows, n, m) => {
          const all = rows.map((cells) => `${cells.join(',')}\n`).join('');
          const cutting = { name: 't', delimiter: ',', endsAtReturns: false, partBytes: m, longest: 2 ** 20 };
          let before = '';
          for await (const { bytes, lines: count } of cutRecords(pieces(Buffer.from(all), n), cutting)) {
            expect(isRecordEnd(before), JSON.stringify(before)).toBe(true);
            expect(count).toBe(before.split(/\r\n|\n|\r/).length - 1);
            before += bytes.toString();
          }
          expect(before).toBe(all);
        },
      ),
    );
  });
});

/** Whether a text ends where a record does: a quote opens a cell only after nothing but spaces. */
function isRecordEnd(start: string): boolean {
  const quoted = /(^|[,\n\r]) *"(?:[^"]|"")*("|$)[^,\n\r]*/y;
  const bare = /(^|[,\n\r])[^,\n\r]*/y;
  let at = 0;
  for (;;) {
    for (const cell of [quoted, bare]) cell.lastIndex = at;
    const found = quoted.exec(start) ?? bare.exec(start);
    if (found === null || at === start.length) return start === '' || start.endsWith('\n');
    if (found[2] === '') return false;
    at += Math.max(1, found[0].length);
  }
}

/** Makes blocks of rows whose numbers say which row of the source they are. */
async function* loaded(blocks: readonly (readonly boolean[])[]): AsyncGenerator<LoadedBlock> {
  let first = 0;
  for (const block of blocks) {
    const start = first;
    const shared = <T extends Float64Array | Uint16Array | Uint32Array>(array: T) =>
      array as unknown as never;
    const own = block.map((_, i) => start + i);
    const dataset: Dataset = {
      rows: block.length,
      numbers: shared(Float64Array.from(own.flatMap((number) => [number, -number]))),
      numberWidth: 2,
      codes: shared(Uint16Array.from(own)),
      codeWidth: 1,
      targets: shared(Float64Array.from(own)),
      targetWidth: 1,
    };
    const rows = shared(Uint32Array.from(block.flatMap((has, i) => (has ? [i] : []))));
    yield { subset: { dataset, rows }, first, kept: [{ name: 'id', text: (row) => `row ${start + row}` }] };
    first += block.length;
  }
}
