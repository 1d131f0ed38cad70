/** Plain CSV text that gradpool parses itself gives the cells that DuckDB gives. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsInMemory } from '#src/data/tables/builders.js';
import type { Cells } from '#src/data/tables/cells.js';
import { describeCsv, LONGEST_LINE } from '#src/data/tables/csv.js';
import { readHead } from '#src/data/tables/csvfile.js';
import { withTable } from '#src/data/tables/opentable.js';
import { readPlain } from '#src/data/tables/plainread.js';
import { Spill } from '#src/data/tables/spill.js';
import { file } from '../helpers.js';

/** The cells of a table with everything that can be seen of them. */
const seen = (cells: Cells) => {
  const { onDisk, ...rest } = cells;
  return cells.kind === 'words'
    ? { ...rest, codes: [...cells.codes] }
    : { ...rest, values: Array.from(cells.values, (value) => (Number.isNaN(value) ? 'NaN' : value)) };
};

/** Reads a table by DuckDB, and as plain text by the plan that the first rows give. */
async function both(path: string, partBytes?: number, store = columnsInMemory(8)) {
  const described = describeCsv(path, readHead(path)!, { encoding: 'utf-8', hasHeader: true });
  const modes = new Map([['w', 'text' as const]]);
  const read = () =>
    withTable({ kind: 'table', form: 'file', name: 't', text: path }, 'yes', (reader) =>
      reader.read(described.names, modes),
    );
  const expected = await read();
  const kinds = { whole: 'whole', thousandths: 'thousandths', gaps: 'gaps', fractions: 'fractions' } as const;
  const columns = new Map(
    described.names.map((name, i) => {
      const kind = expected[i].kind === 'numbers' ? kinds[name as keyof typeof kinds] : null;
      return [name, kind ?? null];
    }),
  );
  const plain = await readPlain([described], columns, { store, longest: LONGEST_LINE, partBytes });
  return { plain: plain?.map(seen) ?? null, expected: expected.map(seen) };
}

/** A thousand rows that say of what kind the columns are, and rows that follow them. */
const begun = (end: string) =>
  `fractions,whole,thousandths,gaps,w${end}${Array.from({ length: 1000 }, (_, i) => `${i}.5,${i},1.${100 + (i % 900)},${i % 7 ? i / 4 : 'NA'},w${i % 30}${end}`).join('')}`;

const digits = fc.stringMatching(/^\d{1,17}$/);
const number = fc.oneof(
  fc.tuple(fc.constantFrom('', '-'), digits).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('', '-'), digits, digits).map(([sign, a, b]) => `${sign}${a}.${b}`),
  fc.tuple(digits, fc.integer({ min: -40, max: 40 })).map(([a, e]) => `${a.slice(0, 6)}e${e}`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => String(x).replace('+', '')),
  fc.constantFrom('', '0', 'NA'),
);
const word = fc.oneof(
  fc.stringMatching(/^[a-zäß€😀 .;\d'-]{1,9}$/u),
  fc.constantFrom('', '\ufeffred', '"a,b"', 'red', 'NA', '"x y"', '1'),
);

/** Numbers that may be something else in some columns, or that few digits do not tell. */
const SPECIAL =
  '-0|007|-007|1.500|.5|-.5|5.|1E3|-1e1|1e-7|120|99.90|999.90|1000.0|0.50|-12.50|1.25|abc|9007199254740993|123456789012345|0.1234567890123456|4.35|1e308|5e-324'.split(
    '|',
  );

describe('plain text', () => {
  it('gives the cells that DuckDB gives', async () => {
    const row = fc.tuple(number, number, number, number, word);
    let plainly = 0;
    const property = fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 30 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (rows, end, ended) => {
        const special = SPECIAL.map((cell) => [cell, cell, cell, cell, cell]);
        const text =
          begun(end) + [...special, ...rows].map((cells) => cells.join(',')).join(end) + (ended ? end : '');
        const { plain, expected } = await both(file('plain.csv', text));
        if (plain === null) return;
        plainly++;
        expect(plain).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 12 });
    expect(plainly).toBeGreaterThan(8);
  });

  it('is the same in parts of any length and in threads, on disk and in memory', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i}.25,00${i},1.${i},abc,new ${i % 50}\n`);
    const path = file('parts.csv', begun('\n') + rows.join(''));
    const spilled = join(dirname(path), 'spilled');
    const spill = new Spill(spilled);
    const { plain, expected } = await both(path, 3001, spill);
    expect(plain).toEqual(expected);
    spill.close();
    for (const partBytes of [100_000, 40_000]) expect((await both(path, partBytes)).plain).toEqual(expected);
    rmSync(spilled, { recursive: true });
  });

  it.each([
    ['a cell too few', '1.5,1,1.500,1\n'],
    ['a cell too many', '1.5,1,1.500,1,w,w\n'],
    ['a quote within a cell', '1.5,1,1.500,1,5" pipe\n'],
    ['a doubled quote', '1.5,1,1.500,1,"a ""b"""\n'],
    ['a line end in quotes', '1.5,1,1.500,1,"a\nb"\n'],
    ['an empty text in quotes', '1.5,1,1.500,1,""\n'],
    ['an empty line', '\n1.5,1,1.500,1,w\n'],
    ['another line end', '1.5,1,1.500,1,w\r\n'],
    ['a zero byte', '1.5,1,1.500,1,w\0\n'],
    ['spaces around a number', ' 1.5,1,1.500,1,w\n'],
    ['an underscore in a number', '1_000,1,1.500,1,w\n'],
    ['a sign before a number', '+1.5,1,1.500,1,w\n'],
    ['an infinite number', '1e999,1,1.500,1,w\n'],
    ['what DuckDB may take for a number', 'inf,1,1.500,1,w\n'],
  ])('is none with %s', async (_, row) => {
    const path = file('not.csv', begun('\n') + row);
    const described = describeCsv(path, readHead(path)!, { encoding: 'utf-8', hasHeader: true });
    const columns = new Map([
      ['fractions', 'fractions' as const],
      ['w', null],
    ]);
    const store = columnsInMemory(8);
    expect(await readPlain([described], columns, { store, longest: LONGEST_LINE })).toBeNull();
    const threads = { store: columnsInMemory(8), longest: LONGEST_LINE, partBytes: 5000 };
    expect(await readPlain([described], columns, threads)).toBeNull();
  });
});
