/**
 * Tests what a column's text means. Each case is a table that some other tool silently reads in another way.
 */
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { describeSource } from '#src/data/describe.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { failure, file } from '../helpers.js';

type Options = Partial<Parameters<typeof loadTrainingData>[0]>;
const load = (data: string, options: Options = {}) =>
  loadTrainingData({ data, task: 'auto', val: 0, seed: 1, ...options });

/** Returns the values of the number columns, row by row, as the file means them. */
async function numbers(data: string, options: Options = {}) {
  const { train } = await load(data, options);
  const { numbers, numberWidth, rows } = train.dataset;
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: numberWidth }, (_, j) => numbers[r * numberWidth + j]),
  );
}

/** Returns the column `x` of a table whose target says nothing about it. */
const column = (name: string, cells: readonly string[], delimiter = ',') =>
  file(
    name,
    `x${delimiter}y\n${cells.map((cell, i) => `${cell}${delimiter}${i % 2 ? 'a' : 'b'}`).join('\n')}\n`,
  );
const day = (text: string) => Date.parse(`${text}Z`) / 86_400_000;

describe('booleans', () => {
  const source = () => column('active.csv', ['True', 'False', 'True', 'False', 'True', 'True']);

  it('are known again however the two values are given, and any other word is said', async () => {
    const { schema } = await load(source());
    expect(schema).toMatchObject({ columns: [{ type: 'boolean', categories: ['False', 'True'] }] });
    const read = async (name: string, text: string) => {
      const { subset, notes } = await loadWithSchema(file(name, text), schema, { needTargets: false });
      return { codes: Array.from(subset.dataset.codes), notes };
    };
    expect(await read('spelled.csv', 'x\nTrue\nFalse\nunknown\n')).toEqual({
      codes: [1, 0, 2],
      notes: ['column "x": 1 value not seen in training ("unknown"), taken as none of its categories'],
    });
    expect(await read('given.jsonl', '{"x":true}\n{"x":1}\n{"x":"TRUE"}\n{"x":false}\n{"x":0}\n')).toEqual({
      codes: [1, 1, 1, 0, 0],
      notes: [],
    });
  });

  it('as a target keep the spelling of the file', async () => {
    const yes = file('ok.csv', 'x,ok\n1,yes\n9,no\n2,yes\n8,no\n3,yes\n7,no\n');
    const { classes, schema } = await load(yes, { target: 'ok' });
    expect(classes).toEqual(['no', 'yes']);
    const other = file('ok.jsonl', '{"x":1,"ok":"no"}\n{"x":2,"ok":true}\n{"x":2,"ok":"yes"}\n');
    const { subset } = await loadWithSchema(other, schema, { needTargets: true });
    expect(Array.from(subset.dataset.targets)).toEqual([0, 1, 1]);
  });
});

describe('dates', () => {
  it('keep the format that training decided', async () => {
    const us = column('us.csv', ['12/25/2020', '01/05/2020', '03/04/2020', '07/08/2020']);
    const { schema, notes } = await load(us);
    expect(notes).toContain('column "x": dates, mm/dd/yyyy (1 value fits only month first)');
    const again = file('again.csv', 'x\n12/03/2020\n01/05/2020\n02/11/2020\n');
    const { subset } = await loadWithSchema(again, schema, { needTargets: false });
    expect(Array.from(subset.dataset.numbers)).toEqual(['2020-12-03', '2020-01-05', '2020-02-11'].map(day));
  });

  it('with two digits for the year have the day first where that is the only way', async () => {
    const source = column('short.csv', ['25/12/20', '01/02/20', '13/01/99', '04/05/21']);
    expect(await numbers(source)).toEqual(
      ['2020-12-25', '2020-02-01', '1999-01-13', '2021-05-04'].map((text) => [day(text)]),
    );
    expect((await load(source)).notes).toContain('column "x": dates, dd/mm/yy (2 values fit only day first)');
  });

  it('that may be read both ways are asked about, and the flags that are named decide', async () => {
    const source = column('both.csv', ['01/02/2020', '03/04/2020', '05/06/2020', '07/08/2020']);
    expect(await failure(() => load(source))).toBe(
      '3: both.csv, column "x": 01/02/2020 may be 2020-02-01 (--date-format x=dd/mm/yyyy) or 2020-01-02 (--date-format x=mm/dd/yyyy), and every value fits both; say which',
    );
    expect((await numbers(source, { dateFormat: { x: 'mm/dd/yyyy' } }))[0]).toEqual([day('2020-01-02')]);
    expect((await numbers(source, { dateFormat: { x: 'dd/mm/yyyy' } }))[0]).toEqual([day('2020-02-01')]);
    const same = column('same.csv', ['01/01/2020', '02/02/2020', '03/03/2020', '04/04/2020']);
    expect((await numbers(same))[1]).toEqual([day('2020-02-02')]);
  });

  it('that do not exist are named, in training and in prediction', async () => {
    const cells = Array.from({ length: 3000 }, (_, i) => new Date(i * 86_400_000).toISOString().slice(0, 10));
    const late = column('late.csv', [...cells, '2020-02-31']);
    expect(await failure(() => load(late))).toBe(
      '3: late.csv: row 3001 (line 3002), column "x": "2020-02-31" is not a date of the form yyyy-mm-dd, where the column holds such dates; correct the cell, or empty it to mark it as missing',
    );
    const { schema } = await load(column('good.csv', cells));
    const bad = file('bad.csv', 'x\n2020-02-28\n2020-02-31\n');
    expect(await failure(() => loadWithSchema(bad, schema, { needTargets: false }))).toMatch(
      /^3: bad\.csv: row 2 \(line 3\), column "x": "2020-02-31" is not a date of the form yyyy-mm-dd/,
    );
  });

  it('may be missing in words', async () => {
    const cells = Array.from({ length: 40 }, (_, i) =>
      i % 20 === 7 ? 'unknown' : `2020-01-${10 + (i % 20)}`,
    );
    const { notes, schema } = await load(column('unknown.csv', cells));
    expect(schema).toMatchObject({ columns: [{ kind: 'number', type: 'date' }] });
    expect(notes.join('\n')).toMatch(
      /column "x": 2 missing values \("unknown" 2 times\) filled with the median/,
    );
  });

  it.each([
    ['yyyy/mm/dd', '2020/12/25', '2020-12-25'],
    ['dd.mm.yyyy', '25.12.2020', '2020-12-25'],
    ['dd-mmm-yyyy', '25-Dec-2020', '2020-12-25'],
    ['dd mmm yyyy', '25 December 2020', '2020-12-25'],
    ['mmm dd, yyyy', 'Dec 25, 2020', '2020-12-25'],
    ['mmm dd, yyyy', 'Friday, December 25, 2020', '2020-12-25'],
    ['yyyy-mm-dd', '2020-12-25T13:30:00Z', '2020-12-25T13:30:00'],
    ['yyyy-mm-dd', '2020-12-25 13:30:00.250', '2020-12-25T13:30:00.250'],
    ['yyyy-mm-dd', '2020-12-25T13:30:00+02:00', '2020-12-25T11:30:00'],
    ['dd/mm/yyyy', '25/12/2020 1:30 PM', '2020-12-25T13:30:00'],
    ['yyyy-mm', '2020-12', '2020-12-01'],
  ])('%s: %s', async (format, text, meant) => {
    const other = text.replaceAll('25', '26').replace('2020-12', '2021-11');
    const { train, schema } = await load(
      column(
        'format.csv',
        [text, other, text, other].map((cell) => `"${cell}"`),
      ),
    );
    expect(schema).toMatchObject({ columns: [{ reading: { as: 'date', format } }] });
    expect(train.dataset.numbers[0]).toBe(Math.fround(day(meant)));
  });

  it('a format that means nothing is refused, and a column that is not there', async () => {
    const source = column('formats.csv', ['20201225', '20201226', '20201225', '20201226']);
    expect((await numbers(source, { dateFormat: { x: 'yyyymmdd' } }))[0]).toEqual([day('2020-12-25')]);
    expect(await failure(() => load(source, { dateFormat: { x: 'dd/mm' } }))).toMatch(
      /^2: date format "dd\/mm": expected yyyy or yy, /,
    );
    expect(await failure(() => load(source, { dateFormat: { X: 'yyyymmdd' } }))).toBe(
      '2: --date-format X: formats.csv has no such column, did you mean "x"? its columns are x, y',
    );
  });
});

describe('numbers', () => {
  const values = async (name: string, cells: readonly string[], delimiter = ',', options: Options = {}) =>
    (await numbers(column(name, cells, delimiter), options)).map(([x]) => x);
  const reading = async (name: string, cells: readonly string[]) => (await load(column(name, cells))).schema;

  it('with a decimal comma, as inputs and as the target', async () => {
    const source = file('preis.csv', 'preis;y\n1,5;3\n2;4\n2,5;5\n');
    const data = await load(source, { task: 'regression' });
    expect(Array.from(data.train.dataset.numbers)).toEqual([1.5, 2, 2.5]);
    expect(data.notes).toContain('column "preis": numbers with a decimal comma (1,5 is 1.5)');
    const swapped = await load(source, { target: 'preis' });
    expect(swapped.task).toBe('regression');
    expect(Array.from(swapped.train.dataset.targets)).toEqual([1.5, 2, 2.5]);
    expect(swapped.notes).toContain('target: numbers with a decimal comma (1,5 is 1.5)');
  });

  it('with a thousands comma, where another column writes points', async () => {
    const source = file('price.csv', 'price,y\n"52,522",0.5\n"1,140",1.5\n"2,300",2.5\n');
    const { train, notes } = await load(source, { task: 'regression' });
    expect(Array.from(train.dataset.numbers)).toEqual([52_522, 1140, 2300]);
    expect(notes).toContain('column "price": numbers with a thousands comma (52,522 is 52522)');
  });

  it('that may have either are asked about, and the remedy is right when typed', async () => {
    const source = column('either.csv', ['"52,522"', '"1,140"', '"2,300"', '"7,125"']);
    expect(await failure(() => load(source))).toBe(
      '3: either.csv, column "x": 52,522 may be 52.522 (--decimal x=,) or 52522 (--decimal x=.), and every value fits both; say which',
    );
    expect((await numbers(source, { decimal: { x: ',' } })).flat()).toEqual(
      [52.522, 1.14, 2.3, 7.125].map(Math.fround),
    );
    expect((await numbers(source, { decimal: '.' })).flat()).toEqual([52_522, 1140, 2300, 7125]);
  });

  it('take the mark of the file where they could have either', async () => {
    const source = file('tausend.csv', 'a;b;y\n1.234;1,5;0\n5.678;2,5;1\n9.012;3,25;0\n');
    expect(await numbers(source)).toEqual([
      [1234, 1.5],
      [5678, 2.5],
      [9012, 3.25],
    ]);
    expect(await numbers(file('points.csv', 'a;b;y\n1.234;1.5;0\n5.678;2.5;1\n9.012;3.25;0\n'))).toEqual(
      [
        [1.234, 1.5],
        [5.678, 2.5],
        [9.012, 3.25],
      ].map((row) => row.map(Math.fround)),
    );
  });

  it.each([
    ['+4.52', ['+4.52', '-1', '+3', '2'], [4.52, -1, 3, 2]],
    ['spaces', ['" 4.52 "', ' 1', '3 ', '2'], [4.52, 1, 3, 2]],
    ['thousands and points', ['"1,234.5"', '"12,345,678"', '17', '0.25'], [1234.5, 12_345_678, 17, 0.25]],
    ['swiss', ["1'234.50", "12'000", '7', '8'], [1234.5, 12_000, 7, 8]],
    ['spaced', ['1 234', '12 000', '7', '8'], [1234, 12_000, 7, 8]],
    ['euros', ['"€1,643,608"', '€5', '"€1,200"', '€70'], [1_643_608, 5, 1200, 70]],
    ['dollars', ['$5', '-$3', '$2.50', '$1'], [5, -3, 2.5, 1]],
    ['percent', ['10%', '5%', '2.5%', '100%'], [10, 5, 2.5, 100]],
    ['area', ['1 234 m²', '56 m²', '78 m²', '90 m²'], [1234, 56, 78, 90]],
    ['months', [' 36 months', ' 60 months', ' 36 months', ' 12 months'], [36, 60, 36, 12]],
    ['exponents', ['1e3', '2.5E-1', '-1e+2', '.5'], [1000, 0.25, -100, 0.5]],
    ['minus', ['−5', '3', '1', '2'], [-5, 3, 1, 2]],
  ])('%s', async (name, cells, expected) => {
    expect(await values(`${name}.csv`, cells)).toEqual(expected.map(Math.fround));
  });

  it('a unit is said, stored and held to', async () => {
    const { notes, schema } = await load(column('unit.csv', ['5 kg', '7 kg', '6 kg', '8 kg']));
    expect(notes).toContain('column "x": numbers in kg (5 kg is 5)');
    const read = (name: string, text: string) =>
      loadWithSchema(file(name, text), schema, { needTargets: false });
    expect(Array.from((await read('kg.csv', 'x\n9 kg\n')).subset.dataset.numbers)).toEqual([9]);
    expect(await failure(() => read('pounds.csv', 'x\n9 lb\n'))).toBe(
      '3: pounds.csv: row 1 (line 2), column "x": "9 lb" is not a number, where the column holds numbers in kg; correct the cell, or empty it to mark it as missing',
    );
    expect(await failure(() => read('bare.csv', 'x\n9\n'))).toBe(
      '3: bare.csv: row 1 (line 2), column "x": "9" is not written like the column\'s numbers in kg (such as 1234.5 kg); correct the cell, or empty it to mark it as missing',
    );
  });

  it('per cent beside bare numbers is asked about', async () => {
    expect(await failure(() => load(column('mixed.csv', ['10%', '0.1', '20%', '0.5'])))).toBe(
      '3: mixed.csv, column "x": some cells have a % sign and others have none, which may mean the same or a share of 1; --number x takes them all as percentages, --text x as words',
    );
  });

  it('as a target with a unit', async () => {
    const source = file(
      'houses.csv',
      `x,y\n${Array.from({ length: 50 }, (_, i) => `${i},"€1,${643 + i},608"`).join('\n')}\n`,
    );
    const { task, train, notes } = await load(source);
    expect(task).toBe('regression');
    expect(train.dataset.targets[0]).toBe(1_643_608);
    expect(notes.join('\n')).toMatch(/target: numbers with a thousands comma in € \(€1,643,608 is 1643608\)/);
  });

  it('after many rows of something else', async () => {
    const rows = Array.from({ length: 25_000 }, (_, i) => `,${i % 2}`);
    const blanks = file('blanks.csv', `x,y\n${rows.join('\n')}\n4,0\n5.5,1\n6,1\n`);
    const { train, notes } = await load(blanks);
    expect(Array.from(train.dataset.numbers.subarray(25_000))).toEqual([4, 5.5, 6]);
    expect(notes.join('\n')).toContain('25000 missing values filled');
    const lines = Array.from({ length: 21_000 }, (_, i) => `{"x":${i % 5},"y":${i % 2}}`);
    const whole = file('whole.jsonl', `${lines.join('\n')}\n{"x":0.5,"y":1}\n{"x":"45.2","y":0}\n`);
    expect(Array.from((await load(whole)).train.dataset.numbers.subarray(20_998))).toEqual([
      3,
      4,
      0.5,
      Math.fround(45.2),
    ]);
  });

  it('in Parquet parts of different types', async () => {
    const duck = await (await DuckDBInstance.create()).connect();
    const part = (name: string, sql: string) => {
      const path = file(name, '');
      return duck.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`).then(() => path);
    };
    await part('mix/a.parquet', 'SELECT i::INTEGER AS x, i % 2 AS y FROM range(10) t(i)');
    const last = await part('mix/b.parquet', 'SELECT i + 0.5::DOUBLE AS x, i % 2 AS y FROM range(10) t(i)');
    const values = (await numbers(last.replace('b.parquet', '*.parquet'))).flat();
    expect(values.slice(8, 12)).toEqual([8, 9, 0.5, 1.5]);
  });

  it('too large for a double are kept as text, and codes with leading zeros too', async () => {
    const ids = ['9007199254740993', '9007199254740995', '9007199254740993', '9007199254740995'];
    expect(await reading('ids.csv', ids)).toMatchObject({
      columns: [{ kind: 'category', categories: ids.slice(0, 2) }],
    });
    expect((await load(column('ids.csv', ids))).notes.join('\n')).toContain(
      'column "x": whole numbers too large for a double (9007199254740993), kept as text; --number takes them rounded',
    );
    const zips = ['01234', '98765', '01234', '98765'];
    expect(await reading('zip.csv', zips)).toMatchObject({
      columns: [{ kind: 'category', categories: zips.slice(0, 2) }],
    });
    expect(await values('zip.csv', zips, ',', { number: ['x'] })).toEqual([1234, 98_765, 1234, 98_765]);
    expect(await reading('years.csv', ['2019', '2020', '2021', '2020'])).toMatchObject({
      columns: [{ kind: 'number' }],
    });
    const { schema } = await load(column('years.csv', ['2019', '2020', '2021', '2020', '2019', '2021']), {
      text: ['x'],
    });
    expect(schema).toMatchObject({ columns: [{ kind: 'category', categories: ['2019', '2020', '2021'] }] });
  });
});

describe('targets', () => {
  const classes = async (name: string, cells: readonly string[], options: Options = {}) =>
    load(file(name, `x,y\n${cells.map((cell, i) => `${i % 7},${cell}`).join('\n')}\n`), options);

  it('a class may be called None', async () => {
    const cells = Array.from({ length: 20 }, (_, i) => (i % 5 < 3 ? 'None' : 'Some'));
    const data = await classes('none.csv', cells);
    expect(data.classes).toEqual(['None', 'Some']);
    expect(data.notes).toContain(
      `target: "None" is a class like any other; --missing 'None' leaves its rows out`,
    );
    const fewer = await classes('gone.csv', [...cells, 'Other'], { missing: ['None'] });
    expect(fewer.classes).toEqual(['Other', 'Some']);
  });

  it('classes that are numbers keep their spelling', async () => {
    const data = await classes(
      'floats.csv',
      Array.from({ length: 20 }, (_, i) => ['1.0', '2.0', '3.0'][i % 3]),
    );
    expect(data.classes).toEqual(['1.0', '2.0', '3.0']);
    const other = file('ints.csv', 'x,y\n1,2\n2,3.0\n');
    const { subset } = await loadWithSchema(other, data.schema, { needTargets: true });
    expect(Array.from(subset.dataset.targets)).toEqual([1, 2]);
  });
});

describe('files', () => {
  const small = 'x,y\n1,a\n2,b\n3,a\n4,b\n';

  it('a name is a pattern only where no such file exists', async () => {
    file('names/sales1.csv', small.replace('1,a', '100,a'));
    const literal = file('names/sales[1].csv', small);
    expect((await numbers(literal)).flat()).toEqual([1, 2, 3, 4]);
    file('names/qx.csv', small.replace('1,a', '100,a'));
    expect((await numbers(file('names/q?.csv', small))).flat()).toEqual([1, 2, 3, 4]);
    expect((await numbers(literal.replace('sales[1]', 'sales[0-9]'))).flat()).toEqual([100, 2, 3, 4]);
  });

  it('a header with a line end in a name', async () => {
    const { schema } = await load(file('head.csv', '"the\nx","y"\n1,a\n2,b\n'), { target: 'y' });
    expect(schema).toMatchObject({ columns: [{ name: 'the\nx' }] });
  });

  it.each([
    ['CRLF and LF', 'x,y\r\n1,a\r\n2,b\n3,a\r\n4,b\n'],
    ['LF and CRLF', 'x,y\n1,a\n2,b\r\n3,a\n4,b\r\n'],
    ['CR', 'x,y\r1,a\r2,b\r3,a\r4,b\r'],
    ['CRLF', 'x,y\r\n1,a\r\n2,b\r\n3,a\r\n4,b\r\n'],
    ['a mark of UTF-8', `\ufeff${small}`],
  ])('%s', async (_, text) => {
    expect((await numbers(file('lines.csv', text))).flat()).toEqual([1, 2, 3, 4]);
    expect((await numbers(file('lines.csv.gz', gzipSync(text)))).flat()).toEqual([1, 2, 3, 4]);
  });

  it('mixed line ends leave cells in quotes alone, and a quote that is not closed is an error', async () => {
    const data = await load(file('quoted.csv', 'x,w,y\r\n1,"a\r\nb",p\n2,c,q\r\n3,"a\r\nb",p\n4,c,q\n'));
    expect(data.schema).toMatchObject({
      columns: [{ name: 'x' }, { name: 'w', categories: ['a\r\nb', 'c'] }],
    });
    expect(await failure(() => load(file('open.csv', 'x,y\r\n1,a\n2,"b\r\n3,a\n')))).toMatch(
      /^3: open\.csv: row 2 \(line 3\): a quote is opened and never closed/,
    );
  });

  it('UTF-16', async () => {
    expect((await numbers(file('utf16.csv', Buffer.from(`\ufeff${small}`, 'utf16le')))).flat()).toEqual([
      1, 2, 3, 4,
    ]);
    const swapped = Buffer.from(`\ufeff${small}`, 'utf16le').swap16();
    expect(await failure(() => load(file('utf16be.csv', swapped)))).toMatch(
      /^3: utf16be\.csv: big-endian UTF-16 text, .* iconv/,
    );
  });

  it('a long cell is read, and a line beyond the limit is named with the reason', async () => {
    const long = 'a'.repeat(3_000_000);
    const data = await load(file('long.csv', `x,w,y\n1,${long},p\n2,b,q\n3,${long},p\n4,b,q\n`));
    expect(data.schema).toMatchObject({ columns: [{ name: 'x' }, { name: 'w', categories: [long, 'b'] }] });
    expect(
      await failure(() => load(file('longer.csv', `x,w,y\n1,${'a'.repeat(17_000_000)},p\n2,b,q\n`))),
    ).toMatch(/^3: longer\.csv: row 1 \(line 2\): the line is longer than 16 MB/);
  });

  it('a query may end in a comment', async () => {
    const source = file('query.csv', small);
    expect((await numbers(`SELECT * FROM '${source}' -- all of it`)).flat()).toEqual([1, 2, 3, 4]);
  });
});

describe('headers', () => {
  it('of numbers count where the columns below say so', async () => {
    const named = file('pandas.csv', '0,1,2,y\n5.1,3.5,1.4,0.5\n4.9,3,1.5,0.7\n6.1,3.1,1.2,0.1\n');
    expect((await load(named, { target: 'y' })).schema).toMatchObject({
      columns: [{ name: '0' }, { name: '1' }, { name: '2' }],
    });
    const years = file('years.csv', '2019,2020,2021\n5.5,6.1,7\n4.25,6.5,8\n3.5,6.3,7.5\n');
    expect((await load(years, { target: '2021' })).schema).toMatchObject({
      columns: [{ name: '2019' }, { name: '2020' }],
    });
  });

  it('are asked about where nothing tells, and the flags decide', async () => {
    const source = file('doubt.csv', '1,2,3\n4,5,6\n7,8,9\n2,4,1\n');
    expect(await failure(() => load(source, { target: '3' }))).toMatch(
      /^3: doubt\.csv: there seems to be no header: .*--header no names the columns c1, c2, …, --header yes/,
    );
    const without = await load(source, { target: 'c3', header: 'no' });
    expect(without.train.dataset.rows).toBe(4);
    expect((await load(source, { target: '3', header: 'yes' })).train.dataset.rows).toBe(3);
    const { subset } = await loadWithSchema(file('more.csv', '9,9\n8,8\n'), without.schema, {
      needTargets: false,
    });
    expect(Array.from(subset.dataset.numbers)).toEqual([9, 9, 8, 8]);
    const bad = file('worse.csv', '9,9\n8,x\n');
    expect(await failure(() => loadWithSchema(bad, without.schema, { needTargets: false }))).toMatch(
      /^3: worse\.csv: row 2 \(line 2\), column "c2": "x" is not a number/,
    );
  });
});

it('inspect says what was assumed of each column, and what is ambiguous', async () => {
  const source = file(
    'inspect.csv',
    'born,price,share,kind\n25/12/2020,"1,5",10%,a\n01/02/2020,"2,25",5%,b\n03/04/2020,NA,7%,a\n',
  );
  const { parts } = await describeSource(source);
  expect(parts[0].columns.map(({ name, type, notes }) => [name, type, notes])).toEqual([
    ['born', 'date', ['dates, dd/mm/yyyy (1 value fits only day first)']],
    ['price', 'number', ['numbers with a decimal comma (1,5 is 1.5)', 'missing: "NA" 1']],
    ['share', 'number', ['numbers in % (10% is 10)']],
    ['kind', 'text', []],
  ]);
  const open = await describeSource(column('open.csv', ['01/02/2020', '03/04/2020']));
  expect(open.parts[0].columns[0].notes[0]).toMatch(/^ambiguous: 01\/02\/2020 may be 2020-02-01/);
});

describe('values too far from the training rows to compute with', () => {
  const base = () =>
    file('near.csv', `x,y\n${Array.from({ length: 30 }, (_, i) => `${i},${i / 4}`).join('\n')}\n`);

  it.each(['1e39', '1e20', '-1e300'])(
    '%s is named with its row before training, and in prediction',
    async (value) => {
      const far = file('far.csv', `x,y\n1,2\n${value},2\n`);
      const expected = `3: far.csv: row 2 (line 3), column "x": ${Number(value)} lies too far from the training rows to compute with (beyond 1e15 of their standard deviations); correct or remove it`;
      expect(await failure(() => load(base(), { target: 'y', val: far }))).toBe(expected);
      expect(await failure(() => load(base(), { target: 'y', test: far }))).toBe(expected);
      const { schema } = await load(base(), { target: 'y' });
      expect(await failure(() => loadWithSchema(far, schema, { needTargets: false }))).toBe(expected);
      const target = file('far.csv', `y,x\n1,2\n${value},2\n`);
      expect(await failure(() => load(base(), { target: 'y', val: target }))).toBe(
        expected.replace('"x"', '"y"'),
      );
    },
  );

  it('in the training data spread beyond what a double can square', async () => {
    const source = file('wide.csv', 'x,y\n1,0\n1e300,1\n2,0\n3,1\n');
    expect(await failure(() => load(source, { target: 'y', number: ['x'] }))).toMatch(
      /^3: wide\.csv, column "x": its values spread too far to compute with \(beyond 1e154\)/,
    );
    const { train } = await load(file('large.csv', 'x,y\n1,0\n1e+39,1\n2e+39,0\n3e+39,1\n'), { target: 'y' });
    expect(train.dataset.numbers).toBeInstanceOf(Float64Array);
  });
});

it('infinite values make no categories of a column of numbers', async () => {
  const source = column('infinite.csv', ['1', '2', 'inf', '1', '2', '-inf', '1', '2', 'Infinity', '1']);
  expect(await failure(() => load(source))).toBe(
    '3: infinite.csv: row 3 (line 4), column "x": "inf" is not a finite number; correct or empty the cell',
  );
});
