import type { Entry } from '../../src/explain/catalogue.js';
import { painter, table } from './text.js';

/** Writes a table for each group; a column that would be empty is left out. */
export function catalogueText(groups: readonly { name: string; entries: readonly Entry[] }[]): string {
  const paint = painter(process.stdout);
  return groups
    .map(({ name, entries }) => `${paint('bold', name.toUpperCase())}\n${groupText(name, entries)}`)
    .join('\n\n');
}

function groupText(group: string, entries: readonly Entry[]): string {
  const columns: [string, (entry: Entry) => string][] = [
    ['name', ({ name }) => name],
    [group === 'problems' ? 'what' : 'formula', ({ formula }) => formula],
    [group === 'losses' ? 'gradient' : 'derivative', ({ derivative }) => derivative ?? ''],
    ['defaults', ({ defaults }) => defaultsText(defaults)],
    ['PyTorch', ({ torch }) => torch ?? '-'],
  ];
  const shown = columns.filter(([, cell]) => entries.some((entry) => !['', '-'].includes(cell(entry))));
  return table(
    shown.map(([title]) => title),
    entries.map((entry) => shown.map(([, cell]) => cell(entry))),
  );
}

function defaultsText(defaults: Entry['defaults']): string {
  return Object.entries(defaults)
    .map(([key, value]) => (value === 'required' ? `${key}=…` : `${key}=${numberText(value)}`))
    .join(' ');
}

/** Shortens numbers such as 1/3, which has too many digits for a table. */
function numberText(value: unknown): string {
  if (typeof value === 'number') {
    const short = Number(value.toPrecision(4));
    return short !== 0 && Math.abs(short) < 1e-3 ? short.toExponential() : String(short);
  }
  return Array.isArray(value) ? value.map(numberText).join(',') : String(value);
}
