/** The flags that say how a table is read, for the commands that look at one without training on it. */
import type { TableOverrides } from '../../src/data/tables/overrides.js';
import type { Args, Flags } from '../command.js';
import { CONFIG_FLAGS, checked, kebab, parseText } from './flags.js';

const KEYS = ['header', 'decimal', 'missing', 'dateFormat', 'text', 'number', 'category'] as const;

export const TABLE_FLAGS: Flags = Object.fromEntries(
  KEYS.map((key) => [kebab(key), CONFIG_FLAGS[kebab(key)]]),
);

export async function tableOverrides({ values }: Args): Promise<TableOverrides> {
  const overrides: Record<string, unknown> = {};
  for (const key of KEYS) {
    const text = values[kebab(key)];
    if (text !== undefined) overrides[key] = checked(key, await parseText(key, text), `--${kebab(key)}`);
  }
  return overrides;
}
