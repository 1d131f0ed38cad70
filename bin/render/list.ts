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
  const text = table(
    shown.map(([title]) => title),
    entries.map((entry) => shown.map(([, cell]) => cell(entry))),
  );
  const width = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  if (text.split('\n').every((line) => line.length <= width)) return text;
  const [, ...others] = shown;
  return entries.map((entry) => [entry.name, ...factLines(others, entry, width)].join('\n')).join('\n');
}

type Column = readonly [title: string, cell: (entry: Entry) => string];

/** Writes an entry one column a line, for terminals that are too narrow for the table. */
function factLines(columns: readonly Column[], entry: Entry, width: number): string[] {
  const margin = Math.max(...columns.map(([title]) => title.length)) + 4;
  return columns.flatMap(([title, cell]) => {
    const text = cell(entry);
    if (text === '' || text === '-') return [];
    const [first, ...rest] = wrapped(text, Math.max(20, width - margin));
    return [`  ${title.padEnd(margin - 2)}${first}`, ...rest.map((line) => `${' '.repeat(margin)}${line}`)];
  });
}

/** Breaks a text between words into lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length <= width || lines.at(-1) === '') lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

function defaultsText(defaults: Entry['defaults']): string {
  return Object.entries(defaults)
    .map(([key, value]) => (value === 'required' ? `${key}=…` : `${key}=${valueText(value)}`))
    .join(' ');
}
