/** Generates tables of known meaning: values are drawn first, and then a spelling of each. */
import fc from 'fast-check';

/** The meaning of a cell is a number, days since 1970-01-01, a word, or null for nothing. */
export type Meaning = number | string | null;

export interface MadeColumn {
  readonly name: string;
  readonly kind: 'number' | 'date' | 'boolean' | 'category';
  /** How each cell is written in a file; null for an empty cell. */
  readonly cells: readonly (string | null)[];
  readonly meanings: readonly Meaning[];
}

const MISSING = [null, null, 'NA', 'n/a', '?', 'NaN', 'null', '#N/A'] as const;
const MS_A_DAY = 86_400_000;

/** Writes `value` with two decimals and groups of three digits. */
function grouped(value: number, decimal: string, thousands: string): string {
  const [whole, part] = Math.abs(value).toFixed(2).split('.');
  return `${value < 0 ? '-' : ''}${whole.replace(/\B(?=(\d{3})+$)/g, thousands)}${decimal}${part}`;
}

const cents = fc.integer({ min: -9_999_999, max: 9_999_999 }).map((value) => value / 100);

type Style = (value: number) => string;
/** Ways to write numbers. Those whose marks could be mistaken have two decimals, which leave no doubt. */
const NUMBER_STYLES: Readonly<Record<string, Style>> = {
  plain: (value) => String(value),
  fixed: (value) => value.toFixed(2),
  plus: (value) => (value >= 0 ? `+${value}` : String(value)),
  spaced: (value) => ` ${value} `,
  exponent: (value) => value.toExponential(),
  comma: (value) => value.toFixed(2).replace('.', ','),
  thousands: (value) => grouped(value, '.', ','),
  german: (value) => grouped(value, ',', '.'),
  french: (value) => grouped(value, ',', '\u202f'),
  swiss: (value) => grouped(value, '.', "'"),
  dollars: (value) => grouped(value, '.', ',').replace(/^(-?)/, '$1$$'),
  euros: (value) => `${grouped(value, ',', '.')} €`,
  percent: (value) => `${value.toFixed(2)}%`,
  kilograms: (value) => `${value.toFixed(2)} kg`,
};

const two = (value: number): string => String(value).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

type DateStyle = (day: number, month: number, year: number) => string;
const DATE_STYLES: Readonly<Record<string, DateStyle>> = {
  iso: (d, m, y) => `${y}-${two(m)}-${two(d)}`,
  slashes: (d, m, y) => `${y}/${two(m)}/${two(d)}`,
  british: (d, m, y) => `${two(d)}/${two(m)}/${y}`,
  american: (d, m, y) => `${m}/${d}/${y}`,
  points: (d, m, y) => `${two(d)}.${two(m)}.${y}`,
  short: (d, m, y) => `${two(d)}/${two(m)}/${two(y % 100)}`,
  named: (d, m, y) => `${two(d)}-${MONTHS[m - 1]}-${y}`,
  words: (d, m, y) => `${MONTHS[m - 1]} ${d}, ${y}`,
  timed: (d, m, y) => `${y}-${two(m)}-${two(d)}T00:00:00Z`,
};

const BOOLEANS = [
  ['False', 'True'],
  ['false', 'true'],
  ['no', 'yes'],
  ['N', 'Y'],
  ['off', 'on'],
  ['f', 't'],
] as const;

/** Draws words with everything that may be confused with a delimiter or a quote. */
const WORDS = [
  'red',
  'Blue',
  'a,b',
  'x;y',
  'say "hi"',
  "it's",
  'two\nlines',
  'tab\tbed',
  '  padded ',
  'ünïcode ✓',
  'NAN',
  '-',
  'unknown',
  'a|b',
  '#1',
  '3 blind mice',
  '=1+1',
];

interface Made {
  readonly kind: MadeColumn['kind'];
  readonly cells: readonly string[];
  readonly meanings: readonly Meaning[];
}

const numberColumn = (rows: number): fc.Arbitrary<Made> =>
  fc
    .record({
      style: fc.constantFrom(...Object.keys(NUMBER_STYLES)),
      values: fc.array(cents, { minLength: rows, maxLength: rows }),
    })
    .map(({ style, values }) => {
      const varied = values.map((value, row) => (row === 0 ? 1_234_567.89 : row === 1 ? 0.25 : value));
      return { kind: 'number', cells: varied.map(NUMBER_STYLES[style]), meanings: varied };
    });

const dateColumn = (rows: number): fc.Arbitrary<Made> =>
  fc
    .record({
      style: fc.constantFrom(...Object.keys(DATE_STYLES)),
      days: fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: rows, maxLength: rows }),
    })
    .map(({ style, days }) => {
      // the first tells the day from the month, the second differs from it
      const varied = days.map((day, row) => (row === 0 ? 18_621 : row === 1 ? 4017 : day));
      const cells = varied.map((day) => {
        const date = new Date(day * MS_A_DAY);
        return DATE_STYLES[style](date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear());
      });
      return { kind: 'date', cells, meanings: varied };
    });

const booleanColumn = (rows: number): fc.Arbitrary<Made> =>
  fc
    .record({
      pair: fc.constantFrom(...BOOLEANS),
      values: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }),
    })
    .map(({ pair, values }) => {
      const cells = values.map((value, row) => pair[row < 2 ? row : Number(value)]);
      return { kind: 'boolean', cells, meanings: cells };
    });

const categoryColumn = (rows: number): fc.Arbitrary<Made> =>
  fc
    .record({
      words: fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: 2, maxLength: 4 }),
      picks: fc.array(fc.nat(3), { minLength: rows, maxLength: rows }),
    })
    .map(({ words, picks }) => {
      const cells = picks.map((pick, row) => words[(row < 8 ? row : pick) % words.length]);
      return { kind: 'category', cells, meanings: cells };
    });

/**
 * Draws a table of one to five columns; some cells of a column are missing, in one of the usual spellings.
 */
export const madeTable: fc.Arbitrary<MadeColumn[]> = fc.integer({ min: 12, max: 24 }).chain((rows) =>
  fc
    .array(
      fc.record({
        made: fc.oneof(numberColumn(rows), dateColumn(rows), booleanColumn(rows), categoryColumn(rows)),
        missing: fc.constantFrom(...MISSING),
        gaps: fc.subarray(
          Array.from({ length: rows - 8 }, (_, i) => i + 8),
          { maxLength: 3 },
        ),
        name: fc.constantFrom(
          'plain',
          'with space',
          'ümlaut',
          'quo"te',
          'com,ma',
          'new\nline',
          '2020',
          "it's",
          'Name',
        ),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((columns) =>
      columns.map(({ made, missing, gaps, name }, index): MadeColumn => {
        const gone = new Set(gaps);
        return {
          name: `${name}${index}`,
          kind: made.kind,
          cells: made.cells.map((cell, row) => (gone.has(row) ? missing : cell)),
          meanings: made.meanings.map((meaning, row) => (gone.has(row) ? null : meaning)),
        };
      }),
    ),
);

/** Says how a table is written to a file. */
export interface Layout {
  readonly format: 'csv' | 'tsv' | 'csv.gz' | 'jsonl' | 'json' | 'parquet' | 'parts';
  readonly delimiter: ',' | ';' | '|' | '\t';
  readonly quoting: 'needed' | 'all';
  readonly newline: '\n' | '\r\n';
  readonly shuffled: boolean;
}

export const layout: fc.Arbitrary<Layout> = fc.record({
  format: fc.constantFrom('csv', 'csv', 'tsv', 'csv.gz', 'jsonl', 'json', 'parquet', 'parts'),
  delimiter: fc.constantFrom(',', ';', '|', '\t'),
  quoting: fc.constantFrom('needed', 'all'),
  newline: fc.constantFrom('\n', '\r\n'),
  shuffled: fc.boolean(),
});

type Cells = readonly { readonly name: string; readonly cells: readonly (string | null)[] }[];

export function csvText(columns: Cells, { delimiter, quoting, newline }: Layout): string {
  const quoted = (cell: string | null): string => {
    if (cell === null) return '';
    const needed = quoting === 'all' || /["\r\n]/.test(cell) || cell.includes(delimiter);
    return needed ? `"${cell.replaceAll('"', '""')}"` : cell;
  };
  const rows = columns[0].cells.map((_, row) =>
    columns.map(({ cells }) => quoted(cells[row])).join(delimiter),
  );
  return [columns.map(({ name }) => quoted(name)).join(delimiter), ...rows, ''].join(newline);
}

export function jsonRows(columns: Cells): Record<string, string | null>[] {
  return columns[0].cells.map((_, row) =>
    Object.fromEntries(columns.map(({ name, cells }) => [name, cells[row]])),
  );
}
