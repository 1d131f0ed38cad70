import type { RunComparison } from '../../src/experiment/listing/compareruns.js';
import type { ListedRun } from '../../src/experiment/listing/listing.js';
import { axisValueText } from '../../src/experiment/searches/space.js';
import { countOf, csvCell, facts, percent, significant, table } from './text.js';

/** Writes runs as a table. */
export function runsText(columns: readonly string[], rows: readonly ListedRun[]): string {
  if (rows.length === 0) return 'no runs';
  const cells = rows.map((row) => columns.map((name) => cellText(name, row[name] ?? null)));
  return `${table(columns, cells)}\n\n${countOf(rows.length, 'run')}`;
}

function cellText(name: string, value: ListedRun[string]): string {
  if (value === null) return '';
  if (typeof value !== 'number') return name === 'sha256' ? String(value).slice(0, 12) : String(value);
  if (name.endsWith('accuracy')) return percent(value);
  return /^(train|val|test)_|^seconds$/.test(name) ? significant(value) : String(value);
}

/** Writes runs as CSV, numbers with all of their digits. */
export function runsCsv(columns: readonly string[], rows: readonly ListedRun[]): string {
  const lines = rows.map((row) => columns.map((name) => csvCell(String(row[name] ?? ''))).join(','));
  return `${[columns.map(csvCell).join(','), ...lines].join('\n')}\n`;
}

/** Writes what differs between two runs. */
export function runComparisonText({ runs, status, config, metrics, sameWeights }: RunComparison): string {
  const keys = Object.entries(config).map(([key, [a, b]]) => [key, valueText(a), valueText(b)]);
  const scores = Object.entries(metrics).map(([name, [a, b]]) => [
    name,
    cellText(name, a),
    cellText(name, b),
    a === null || b === null ? '' : (b > a ? '+' : '') + difference(name, b - a),
  ]);
  const [a, b] = ['A', 'B'];
  return [
    facts([
      [a, `${runs[0]} (${status[0]})`],
      [b, `${runs[1]} (${status[1]})`],
      ['weights', sameWeights === null ? null : sameWeights ? 'the same, bit for bit' : 'different'],
    ]),
    '',
    keys.length > 0 ? table(['configuration', a, b], keys) : 'the configurations do not differ',
    ...(scores.length > 0 ? ['', table(['metric', a, b, 'B - A'], scores)] : []),
  ].join('\n');
}

const difference = (name: string, value: number): string =>
  name.endsWith('accuracy') ? `${(100 * value).toFixed(2)} points` : significant(value);

const valueText = (value: unknown): string => (value === null ? '-' : axisValueText(value));
