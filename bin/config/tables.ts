/** The flags that say how to read a table, for commands that look at tables without training on them. */
import type { TableWishes } from '../../src/data/tables/wishes.js';
import type { Args, Flags } from '../command.js';
import { CONFIG_FLAGS, checked, kebab, parseText } from './flags.js';

const KEYS = ['header', 'decimal', 'missing', 'dateFormat', 'text', 'number', 'category'] as const;

export const TABLE_FLAGS: Flags = Object.fromEntries(
  KEYS.map((key) => [kebab(key), CONFIG_FLAGS[kebab(key)]]),
);

export async function tableWishes({ values }: Args): Promise<TableWishes> {
  const wishes: Record<string, unknown> = {};
  for (const key of KEYS) {
    const text = values[kebab(key)];
    if (text !== undefined) wishes[key] = checked(key, await parseText(key, text), `--${kebab(key)}`);
  }
  return wishes;
}
