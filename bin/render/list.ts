import type { Entry } from '../../src/explain/catalogue.js';
import { valueText } from '../../src/hyperparameters.js';
import { painter, table } from './text.js';

/** Writes a table for each group, without the columns that would be empty. */
export function catalogueText(groups: readonly { name: string; entries: readonly Entry[] }[]): string {
  const paint = painter(process.stdout);
  return groups
    .map(({ name, entries }) => `${paint('bold', name.toUpperCase())}\n${groupText(name, entries)}`)
    .join('\n\n');
}

function groupText(group: string, entries: readonly Entry[]): string {
  const columns: Column[] = [
    ['name', ({ name }) => name],
    [group === 'problems' || group === 'metrics' ? 'what' : 'formula', ({ formula }) => formula],
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

type Column = readonly [title: string, cell: (entry: Entry) => string];

function defaultsText(defaults: Entry['defaults']): string {
  return Object.entries(defaults)
    .map(([key, value]) => (value === 'required' ? `${key}=…` : `${key}=${valueText(value)}`))
    .join(' ');
}
