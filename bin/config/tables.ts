/** The flags that say how to read a table, for commands that look at tables without training on them. */
import type { TableOverrides } from '../../src/data/tables/overrides.js';
import type { Args, Flags } from '../command.js';
import { CONFIG_FLAGS, givenValues, kebab } from './flags.js';

const KEYS = ['header', 'decimal', 'missing', 'dateFormat', 'text', 'number', 'category'] as const;

export const TABLE_FLAGS: Flags = Object.fromEntries(
  KEYS.map((key) => [kebab(key), CONFIG_FLAGS[kebab(key)]]),
);

export const tableOverrides = (args: Args): TableOverrides => givenValues(KEYS, args);
