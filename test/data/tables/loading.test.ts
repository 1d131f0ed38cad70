import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { gather } from '#src/data/gather.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { prepareEncoding } from '#src/data/preparedencoding.js';
import { encodingOf, parseSchema, type Schema } from '#src/data/schema.js';
import type { DataSource } from '#src/data/source.js';
import { failure, file } from '../helpers.js';

const load = (data: DataSource, options: Partial<Parameters<typeof loadTrainingData>[0]> = {}) =>
  loadTrainingData({ data, task: 'auto', val: 0, seed: 1, ...options });

/** Returns what the network sees of every row. */
function inputs({ dataset, rows }: Awaited<ReturnType<typeof load>>['train'], schema: Schema): number[][] {
  const encoding = encodingOf(schema);
  const width = encoding.cardinalities.reduce((sum, n) => sum + n, dataset.numberWidth);
  const x = new Float64Array(rows.length * width);
  gather(x, null, dataset, prepareEncoding(encoding), rows, 0, rows.length);
  return Array.from(rows, (_, r) => Array.from(x.subarray(r * width, (r + 1) * width)));
}

const PETS = `age,kind,vaccinated,born,weight
1,cat,true,2020-01-01,4.5
2,dog,false,2020-01-02,20
3,cat,true,2020-01-03,5.25
,dog,true,2020-01-04,18
10,,false,2020-01-05,4
4,cat,false,2020-01-06,4.75
`;

describe('column types', () => {
  it('numbers, categories, booleans and dates become inputs', async () => {
    const data = await load(file('pets.csv', PETS), { target: 'weight' });
    expect(data).toMatchObject({
      name: 'pets',
      task: 'regression',
      classes: null,
      outputs: 1,
      inputWidth: 1 + 3 + 2 + 1,
    });
    expect(data.notes).toEqual([
      'task: regression, since the target "weight" holds fractions',
      'column "born": dates, yyyy-mm-dd',
      'column "age": 1 missing value filled with the median, 3',
      'column "kind": 1 missing value taken as a category of its own',
    ]);
    const ages = [1, 2, 3, 3, 10, 4]; // the missing one filled with the median of the others
    const mean = 4; // of the five that are there
    const std = Math.sqrt((9 + 4 + 1 + 36 + 0) / 5);
    const days = [0, 1, 2, 3, 4, 5].map((day) => (day - 2.5) / Math.sqrt(35 / 12));
    const kinds = [
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ];
    const vaccinated = [
      [0, 1],
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
      [1, 0],
    ];
    // numbers first, then the one-hot blocks
    const expected = ages.map((age, r) => [(age - mean) / std, days[r], ...kinds[r], ...vaccinated[r]]);
    inputs(data.train, data.schema).forEach((row, r) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[r][j], 10);
      });
    });
    expect(Array.from(data.train.dataset.targets)).toEqual([4.5, 20, 5.25, 18, 4, 4.75]);
    expect(data.encoding.targetShift[0]).toBeCloseTo(56.5 / 6, 12);
  });

  it('statistics come from the training rows alone, in row order', async () => {
    const values = Array.from({ length: 200 }, (_, i) => (i * 37) % 101);
    const source = file('rows.csv', `x,y\n${values.map((x, i) => `${x},${i % 2}`).join('\n')}\n`);
    const { train, val, schema } = await load(source, { target: 'y', val: 0.25 });
    expect([train.rows.length, val!.rows.length]).toEqual([150, 50]);
    const mean = train.rows.reduce((sum, row) => sum + values[row], 0) / 150;
    const squares = train.rows.reduce((sum, row) => sum + (values[row] - mean) ** 2, 0);
    const sorted = Array.from(train.rows, (row) => values[row]).sort((a, b) => a - b);
    expect(schema).toMatchObject({
      columns: [{ shift: mean, scale: 1 / Math.sqrt(squares / 150), fill: (sorted[74] + sorted[75]) / 2 }],
    });
    const ones = (rows: Uint32Array) => rows.reduce((sum, row) => sum + (row % 2), 0);
    expect([ones(train.rows), ones(val!.rows)]).toEqual([75, 25]);
  });

  it('columns without information are left out, and the notes say why', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `person ${i},7,same,${i},${i % 3 === 0 ? 'a' : 'b'}`);
    const data = await load(file('useless.csv', `name,seven,word,x,class\n${rows.join('\n')}\n`));
    expect(data.inputWidth).toBe(1);
    expect(data.notes).toEqual([
      'target: column "class", by its name',
      'task: classification, since the target "class" holds words',
      'column "name": 30 different words in 30 rows ("person 0", "person 1", "person 2", …) identify rows rather than kinds; --category name takes them as categories all the same; left out',
      'column "seven": always 7; left out',
      'column "word": always "same"; left out',
    ]);
  });

  it('numbers far from 0 stay in float64, so that their differences survive', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${1_700_000_000 + i},${i / 4}`);
    const data = await load(file('far.csv', `t,y\n${rows.join('\n')}\n`), { target: 'y' });
    expect(data.train.dataset.numbers).toBeInstanceOf(Float64Array);
    expect(inputs(data.train, data.schema)[0][0]).toBeCloseTo(-24.5 / Math.sqrt(2499 / 12), 12);
  });

  it('a column whose first 30,000 rows are whole numbers may go on with fractions', async () => {
    const rows = Array.from({ length: 30_001 }, (_, i) => `${i === 30_000 ? 0.5 : i % 7},${i % 2}`);
    const data = await load(file('wide.csv', `x,y\n${rows.join('\n')}\n`));
    expect(data.train.dataset.numbers[30_000]).toBe(0.5);
  });
});

describe('targets', () => {
  const table = (name: string, y: readonly (string | number)[]) =>
    file(name, `x,y\n${y.map((value, i) => `${i % 5},${value}`).join('\n')}\n`);
  const task = async (name: string, y: readonly (string | number)[]) => {
    const { task, notes, classes } = await load(table(name, y));
    return { task, classes, why: notes[1] };
  };

  it('words and two whole numbers are classes, in a fixed order', async () => {
    expect(await task('words.csv', ['b', 'a', 'c', 'b', 'a', 'c'])).toMatchObject({
      classes: ['a', 'b', 'c'],
    });
    expect(await task('two.csv', [5, -1, 5, -1])).toEqual({
      task: 'classification',
      classes: ['-1', '5'],
      why: 'task: classification, since the target "y" holds 2 different whole numbers',
    });
    expect(
      await task(
        'ten.csv',
        Array.from({ length: 30 }, (_, i) => i % 10),
      ),
    ).toMatchObject({
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    });
  });

  it('many whole numbers and fractions are quantities', async () => {
    expect(
      await task(
        'many.csv',
        Array.from({ length: 60 }, (_, i) => i % 30),
      ),
    ).toEqual({
      task: 'regression',
      classes: null,
      why: 'task: regression, since the target "y" holds 30 different whole numbers',
    });
    expect((await task('once.csv', [3, 1, 4, 2, 5])).task).toBe('regression');
    expect((await task('halves.csv', [0.5, 1, 0.5, 1])).task).toBe('regression');
  });

  it('--task decides otherwise', async () => {
    const source = table('forced.csv', [1, 2, 1, 2, 3]);
    expect((await load(source, { task: 'regression' })).classes).toBeNull();
    expect((await load(source, { task: 'classification' })).classes).toEqual(['1', '2', '3']);
  });

  it('rows without a target are left out', async () => {
    const cells = ['a', '', 'b', 'NA', 'a', 'b'];
    const data = await load(table('gaps.csv', cells));
    expect(data.classes).toEqual(['NA', 'a', 'b']);
    expect(Array.from(data.train.rows)).toEqual([0, 2, 3, 4, 5]);
    expect(data.notes).toContain('target: 1 row without a value left out');
    expect(data.notes).toContain(
      `target: "NA" is a class like any other; --missing 'NA' leaves its rows out`,
    );
    const fewer = await load(table('gaps.csv', cells), { missing: ['NA'] });
    expect(Array.from(fewer.train.rows)).toEqual([0, 2, 4, 5]);
    expect(fewer.notes).toContain('target: 2 rows without a value ("NA") left out');
  });
});

describe('formats', () => {
  it('the same table in any format gives the same data', async () => {
    const csv = file('same/t.csv', PETS);
    const duck = await (await DuckDBInstance.create()).connect();
    const copy = (name: string, options: string) =>
      duck.run(`COPY (FROM '${csv}') TO '${csv.replace('t.csv', name)}' (${options})`);
    await copy('t.tsv', "FORMAT csv, HEADER, DELIMITER '\t'");
    await copy('t.json', 'FORMAT json, ARRAY true');
    await copy('t.jsonl', 'FORMAT json');
    await copy('t.parquet', 'FORMAT parquet');
    await copy('t.csv.zst', 'FORMAT csv, HEADER, COMPRESSION zstd');
    file('same/t.csv.gz', gzipSync(PETS));
    const expected = await load(csv, { target: 'weight' });
    for (const name of ['t.tsv', 't.json', 't.jsonl', 't.parquet', 't.csv.gz', 't.csv.zst']) {
      const data = await load(csv.replace('t.csv', name), { target: 'weight' });
      expect(data.schema, name).toEqual(expected.schema);
      expect(data.train, name).toEqual(expected.train);
      expect(data.fingerprint, name).toBe(expected.fingerprint);
    }
    const query = await load(`SELECT * FROM '${csv}' WHERE weight < 10`, { target: 'weight' });
    expect(Array.from(query.train.dataset.targets)).toEqual([4.5, 5.25, 4, 4.75]);
  });

  it('a pattern of files, in the order of their names, also when the columns are in another order', async () => {
    file('parts/a.csv', 'x,y\n1,0\n2,1\n');
    const pattern = file('parts/b.csv', 'y,x\n0,3\n1,4\n').replace('b.csv', '*.csv');
    const data = await load(pattern);
    expect(Array.from(data.train.dataset.numbers)).toEqual([1, 2, 3, 4]);
    expect(Array.from(data.train.dataset.targets)).toEqual([0, 1, 0, 1]);
  });

  it('names that differ only in capitals are different columns', async () => {
    const header = 'Skew.Maxis,Skew.maxis,y';
    const { train, schema } = await load(file('capitals.csv', `${header}\n1,10.5,0\n2,20.5,1\n`));
    expect(schema).toMatchObject({ columns: [{ name: 'Skew.Maxis' }, { name: 'Skew.maxis' }] });
    expect(Array.from(train.dataset.numbers)).toEqual([1, 10.5, 2, 20.5]);
    file('capitals/a.csv', `${header}\n1,10.5,0\n`);
    const pattern = file('capitals/b.csv', 'y,Skew.maxis,Skew.Maxis\n1,20.5,2\n').replace('b.csv', '*.csv');
    expect((await load(pattern)).train).toEqual(train);
    const rows = [
      { 'Skew.Maxis': 1, 'Skew.maxis': 10.5, y: 0 },
      { 'Skew.Maxis': 2, 'Skew.maxis': 20.5, y: 1 },
    ];
    expect((await load(rows)).train).toEqual(train);
    const json = file('capitals.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(await failure(() => load(json))).toBe(
      '3: capitals.jsonl: the keys "Skew.Maxis" and "Skew.maxis" differ only in capitals, which cannot be read from JSON; rename one, or write the table as CSV',
    );
    const numbered = file('numbered.jsonl', '{"x":1,"x_1":10.5,"y":0}\n{"x":2,"x_1":20.5,"y":1}\n');
    expect((await load(numbered)).train).toEqual(train);
  });

  it('a file name may hold quotes and spaces', async () => {
    expect((await load(file("it's a file.csv", 'x,y\n1,0\n2,1\n'))).name).toBe('it_s_a_file');
  });

  it('rows keep their order on several threads', async () => {
    const count = 300_000;
    const rows = Array.from({ length: count }, (_, i) => `${i},word${i % 3},${i % 2}`);
    const { dataset } = (await load(file('long.csv', `x,w,y\n${rows.join('\n')}\n`))).train;
    const misplaced = Array.from({ length: count }, (_, i) => i).filter(
      (i) => dataset.numbers[i] !== i || dataset.codes[i] !== i % 3 || dataset.targets[i] !== i % 2,
    );
    expect(misplaced).toEqual([]);
  });

  it('nested columns are left out with a note', async () => {
    const rows = [1, 2, 3, 4].map((x) => JSON.stringify({ x, list: [x], y: x % 2 }));
    const data = await load(file('nested.jsonl', rows.join('\n')));
    expect(data.inputWidth).toBe(1);
    expect(data.notes[1]).toBe(
      'column "list": its type BIGINT[] is neither a number, a date nor text; left out',
    );
  });
});

describe('with the schema of a trained model', () => {
  const trained = () => load(file('trained.csv', PETS), { target: 'weight' });
  const apply = async (csv: string, needTargets = false) =>
    loadWithSchema(file('new.csv', csv), (await trained()).schema, { needTargets });

  it('the training table itself gives the same bits, through JSON too', async () => {
    const { train, schema } = await trained();
    const restored = parseSchema(JSON.parse(JSON.stringify(schema)), 'model.safetensors');
    const { subset } = await loadWithSchema(file('trained.csv', PETS), restored, { needTargets: true });
    expect(subset).toEqual(train);
  });

  it('columns in another order, others ignored, the target not needed', async () => {
    const { subset, rows } = await apply('born,extra,vaccinated,kind,age\n2020-01-02,?,false,dog,2\n');
    const { train, schema } = await trained();
    expect(rows).toBe(1);
    expect(inputs(subset, schema)[0]).toEqual(inputs(train, schema)[1]);
  });

  it('a row that holds nothing but gaps is filled, a column at a time', async () => {
    const { subset, notes } = await apply('age,kind,vaccinated,born\nNA,,NA,NA\n');
    const { schema } = await trained();
    const row = inputs(subset, schema)[0];
    expect(row.slice(2)).toEqual([0, 0, 1, 0, 0]);
    expect(row[1]).toBeCloseTo(0, 10); // the median day is the mean day
    expect(notes).toEqual([
      'column "age": 1 missing value ("NA" once) filled with the median, 3',
      'column "born": 1 missing value ("NA" once) filled with the median, 2020-01-03T12:00:00Z',
      'column "kind": 1 missing value taken as a category of its own',
      'column "vaccinated": 1 missing value ("NA" once) taken as none of its categories',
    ]);
  });

  it('an unseen category counts as missing where training had such, and a note says so', async () => {
    const { subset, notes } = await apply(
      'age,kind,vaccinated,born\n1,fox,true,2020-01-01\n1,fox,true,2020-01-01\n1,owl,true,2020-01-01\n',
    );
    const { schema } = await trained();
    expect(inputs(subset, schema)[0].slice(2, 5)).toEqual([0, 0, 1]);
    expect(notes).toEqual(['column "kind": 3 values not seen in training ("fox", "owl"), taken as missing']);
  });

  it('categories that look like numbers keep their spelling', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${['007', 'x1', '12'][i % 3]},${i % 2}`);
    const { schema } = await load(file('codes.csv', `code,y\n${rows.join('\n')}\n`));
    const { subset, notes } = await loadWithSchema(file('few.csv', 'code\n007\n12\n'), schema, {
      needTargets: false,
    });
    expect(notes).toEqual([]);
    expect(Array.from(subset.dataset.codes)).toEqual([0, 1]);
  });

  it('a missing column, and one of another type', async () => {
    expect(await failure(() => apply('agee,kind,vaccinated,born\n1,cat,true,2020-01-01\n'))).toBe(
      '3: new.csv: the column "age" is missing, which the model was trained on, did you mean "agee"? Rename it',
    );
    expect(await failure(() => apply('kind,vaccinated,born\ncat,true,2020-01-01\n'))).toBe(
      '3: new.csv: the column "age" is missing, which the model was trained on; add it',
    );
    expect(await failure(() => apply('age,kind,vaccinated,born\n1,cat,true,5\n'))).toBe(
      '3: new.csv: row 1 (line 2), column "born": "5" is not a date of the form yyyy-mm-dd, where the column holds such dates; correct the cell, or empty it to mark it as missing',
    );
    expect(await failure(() => apply('age,kind,vaccinated,born\n1,cat,true,2020-01-01\n', true))).toContain(
      'the column "weight" is missing',
    );
  });

  it('a cell that is not a number', async () => {
    expect(
      await failure(() =>
        apply('age,kind,vaccinated,born\n1,cat,true,2020-01-01\nold,cat,true,2020-01-01\n'),
      ),
    ).toBe(
      '3: new.csv: row 2 (line 3), column "age": "old" is not a number, where the column holds numbers; correct the cell, or empty it to mark it as missing',
    );
  });

  it('a class that the model does not know', async () => {
    const { schema } = await load(file('abc.csv', 'x,y\n1,a\n2,b\n3,a\n4,b\n'));
    const evaluate = () => loadWithSchema(file('abd.csv', 'x,y\n1,a\n2,d\n'), schema, { needTargets: true });
    expect(await failure(evaluate)).toBe(
      '3: abd.csv: row 2 (line 3), column "y": "d" is none of the 2 classes that the model knows ("a", "b"); correct or leave out the row',
    );
  });

  it('validation and test data may be other files', async () => {
    const other = file('other.csv', 'y,x\n1,7\n0,9\n');
    const data = await load(file('base.csv', 'x,y\n1,0\n3,1\n'), { val: other, test: other });
    expect(Array.from(data.val!.dataset.numbers)).toEqual([7, 9]);
    expect(Array.from(data.test!.dataset.targets)).toEqual([1, 0]);
    expect(data.encoding.shift).toEqual([2]);
  });
});

it('a damaged schema is refused with the place that is damaged', async () => {
  const { schema } = await load(file('ok.csv', PETS), { target: 'weight' });
  const damaged = { ...schema, target: { ...schema.target, scale: [0] } };
  expect(await failure(() => parseSchema(damaged, 'model.safetensors'))).toMatch(
    /^3: model\.safetensors: its preprocessing is not valid at target\.scale\.0 \(.*\); the file is damaged or of another version$/,
  );
  expect(await failure(() => parseSchema({ ...schema, code: 'x' }, 'm'))).toContain(
    '3: m: its preprocessing',
  );
  expect(await failure(() => parseSchema(null, 'm'))).toContain('3: m: its preprocessing');
});
