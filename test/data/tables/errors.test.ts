import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTrainingData } from '#src/data/load.js';
import { failure, file } from '../helpers.js';

const train = (data: string, target?: string, task: 'auto' | 'classification' | 'regression' = 'auto') =>
  failure(() => loadTrainingData({ data, target, task, val: 0, seed: 1 }));

describe('names', () => {
  it('an unknown built-in', async () => {
    expect(await train('mnits')).toBe(
      '3: mnits: neither a file, a directory nor a built-in data set (mnist, xor, parity, spirals, moons, circles, blobs, sine, iris), did you mean "mnist"?',
    );
  });
  it('a missing file, pattern and directory', async () => {
    expect(await train('nowhere/houses.csv')).toBe(
      '3: nowhere/houses.csv: there is no such file or directory; check the path',
    );
    const near = file('near/houses.csv', 'x,y\n1,2\n').replace('houses', 'huoses');
    expect(await train(near)).toBe(
      '3: near/huoses.csv: there is no such file or directory, did you mean "houses.csv"?',
    );
    expect(await train('nowhere/*.csv')).toBe(
      '3: nowhere/*.csv: no file matches this pattern; check the path',
    );
    expect(await train('nowhere/train-images-idx3-ubyte')).toBe(
      '3: nowhere/train-images-idx3-ubyte: there is no such file; check the path',
    );
  });
  it('a directory without data, and one with tables', async () => {
    const readme = file('notes/README', 'hello');
    expect(await train(dirname(readme))).toMatch(
      /: no data is recognised in this directory; expected IDX files/,
    );
    const table = file('tables/a.csv', 'x,y\n1,2\n');
    expect(await train(dirname(table))).toMatch(
      /tables: no data is recognised in this directory; tables are named one by one or with a pattern, such as .*tables\/\*\.csv$/,
    );
  });
  it('a kind of file that is not read', async () => {
    expect(await train(file('sheet.xlsx', 'PK'))).toBe(
      '3: sheet.xlsx: the name does not say what kind of data this is; expected .csv, .tsv, .json, .jsonl, .parquet (also .gz, .zst), .npy, .npz or an IDX file such as train-images-idx3-ubyte',
    );
  });
  it('a directory that is named like a table', async () => {
    const path = file('dir.csv.d/x', '').replace('dir.csv.d/x', 'dir.csv');
    mkdirSync(path);
    expect(await train(path)).toMatch(/^3: dir\.csv: no data is recognised in this directory/);
  });
  it('an unknown target, and none at all', async () => {
    const source = file('houses.csv', 'rooms,area,price\n1,2,3\n');
    expect(await train(source, 'prize')).toBe(
      '2: --target prize: houses.csv has no such column, did you mean "price"? its columns are rooms, area, price',
    );
    expect(await train(source, 'garden')).toBe(
      '2: --target garden: houses.csv has no such column; its columns are rooms, area, price',
    );
    expect(await train(source)).toBe(
      '2: --target is missing: which column of houses.csv is to be predicted? Its columns are rooms, area, price',
    );
  });
  it('a target for data that has labels of its own', async () => {
    expect(await train('mnist', 'label')).toBe(
      '2: --target label: mnist has labels of its own, not columns; leave --target out',
    );
  });
});

describe('CSV files', () => {
  it('empty, only a header, no header', async () => {
    expect(await train(file('empty.csv', ''))).toBe('3: empty.csv: the file is empty; write it again');
    expect(await train(file('header.csv', 'x,y\n'))).toBe(
      '3: header.csv: there are no rows, only a header; add rows',
    );
    expect(await train(file('headless.csv', '5.1,3.5,setosa\n4.9,3.0,setosa\n'))).toBe(
      '3: headless.csv: there seems to be no header: the first line (5.1, 3.5, setosa) holds numbers like those below it; --header no names the columns c1, c2, …, --header yes takes the line as names',
    );
    expect(await train(file('blank.csv', '\nx,y\n1,2\n'))).toBe(
      '3: blank.csv: the first line is empty; expected a header line with the names of the columns',
    );
  });
  it('a header that names a column twice', async () => {
    expect(await train(file('twice.csv', 'x,x,y\n1,2,3\n'))).toBe(
      '3: twice.csv: two columns are named "x"; give each a name of its own',
    );
  });
  it('ragged rows: too short, too long, early and late', async () => {
    expect(await train(file('short.csv', 'a,b,y\n1,2,3\n4,5,6\n7,8\n'), 'y')).toBe(
      '3: short.csv: row 3 (line 4): 2 cells where the header names 3 columns: "7,8"; correct the row (a cell that holds the delimiter needs quotes)',
    );
    expect(await train(file('long.csv', 'a;b\n1;2\n\n"x\ny";3\n7;8;9\n'), 'b')).toBe(
      '3: long.csv: row 3 (line 6): 3 cells where the header names 2 columns: "7;8;9"; correct the row (a cell that holds the delimiter needs quotes)',
    );
    const rows = Array.from({ length: 25_000 }, (_, i) => `${i},${i % 2}`);
    expect(await train(file('late.csv', `a,y\n${rows.join('\n')}\n5\n`))).toBe(
      '3: late.csv: row 25001 (line 25002): 1 cell where the header names 2 columns: "5"; correct the row (a cell that holds the delimiter needs quotes)',
    );
  });
  it('a quote that is never closed', async () => {
    expect(await train(file('quote.csv', 'a,y\n1,"x\n2,z\n3,z\n'))).toBe(
      '3: quote.csv: row 1 (line 2): a quote is opened and never closed; close it or double it',
    );
  });
  it('bytes that are no text', async () => {
    expect(
      await train(
        file(
          'noise.csv',
          Uint8Array.from({ length: 500 }, (_, i) => (i * 151) % 256),
        ),
      ),
    ).toMatch(/^3: noise\.csv: /);
    expect(await train(file('latin.csv', Buffer.from('a,y\n1,x\n2,caf\xe9\n', 'latin1')))).toMatch(
      /^3: latin\.csv: row 2 \(line 3\): not UTF-8 text; convert the file/,
    );
  });
  it('a non-number in a number column, in the first rows and far below', async () => {
    expect(await train(file('word.csv', 'x,y\n1,0\n2,1\nabc,0\n4,1\n'))).toBe(
      '3: word.csv: row 3 (line 4), column "x": "abc" is not a number, where the column holds numbers; correct the cell, or empty it to mark it as missing',
    );
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i === 27_000 ? '12o' : i},${i % 2}`);
    expect(await train(file('far.csv', `x,y\n${rows.join('\n')}\n`))).toBe(
      '3: far.csv: row 27001 (line 27002), column "x": "12o" is not a number, where the column holds numbers; correct the cell, or empty it to mark it as missing',
    );
  });
  it('a single word among few different numbers; several make a category', async () => {
    const column = (words: readonly string[]) =>
      `x,z,y\n${words.map((word, i) => `${word},${i},${i % 2}`).join('\n')}\n`;
    expect(await train(file('single.csv', column(['1', '2', '1', '2', '1', '2', '1', 'x'])))).toMatch(
      /^3: single\.csv: row 8 \(line 9\), column "x": "x" is not a number/,
    );
    const doors = file('doors.csv', column(['2', '3', '4', '2', '3', '4', '5more', '5more']));
    const { schema } = await loadTrainingData({ data: doors, task: 'auto', val: 0, seed: 1 });
    expect(schema).toMatchObject({
      columns: [{ name: 'x', categories: ['2', '3', '4', '5more'] }, { name: 'z' }],
    });
  });
  it('several words among many different numbers', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 8 === 7 ? 'n/k' : i / 4},${i % 2}`);
    expect(await train(file('several.csv', `x,y\n${rows.join('\n')}\n`))).toMatch(
      /^3: several\.csv: row 8 \(line 9\), column "x": "n\/k" is not a number/,
    );
  });
  it('a non-number in a numeric target', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i === 20 ? 'n.a.' : i / 8}`);
    expect(await train(file('target.csv', `x,y\n${rows.join('\n')}\n`))).toMatch(
      /^3: target\.csv: row 21 \(line 22\), column "y": "n\.a\." is not a number/,
    );
  });
  it('one bad cell in one file of several', async () => {
    file('many/a.csv', 'x,y\n1,0\n2,1\n');
    const pattern = file('many/b.csv', 'x,y\n3,0\nabc,1\n').replace('b.csv', '*.csv');
    expect(await train(pattern)).toMatch(/many\/b\.csv: row 2 \(line 3\), column "x": "abc" is not a number/);
  });
  it('files whose columns differ', async () => {
    file('differ/a.csv', 'x,y\n1,0\n');
    const pattern = file('differ/b.csv', 'z,y\n3,0\n').replace('b.csv', '*.csv');
    expect(await train(pattern)).toMatch(
      /differ\/b\.csv: its columns are not those of .*differ\/a\.csv: "z" is only in one of them; give files with the same header$/,
    );
  });
  it('an infinite value', async () => {
    expect(await train(file('inf.csv', 'x,y\n1,0\ninf,1\n3,0\n'))).toBe(
      '3: inf.csv: row 2 (line 3), column "x": "inf" is not a finite number; correct or empty the cell',
    );
  });
});

describe('columns without content', () => {
  it('all values missing', async () => {
    expect(await train(file('missing.csv', 'x,z,y\n1,,0\n2,NA,1\n'))).toBe(
      '3: missing.csv, column "z": every value is missing; remove the column or fill it',
    );
    expect(await train(file('untargeted.csv', 'x,y\n1,\n2,\n'))).toBe(
      '3: untargeted.csv, column "y": the target has no value in any row; choose another',
    );
  });
  it('a target with one class', async () => {
    expect(await train(file('class.csv', 'x,y\n1,cat\n2,cat\n'))).toBe(
      '3: class.csv, column "y": every row has the target "cat", so there is nothing to learn; choose another target or add rows',
    );
    expect(await train(file('constant.csv', 'x,y\n1,5\n2,5\n'), 'y', 'regression')).toContain(
      'column "y": every row has the target "5"',
    );
  });
  it('a target with as many classes as rows', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${i},name ${i}`);
    expect(await train(file('names.csv', `x,y\n${rows.join('\n')}\n`))).toBe(
      '3: names.csv, column "y": 50 different words in 50 rows ("name 0", "name 1", "name 2", …) are too many to be classes; choose another target, or say what it holds: --number y, --date-format y=dd/mm/yyyy, or --category y',
    );
  });
  it('words to be regressed', async () => {
    expect(await train(file('regress.csv', 'x,y\n1,red\n2,blue\n3,red\n'), 'y', 'regression')).toMatch(
      /^3: regress\.csv: row 1 \(line 2\), column "y": "red" is not a number/,
    );
  });
  it('nothing beside the target', async () => {
    expect(await train(file('only.csv', 'y\n1\n0\n'))).toBe(
      '3: only.csv: no column is left to predict "y" from; add columns',
    );
  });
});

describe('other formats and queries', () => {
  it('broken JSON and Parquet', async () => {
    expect(await train(file('cut.jsonl', '{"x":1,"y":0}\n{"x":'))).toMatch(
      /^3: cut\.jsonl: Malformed JSON .* correct the file/,
    );
    expect(await train(file('cut.parquet', 'PAR1'))).toMatch(/^3: cut\.parquet: .*; correct the file/);
  });
  it('a query that cannot run', async () => {
    expect(await train('SELECT * FROM nowhere')).toMatch(/^3: query: .*nowhere.*; correct the query$/);
    expect(await train('SELECT FROM WHERE')).toMatch(/^3: query: syntax error .*; correct the query$/);
    const source = file('division.csv', 'x,y\n1,a\n2,b\n');
    expect(await train(`SELECT CAST(y AS DOUBLE) AS x, y FROM '${source}'`)).toMatch(
      /^3: query: .*Could not convert string.*; correct the query$/,
    );
  });
});
