/** Findings: each kind on data made for it, and nothing on data that is sound. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FINDING_KINDS, type Finding, findingText } from '#src/data/findings/finding.js';
import { findingNotes, rejectFindings } from '#src/data/findings/notes.js';
import { loadTrainingData } from '#src/data/load.js';
import type { TableColumns } from '#src/data/tables/records.js';
import { DataError } from '#src/errors.js';
import { Stream } from '#src/random.js';

const fixture: {
  ks: { a: number[]; b: number[]; distance: number };
  auc: { values: number[]; classes: number[]; auc: number };
} = JSON.parse(readFileSync(new URL('../../fixtures/sklearn/insight.json', import.meta.url), 'utf8'));

const ROWS = 400;
const stream = new Stream(5, 99, 0);
const each = <T>(make: (row: number) => T, rows = ROWS): T[] =>
  Array.from({ length: rows }, (_, row) => make(row));
/** A draw that is roughly normal: the sum of twelve uniform ones, less 6. */
const normal = () => each(() => stream.uniform(), 12).reduce((sum, value) => sum + value, -6);

/** A sound table: two numbers, a category, a target that follows one of the numbers with noise. */
function sound(rows = ROWS): Record<string, (number | string | null)[]> {
  const x = each(normal, rows);
  return {
    x,
    z: each(normal, rows),
    city: each(() => ['rome', 'oslo', 'bern'][stream.below(3)], rows),
    y: x.map((value) => (value + normal() > 0 ? 'yes' : 'no')),
  };
}

async function findings(
  data: TableColumns,
  { target = 'y', val = 0, test }: { target?: string; val?: number | TableColumns; test?: TableColumns } = {},
): Promise<readonly Finding[]> {
  const options = {
    data,
    target,
    task: 'auto',
    val,
    seed: 1,
    ...(test === undefined ? {} : { test }),
  } as const;
  return (await loadTrainingData(options)).findings;
}

const kinds = (found: readonly Finding[]) => found.map(({ kind, columns }) => [kind, ...columns].join(' '));

describe('findings', () => {
  it('none in sound data, with parts of its own or of the table', async () => {
    expect(await findings(sound())).toEqual([]);
    expect(await findings(sound(), { val: 0.2 })).toEqual([]);
    expect(await findings(sound(), { val: sound(200), test: sound(200) })).toEqual([]);
    const quantity = { ...sound(), y: each(() => 10 * normal()) };
    expect(await findings(quantity)).toEqual([]);
  });

  it('are the same every time', async () => {
    const data = { ...sound(), id: each((row) => row) };
    expect(await findings(data)).toEqual(await findings(data));
  });

  it('constant columns, and columns that name the rows', async () => {
    const found = await findings({
      ...sound(),
      id: each((row) => row + 1),
      key: each((row) => (row * 7) % ROWS),
      year: each((row) => 1600 + row),
      step: each((row) => 1000 * row),
      one: each(() => 3),
      name: each((row) => `person ${row}`),
    });
    expect(kinds(found)).toEqual(['identifier id', 'identifier key', 'names name', 'constant one']);
    expect(found[0].evidence).toBe('counts the rows: 1 … 400, in order and never the same twice');
    expect(found[0].remedy).toBe('--drop id');
    const x = each((row) => row);
    expect(await findings({ x, y: x.map((value) => value + 50 * normal()) })).toEqual([]);
  });

  it('leakage, with the AUC of a numpy transcription of the rule', async () => {
    const { values, classes, auc } = fixture.auc;
    const found = await findings({
      ...sound(),
      leak: values,
      y: classes.map((index) => (index === 1 ? 'yes' : 'no')),
    });
    expect(kinds(found)).toEqual(['leakage leak']);
    expect(found[0].figures.auc).toBeCloseTo(auc, 12);
    expect(found[0].remedy).toContain('--drop leak');
  });

  it.each([
    ['a copy in another unit', (y: number) => 1.8 * y + 32, 'correlation'],
    ['a function that is not linear', (y: number) => y * y * y, 'r2'],
    ['a function that is not monotone', (y: number) => Math.abs(y + 1000), 'correlation'],
  ])('leakage: %s', async (_, leak, figure) => {
    const y = each(() => 20 * normal());
    const found = await findings({ ...sound(), y, leak: y.map(leak), hint: y.map((v) => v + 2 * normal()) });
    expect(kinds(found)).toEqual(['leakage leak']);
    expect(found[0].figures[figure]).toBeGreaterThan(0.99);
  });

  it('leakage: words that stand for the classes, and missing values that do', async () => {
    const table = sound();
    const words = { no: 'churned', yes: 'stays' } as Record<string, string>;
    const leak = table.y.map((word) => words[word as string]);
    const gaps = table.y.map((word, row) => (word === 'yes' ? null : table.z[row]));
    const found = await findings({ ...table, leak, gaps });
    expect(kinds(found)).toEqual(['leakage leak', 'leakage gaps']);
    const kinds3 = each((row) => ['a', 'b', 'c'][row % 3]);
    const coded = kinds3.map((word, row) => (row === 5 ? 'p' : { a: 'p', b: 'q', c: 'r' }[word]!));
    const classes = await findings({ ...sound(), y: kinds3, coded });
    expect(kinds(classes)).toEqual(['leakage coded']);
    expect(classes[0].figures.errorsAvoided).toBeCloseTo(1 - 1 / 266, 10); // row 5 of 266 that are not "a"
  });

  it('repeated rows, within the table and across its parts', async () => {
    const table = sound();
    const repeated = Object.fromEntries(
      Object.entries(table).map(([name, values]) => [name, [...values, ...values.slice(0, 40)]]),
    );
    const [found] = await findings(repeated);
    expect(found).toMatchObject({ kind: 'duplicates', figures: { rows: 40, share: 40 / 440 } });
    const split = await findings(repeated, { val: 0.3 });
    expect(kinds(split)).toContain('overlap');
    const own = await findings(table, { test: repeated });
    expect(own[0]).toMatchObject({ kind: 'overlap', part: 'test', figures: { rows: 440, share: 1 } });
    const conflict = await findings({
      ...repeated,
      y: [...table.y, ...table.y.slice(0, 40).map((word) => (word === 'yes' ? 'no' : 'yes'))],
    });
    expect(conflict[0]).toMatchObject({ kind: 'conflict', figures: { rows: 80, bestAccuracy: 400 / 440 } });
    expect(kinds(conflict)).not.toContain('duplicates');
  });

  it('no repeated rows where few categories make them, and none because of 0, −0 and NaN', async () => {
    const coarse = { a: each((row) => `${row % 2}`), b: each(() => `${stream.below(3)}`), y: sound().y };
    expect(await findings(coarse)).toEqual([]);
    const zeros = sound();
    const doubled = Object.fromEntries(
      Object.entries(zeros).map(([name, values]) => [name, [...values, ...values]]),
    );
    doubled.w = each((row) => (row < ROWS ? [0, null] : [-0, null])[row % 2], 2 * ROWS);
    const [found] = await findings(doubled);
    expect(found).toMatchObject({ kind: 'duplicates', figures: { rows: ROWS } });
  });

  it('sentinels and extreme values, but one finding for one cause', async () => {
    const found = await findings({
      ...sound(),
      age: each((row) => (row % 40 === 0 ? -999 : 18 + stream.below(70))),
      income: each((row) => (row === 7 ? 1e9 : 100 + 10 * normal())),
      ninety: each(() => stream.below(100)),
    });
    expect(kinds(found)).toEqual(['sentinel age', 'scale income']);
    expect(found[0]).toMatchObject({
      remedy: '--missing -999',
      figures: { value: -999, rows: 10, least: 18 },
    });
    expect(found[1].figures).toMatchObject({ rows: 1, farthest: 1e9 });
    expect(found[1].remedy).toContain('--missing 1000000000');
    const [several] = await findings({
      ...sound(),
      income: each((row) => (row < 3 ? 1e9 : 100 + 10 * normal())),
    });
    expect(several.remedy).toMatch(/WHERE "income" BETWEEN -\d+\.?\d* AND \d+\.?\d*\)$/);
    const [date] = await findings({
      ...sound(),
      sold: each((row) => new Date(row === 5 ? '9999-12-31' : Date.UTC(2020, 0, 1 + (row % 30)))),
    } as TableColumns);
    expect(date).toMatchObject({ kind: 'scale', columns: ['sold'] });
    expect(date.remedy).toContain('--missing 9999-12-31');
  });

  it('targets: rare classes and a few extreme values', async () => {
    const rare = await findings({ ...sound(), y: each((row) => (row % 20 === 0 ? 'fraud' : 'fine')) });
    expect(rare[0]).toMatchObject({
      kind: 'imbalance',
      remedy: '--class-weights balanced',
      figures: { rows: 20, share: 0.05, largest: 380 },
    });
    const far = await findings({ ...sound(), y: each((row) => (row < 2 ? 1000 : normal())) });
    expect(far[0]).toMatchObject({ kind: 'outliers', columns: ['y'], figures: { rows: 2, farthest: 1000 } });
  });

  it("drift, with scipy's distance, unseen categories and other shares of missing values", async () => {
    const { a, b, distance } = fixture.ks;
    const [train, test] = [sound(a.length), sound(b.length)];
    const found = await findings(
      { ...train, shifted: a },
      {
        test: {
          ...test,
          shifted: b,
          city: test.city.map((city, row) => (row % 3 === 0 ? 'paris' : city)),
          z: test.z.map((value, row) => (row % 5 === 0 ? null : value)),
        },
      },
    );
    expect(kinds(found)).toEqual(['drift city', 'drift shifted', 'unseen city', 'missing z'].sort(byKind));
    const of = (kind: string, column: string) =>
      found.find((one) => one.kind === kind && one.columns[0] === column)!;
    expect(of('drift', 'shifted').figures.distance).toBeCloseTo(distance, 12);
    expect(of('unseen', 'city').figures).toEqual({ rows: 67, share: 0.335, categories: 1 });
    expect(of('missing', 'z').figures).toEqual({ training: 0, test: 0.2 });
    expect(found.every(({ part }) => part === 'test')).toBe(true);
  });

  it('drift of the target', async () => {
    const other = sound(200);
    const found = await findings(sound(), {
      test: { ...other, y: other.y.map((y, row) => (row % 2 ? 'yes' : y)) },
    });
    expect(kinds(found)).toEqual(['drift y']);
    expect(found[0].evidence).toMatch(
      /^the target is distributed differently in the test data: "(yes|no)" in /,
    );
  });
});

const order = Object.keys(FINDING_KINDS);
const byKind = (a: string, b: string) => order.indexOf(a.split(' ')[0]) - order.indexOf(b.split(' ')[0]);

describe('what a training says of findings', () => {
  const finding = (name: string): Finding => ({
    kind: 'identifier',
    columns: [name],
    part: null,
    evidence: 'counts the rows',
    figures: {},
    remedy: `--drop ${name}`,
  });
  const settings = { data: 'my data.csv', target: 'y', val: 'auto', test: 't.csv', seed: 1 };

  it('is at most five lines', () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map(finding);
    expect(findingNotes(five, settings)).toHaveLength(5);
    const notes = findingNotes([...five, finding('f')], settings);
    expect(notes).toHaveLength(5);
    expect(notes[0]).toBe('check: column "a": counts the rows; --drop a');
    expect(notes[4]).toBe("check: and 2 more: gradpool inspect 'my data.csv' -t y --test t.csv");
    expect(findingNotes([{ ...finding('a'), kind: 'constant' }], settings)).toEqual([]);
  });

  it('is an error with --strict', () => {
    expect(() => rejectFindings([], settings)).not.toThrow();
    const refuse = () => rejectFindings(['a', 'b'].map(finding), settings);
    expect(refuse).toThrow(DataError);
    expect(refuse).toThrow(
      'my data.csv: column "a": counts the rows; --drop a (and 1 more: gradpool inspect \'my data.csv\' -t y --test t.csv); or leave --strict out',
    );
  });

  it('names the first few of many columns', () => {
    const columns = ['a', 'b', 'c', 'd', 'e'];
    expect(findingText({ ...finding('a'), columns })).toMatch(/^columns "a", "b", "c", "d", … \(5\): /);
  });
});

it('docs/data.md lists every kind of finding', () => {
  const docs = readFileSync(new URL('../../../docs/data.md', import.meta.url), 'utf8');
  const rows = Object.entries(FINDING_KINDS).map(([kind, what]) => `| ${kind} | ${what} |`);
  expect(rows.filter((row) => !docs.includes(row))).toEqual([]);
});
