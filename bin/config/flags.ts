/**
 * Derives the flags of the configuration's keys from its schema, and reads their values as it says.
 */
import { z } from 'zod';
import { UsageError } from '../../src/errors.js';
import { valueText } from '../../src/hyperparameters.js';
import { describeIssue } from '../../src/issues.js';
import { CONFIG_KEYS, configSchema } from '../../src/train/config.js';
import { CONFIG_GROUPS } from '../../src/train/configkeys.js';
import type { Args, Flag, Flags } from '../command.js';
import { numberIn, readNames } from '../readers.js';

export type Key = (typeof CONFIG_KEYS)[number];

/** The part of a key's JSON schema from which its flag follows. */
interface Property {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Property[];
  readonly items?: Property;
  readonly additionalProperties?: unknown;
}
const PROPERTIES = z.toJSONSchema(configSchema, { io: 'input' }).properties as Record<Key, Property>;

const GROUPS = Object.keys(CONFIG_GROUPS);
const ALIASES: Readonly<Record<string, string>> = { target: 't', category: 'categorical', number: 'numeric' };

export const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const environmentVariable = (key: string): string =>
  `GRADPOOL_${kebab(key).replaceAll('-', '_').toUpperCase()}`;

/** Returns the place of a key's group, in the order of the help. */
const groupOf = (key: Key): number => GROUPS.findIndex((name) => CONFIG_GROUPS[name].includes(key));

/** The flags of each key but `data`, which is the argument, and `own`, which only programs have. */
export const CONFIG_FLAGS: Flags = Object.fromEntries(
  CONFIG_KEYS.filter((key) => key !== 'data' && key !== 'own')
    .sort((a, b) => groupOf(a) - groupOf(b))
    .flatMap(flagsOf),
);

/** Makes the flag of a key. A boolean has a second, hidden flag that switches it off. */
function flagsOf(key: Key): [string, Flag][] {
  const property = PROPERTIES[key];
  const { type, description = '', default: value, enum: choices } = property;
  const described = {
    describe: description,
    group: GROUPS[groupOf(key)],
    ...(value === undefined || value === false ? {} : { default: valueText(value) }),
    ...(choices ? { choices } : {}),
    ...(ALIASES[key] ? { alias: ALIASES[key] } : {}),
  };
  if (type === 'boolean') {
    return [
      [kebab(key), { ...described, boolean: true }],
      [`no-${kebab(key)}`, { describe: '', hidden: true, boolean: true }],
    ];
  }
  if (isWords(property) || isRecord(property)) {
    const read = (texts: readonly string[], where: string) => readKey(key, texts, where);
    return [[kebab(key), { ...described, repeats: true, read }]];
  }
  const read = (text: string, where: string) => readKey(key, [text], where);
  if (property.anyOf?.some((variant) => variant.type === 'boolean')) {
    const { default: _, ...withoutDefault } = described;
    return [
      [kebab(key), { ...withoutDefault, alone: 'true', read }],
      [`no-${kebab(key)}`, { describe: '', hidden: true, boolean: true }],
    ];
  }
  return [[kebab(key), { ...described, ...(key === 'hidden' ? { mayBeEmpty: true as const } : {}), read }]];
}

/** Says whether a key takes a list of words, such as names of columns. */
function isWords({ items }: Property): boolean {
  return items?.type === 'string';
}

/** Says whether a key takes a list, as hidden does: its parts are joined by commas. */
export function takesList(key: Key): boolean {
  const { anyOf, ...own } = PROPERTIES[key];
  return (anyOf ?? [own]).some(({ type }) => [type].flat().includes('array'));
}

/** Says whether a key takes a value for each column, by its name. */
function isRecord({ type, anyOf = [], additionalProperties }: Property): boolean {
  return (type === 'object' && additionalProperties !== undefined) || anyOf.some(isRecord);
}

/** Reads the value of a key from what was written. Throws UsageError that begins with `where`. */
export async function readKey(key: Key, texts: readonly string[], where: string): Promise<unknown> {
  return checked(key, await parseTexts(key, texts), where);
}

/** Returns the values of those of the keys that were given as flags. */
export function givenValues(keys: readonly Key[], args: Args): Record<string, unknown> {
  const given = keys.filter((key) => args[kebab(key)] !== undefined);
  return Object.fromEntries(given.map((key) => [key, args[kebab(key)]]));
}

/**
 * Reads the value that texts stand for. A text that stands for none stays as it is, for `checked` to refuse.
 */
async function parseTexts(key: Key, texts: readonly string[]): Promise<unknown> {
  const property = PROPERTIES[key];
  const [text] = texts;
  if (key === 'hidden' && /^\s*(none)?\s*$/.test(text)) return [];
  if (property.items?.anyOf) {
    const { parseDocument } = await import('yaml'); // YAML includes JSON.
    const document = parseDocument(text);
    return document.errors.length > 0 ? text : document.toJS();
  }
  if (isRecord(property)) return byColumn(texts);
  if (isWords(property)) return readNames(texts);
  return scalarOrList(property, text.trim());
}

/** Reads `COLUMN=VALUE`; a text without = stays as it is. A column's name may contain =, a value cannot. */
function byColumn(texts: readonly string[]): unknown {
  if (texts.length === 1 && !texts[0].includes('=')) return texts[0];
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.lastIndexOf('=');
      return [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
    }),
  );
}

function scalarOrList(property: Property, text: string): unknown {
  const types = (property.anyOf ?? [property]).flatMap(({ type }) => type);
  if (types.includes('array') && !property.anyOf?.some((variant) => variant.enum?.includes(text))) {
    return text.split(',').map((part) => scalarOrList({ type: 'number' }, part.trim()));
  }
  if ((types.includes('number') || types.includes('integer')) && numberIn(text) !== null) {
    return Number(text);
  }
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

/** Returns the value if the key may have it. Throws UsageError, which says where the value was written. */
export function checked(key: Key, value: unknown, where: string): unknown {
  const parsed = configSchema.shape[key].safeParse(value);
  if (parsed.success) return value;
  const issue = describeIssue(parsed.error.issues[0], value, []);
  throw new UsageError(
    `${where}: ${issue.replace(/^(\d+): /, (_, index) => `value ${Number(index) + 1}: `)}`,
  );
}
