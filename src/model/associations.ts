/**
 * Finds columns that say nearly the same. When one of them is permuted, the model still has the other, so
 * each looks less important than both are together.
 */
import type { Subset } from '../data/dataset.js';
import type { RawFeature } from '../data/schema.js';

/** Two columns that say nearly the same. */
export interface RelatedColumns {
  readonly columns: readonly [string, string];
  /**
   * From 0 to 1: |correlation| of two numbers, Cramér's V of two categories, the correlation ratio of a
   * number and a category.
   */
  readonly association: number;
}

/** Association from which on a column can stand in for another. */
const STRONG = 0.8;
/** Rows that are looked at: the standard error of a correlation is then below 0.01 where it matters. */
const MOST_ROWS = 2000;
/** Pairs of columns that are looked at; wide tables have more, and then none are. */
const MOST_PAIRS = 200_000;
/** Cells of a table of two categories: more would be mostly empty, and their V too large by chance. */
const MOST_CELLS = 400;

/** Returns the strongly associated pairs, the strongest first. Missing numbers count as they were filled. */
export function associations({ dataset, rows }: Subset, columns: readonly RawFeature[]): RelatedColumns[] {
  if ((columns.length * (columns.length - 1)) / 2 > MOST_PAIRS) return [];
  const every = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
  const looked = rows.filter((_, i) => i % every === 0);
  const { numbers, numberWidth, codes, codeWidth } = dataset;
  const features = columns.map((column): Feature => {
    if (column.numbers.length > 0) {
      const [j] = column.numbers;
      return { kind: 'numbers', values: standardized(looked, (row) => numbers[row * numberWidth + j]) };
    }
    const [c] = column.codes;
    return { kind: 'codes', ...renumbered(looked, (row) => codes[row * codeWidth + c]) };
  });
  const found: RelatedColumns[] = [];
  for (let a = 0; a < columns.length; a++) {
    for (let b = a + 1; b < columns.length; b++) {
      const association = associate(features[a], features[b]);
      if (association >= STRONG) found.push({ columns: [columns[a].name, columns[b].name], association });
    }
  }
  return found.sort((a, b) => b.association - a.association);
}

type Feature =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'codes'; readonly codes: Uint32Array; readonly count: number };

function associate(a: Feature, b: Feature): number {
  if (a.kind === 'numbers' && b.kind === 'numbers') {
    let sum = 0;
    for (let i = 0; i < a.values.length; i++) sum += a.values[i] * b.values[i];
    return Math.min(1, Math.abs(sum / a.values.length));
  }
  if (a.kind === 'codes' && b.kind === 'codes') return cramersV(a, b);
  if (a.kind === 'codes' && b.kind === 'numbers') return correlationRatio(a, b.values);
  return a.kind === 'numbers' && b.kind === 'codes' ? correlationRatio(b, a.values) : 0;
}

/** Returns (value − mean)/deviation of each row; zeros where all values are equal. */
function standardized(rows: Uint32Array, valueAt: (row: number) => number): Float64Array {
  const values = Float64Array.from(rows, valueAt);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  const scale = squares > 0 ? 1 / Math.sqrt(squares / values.length) : 0;
  return values.map((value) => (value - mean) * scale);
}

/** Gives the categories that occur numbers from 0 on. */
function renumbered(rows: Uint32Array, codeOf: (row: number) => number) {
  const numbers = new Map<number, number>();
  const codes = Uint32Array.from(rows, (row) => {
    const code = codeOf(row);
    if (!numbers.has(code)) numbers.set(code, numbers.size);
    return numbers.get(code)!;
  });
  return { codes, count: numbers.size };
}

/** Returns Cramér's V = √(χ²/(n·(min(r, c) − 1))). */
function cramersV(a: Feature & { kind: 'codes' }, b: Feature & { kind: 'codes' }): number {
  const smaller = Math.min(a.count, b.count) - 1;
  if (smaller < 1 || a.count * b.count > MOST_CELLS) return 0;
  const n = a.codes.length;
  const cells = new Float64Array(a.count * b.count);
  const [rows, columns] = [new Float64Array(a.count), new Float64Array(b.count)];
  for (let i = 0; i < n; i++) {
    cells[a.codes[i] * b.count + b.codes[i]]++;
    rows[a.codes[i]]++;
    columns[b.codes[i]]++;
  }
  let sum = 0;
  cells.forEach((cell, i) => {
    sum += (cell * cell) / (rows[Math.floor(i / b.count)] * columns[i % b.count]);
  });
  return Math.sqrt(Math.max(0, sum - 1) / smaller);
}

/** Returns η, the root of the share of a number's variance that lies between the categories. */
function correlationRatio({ codes, count }: Feature & { kind: 'codes' }, values: Float64Array): number {
  if (count * count > MOST_CELLS) return 0;
  const [sums, rows] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < codes.length; i++) {
    sums[codes[i]] += values[i];
    rows[codes[i]]++;
  }
  return Math.sqrt(sums.reduce((sum, one, c) => sum + (one * one) / rows[c], 0) / codes.length);
}
