/** Tests what gradpool makes of the columns in the table of docs/data.md, and of similar ones. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { file } from '../helpers.js';
import { type Answer, cases, cellOf, decision } from './peers/ours.mjs';

const DOCUMENT = 'docs/data.md';
const rows = readFileSync(DOCUMENT, 'utf8').split('\n');

const EXPECTED: Readonly<Record<string, Answer>> = {
  'decimal comma': {
    type: 'number',
    values: ['1.5', '2.75', '3.1'],
    notes: 'numbers with a decimal comma (1,5 is 1.5)',
  },
  'thousands comma': {
    type: 'number',
    values: ['1200', '23400', '1234567'],
    notes: 'numbers with a thousands comma (1,200 is 1200)',
  },
  'comma that may be either': {
    asks: '52,522 may be 52.522 (--decimal x=,) or 52522 (--decimal x=.), and every value fits both; say which',
  },
  'point that may be either': {
    asks: '1.500 may be 1.5 (--decimal x=.) or 1500 (--decimal x=,), and every value fits both; say which',
  },
  'Swiss apostrophes': {
    type: 'number',
    values: ['1200.5', '23400', '1234567.05'],
    notes: "numbers with a thousands apostrophe (1'200.50 is 1200.5)",
  },
  'no-break and thin spaces': {
    type: 'number',
    values: ['1200.5', '23400', '1234567'],
    notes: 'numbers with a decimal comma and a thousands space (1 200,5 is 1200.5)',
  },
  'signs and spaces': {
    type: 'number',
    values: ['4.52', '3', '-5', '-2.5'],
  },
  underscores: {
    type: 'number',
    values: ['1000', '2500', '12000'],
  },
  'currency before': {
    type: 'number',
    values: ['1200.5', '-950', '2300'],
    notes: 'numbers with a thousands comma in $ ($1,200.50 is 1200.5)',
  },
  'currency after': {
    type: 'number',
    values: ['12.5', '1200', '950'],
    notes: 'numbers with a decimal comma and a thousands point in € (12,50 € is 12.5)',
  },
  'per cent beside bare': {
    asks: 'some cells have a % sign and others have none, which may mean the same or a share of 1; --number x takes them all as percentages, --text x as words',
  },
  units: {
    type: 'number',
    values: ['120', '85', '1200'],
    notes: 'numbers with a thousands space in m² (120 m² is 120)',
  },
  'unit in singular and plural': {
    type: 'number',
    values: ['1', '36', '60'],
    notes: 'numbers in months (1 month is 1)',
  },
  postcodes: {
    type: 'text',
    values: ['01067', '10115', '80331'],
    notes:
      'digits of one length, some with leading zeros ("01067", "10115", …) are codes, kept as text; --number takes them as numbers',
  },
  '17-digit ids': {
    type: 'text',
    values: ['12345678901234567', '12345678901234568', '98765432109876543'],
    notes:
      'whole numbers too large for a double (12345678901234567), kept as text; --number takes them rounded',
  },
  'integers with NA': {
    type: 'number',
    values: ['3', '1', 'missing'],
  },
  'numbers with "unknown"': {
    type: 'number',
    values: ['1.5', '2.5', 'missing'],
  },
  'one typo among numbers': {
    error:
      'row 3: "1O.5" is not a number, where the column holds numbers; correct the cell, or empty it to mark it as missing',
  },
  '25,000 blanks, then numbers': {
    type: 'number',
    values: ['4', '5.5', '6'],
  },
  '25,000 integers, then 0.5': {
    type: 'number',
    values: ['3', '0.5', '7'],
  },
  'True and False, some missing': {
    type: 'boolean',
    values: ['True', 'False', 'missing'],
  },
  'yes and no': {
    type: 'boolean',
    values: ['yes', 'no', 'yes'],
  },
  '0 and 1': {
    type: 'number',
    values: ['0', '1', '1'],
  },
  '"None" as a category': {
    type: 'text',
    values: ['missing', 'Mild', 'Severe'],
  },
  'NA as a country': {
    type: 'text',
    values: ['DE', 'NA', 'FR'],
    notes: '"NA" is taken as a word, like the other two-letter codes; --missing NA makes it a missing value',
  },
  'nan and inf': {
    error: 'row 3: "inf" is not a finite number; correct or empty the cell',
  },
  'ISO timestamps with zones': {
    type: 'date',
    values: ['2020-01-01T10:00:00Z', '2020-02-03T10:30:00Z', '2020-02-03T12:30:00.500Z'],
    notes: 'dates, yyyy-mm-dd',
  },
  'dd/mm/yyyy, one telling': {
    type: 'date',
    values: ['2020-12-05', '2020-12-25', '2020-02-01'],
    notes: 'dates, dd/mm/yyyy (1 value fits only day first)',
  },
  'dd/mm/yyyy, none telling': {
    asks: '05/12/2020 may be 2020-12-05 (--date-format x=dd/mm/yyyy) or 2020-05-12 (--date-format x=mm/dd/yyyy), and every value fits both; say which',
  },
  'dd/mm/yy': {
    type: 'date',
    values: ['2020-12-05', '1999-12-25', '2020-02-01'],
    notes: 'dates, dd/mm/yy (1 value fits only day first)',
  },
  'several date formats': {
    type: 'text',
    values: ['2020-01-05', '02/03/2020', 'March 3, 2020'],
    notes:
      'dates in several formats ("2020-01-05", "02/03/2020", "March 3, 2020", …), kept as text; write them alike',
  },
  'a day that does not exist': {
    error:
      'row 2: "2020-02-31" is not a date of the form yyyy-mm-dd, where the column holds such dates; correct the cell, or empty it to mark it as missing',
  },
  'dates with "unknown"': {
    type: 'date',
    values: ['2020-02-28', 'missing', '2020-03-01'],
    notes: 'dates, yyyy-mm-dd',
  },
  'month names': {
    type: 'date',
    values: ['2020-03-03', '2020-04-14', '2021-05-01'],
    notes: 'dates, dd mmm yyyy',
  },
  yyyymmdd: {
    type: 'number',
    values: ['20201225', '20210101', '20210214'],
    notes: 'numbers, though each could be a date; --date-format x=yyyymmdd takes them as dates',
  },
  'times of day': {
    type: 'date',
    values: ['0.3958', '0.5868', '0.9993'],
    notes: 'times, hh:mm',
  },
  hexadecimal: {
    type: 'text',
    values: ['0x1F', '0x2A', '0xFF'],
  },
  'part numbers with an E': {
    asks: '1E5 may be the number 100000 (--number x) or a code (--text x); say which',
  },
  'quoted numbers': {
    type: 'number',
    values: ['1', '2.5', '3'],
  },
  'codes, 5 % of them digits': {
    type: 'text',
    values: ['A1', 'B2', '7'],
  },
  'header of years': {
    names: ['2019', '2020', '2021'],
    type: 'number',
    values: ['5.5', '4.25'],
  },
  'header of numbers over numbers': {
    asks: 'there seems to be no header: the first line (1, 2, 3) holds numbers like those below it; --header no names the columns c1, c2, …, --header yes takes the line as names',
  },
  'name with a line end': {
    names: ['the\nprice', 'kind'],
    type: 'number',
    values: ['1.5', '2.5'],
  },
  'UTF-16': {
    names: ['price', 'kind'],
    type: 'number',
    values: ['1.5', '2.5'],
  },
  'CRLF and LF mixed': {
    names: ['price', 'kind'],
    type: 'number',
    values: ['1.5', '2.5'],
  },
};

describe('columns of the document', () => {
  it('are forty, and all of them are expected here', () => {
    expect(cases.filter(({ isFile }) => !isFile)).toHaveLength(40);
    expect(cases.map(({ name }) => name)).toEqual(Object.keys(EXPECTED));
  });

  it.each(cases)('$name', async ({ name, show, why, isFile, bytes }) => {
    const answer = await decision(file('case.csv', bytes), show);
    const { names, ...rest } = answer;
    const said = isFile && names ? { names, ...rest } : rest;
    expect(Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null))).toEqual(
      EXPECTED[name],
    );
    const row = rows.find((line) => line.startsWith(`| **${name}**`));
    expect(row?.endsWith(` | ${cellOf(answer, isFile)} | ${why} |`), row).toBe(true);
  });
});

describe('similar columns', () => {
  const quoted = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const decided = (cells: readonly string[], show = cells.map((_, row) => row)) =>
    decision(
      file('case.csv', `x,n\n${cells.map((cell, row) => `${quoted(cell)},${row + 1}\n`).join('')}`),
      show,
    );
  const many = (cell: (row: number) => string) => Array.from({ length: 2500 }, (_, row) => cell(row));

  it.each<[string, string[], string[]]>([
    ['no thousands without a first digit', ['0,125', '1,250', '3,500'], ['0.125', '1.25', '3.5']],
    ['a sign with a space', ['- 5', '+ 4', '3'], ['-5', '4', '3']],
    ['a dash for a minus', ['–2.5', '—', '4'], ['-2.5', 'missing', '4']],
    ['capitals', ['10 KG', '20 kg', '30kg', '5 Kg'], ['10', '20', '30', '5']],
    ['plurals', ['1 hr', '2 hrs', '3 hrs'], ['1', '2', '3']],
    ['three decimals in every cell', ['1.500', '2.300', '12.000'], ['1.5', '2.3', '12']],
    ['thousands among fractions', ['1.5', '2.25', '1,500'], ['1.5', '2.25', '1500']],
    ['an exponent beside a point', ['1e5', '2.5e3', '7'], ['100000', '2500', '7']],
    ['an exponent with a sign', ['1e+5', '2e3', '7'], ['100000', '2000', '7']],
    ['years', ['1999', '2005', '2010'], ['1999', '2005', '2010']],
  ])('numbers: %s', async (_, cells, values) => {
    expect(await decided(cells)).toMatchObject({ type: 'number', values });
  });

  it.each<[string, string[], RegExp | null]>([
    [
      'a code of another form among codes',
      ['02139', '10001', '94105', '02139-4307'],
      /^digits of one length/,
    ],
    ['a mistake among long ids', ['12345678901234567', '12345678901234569', '5x', '3'], /^whole numbers too/],
    ['codes with spaces around', [' 01067', '80331 ', '10115'], /^digits of one length/],
    ['telephone numbers', ['0301234567', '089123456', '040123'], /^digits, all with leading zeros/],
    ['codes with other letters', ['1E5', '2F3', '3A1', '7'], null],
    ['units of several kinds', ['5 kg', '7 lb', '2 t', '3 kg'], /^numbers in several formats/],
    [
      'units that differ in capitals',
      ['5 MB/s', '7 Mb/s', '2 Mb/s', '3 MB/s'],
      /^numbers in several formats/,
    ],
    ['points and commas', ['1,5', '2.5', '3,5', '4.5'], /^numbers in several formats/],
    ['dates of two kinds', ['2020-01-02', 'Jan 3, 2020', '4.5.2020'], /^dates in several formats/],
    ['regions', ['NA', 'EU', 'AP', 'EU'], /^"NA" is taken as a word/],
  ])('words: %s', async (_, cells, notes) => {
    const found = await decided(cells);
    expect(found).toMatchObject({ type: 'text', values: cells });
    if (notes === null) expect(found.notes).toBe(null);
    else expect(found.notes).toMatch(notes);
  });

  it('NA beside other words is missing', async () => {
    expect(await decided(['NA', 'low', 'high', 'low'])).toMatchObject({
      values: ['missing', 'low', 'high', 'low'],
    });
  });

  it.each<[string, string[], RegExp]>([
    ['late', [...many(() => '4'), '1,500'], /^1,500 may be 1.5 .* or 1500/],
    [
      'thousands points, whole numbers first',
      [...many(() => '950'), '1.500'],
      /^1.500 may be 1.5 .* or 1500/,
    ],
    ['thousands points, whole numbers last', [...many(() => '1.500'), '950'], /^1.500 may be 1.5 .* or 1500/],
    ['thousands points with a unit', ['1.500 €', '950 €', '12.000 €'], /^1.500 € may be 1.5 .* or 1500/],
    ['a late E among codes', [...many(String), '1E57'], /^1E57 may be the number 1e\+57 .* or a code/],
  ])('asks: %s', async (_, cells, question) => {
    expect((await decided(cells, [0])).asks).toMatch(question);
  });

  it('a late code, and one with a space before it', async () => {
    expect(await decided([...many((row) => String(10_000 + row)), ' 01067'], [-1])).toMatchObject({
      type: 'text',
      values: [' 01067'],
    });
  });
});
