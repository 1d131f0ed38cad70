/** docs/formats.md lists the keys of every format by its schema; UPDATE_DOCS=1 writes the tables anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FORMAT_NAMES, jsonSchemaOf } from '#src/experiment/schemas.js';

const DOCUMENT = 'docs/formats.md';

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Keys whose own keys stand in the table of another format. */
const ELSEWHERE = ['result', 'base', 'record', 'start', 'history', 'members'];
/** Whether an object holds metrics, whose keys docs/formats.md lists once. */
const isMetrics = ({ properties = {} }: Schema) => 'loss' in properties && 'r2' in properties;

/** Says what a value may be: string, number or null; names of a choice. */
function typeText(schema: Schema): string {
  const { type, anyOf, oneOf } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  const variants = anyOf ?? oneOf;
  if (variants) return [...new Set(variants.map(typeText))].join(' or ');
  if (type === 'array') return `list of ${typeText(schema.items ?? {})}`;
  return [type ?? 'any'].flat().join(' or ');
}

const objectIn = (schema: Schema): Schema | undefined =>
  schema.properties
    ? schema
    : [...(schema.anyOf ?? []), schema.items ?? {}].find(({ properties }) => properties);

function rows({ properties: all = {}, required = [] }: Schema, prefix = ''): string[] {
  const { type } = all;
  const properties = type?.const === 'end' ? { type } : all; // the rest is the result of `train --json`
  return Object.entries(properties).flatMap(([key, schema]) => {
    const inner = ELSEWHERE.includes(key) ? undefined : objectIn(schema);
    const optional = required.includes(key) ? '' : ', may be absent';
    const usual = schema.default === undefined ? optional : `, default ${JSON.stringify(schema.default)}`;
    const cells = [`\`${prefix}${key}\``, `${typeText(schema)}${usual}`, schema.description ?? ''];
    return [
      `| ${cells.join(' | ')} |`,
      ...(inner && !isMetrics(inner) ? rows(inner, `${prefix}${key}.`) : []),
    ];
  });
}

/** The table of a format; where a line is one of several kinds, one for each kind. */
function tables(name: (typeof FORMAT_NAMES)[number]): string {
  const schema = jsonSchemaOf(name) as Schema;
  return (schema.oneOf ?? [schema])
    .map((kind) => ['| key | value | meaning |', '|---|---|---|', ...rows(kind), ''].join('\n'))
    .join('\n');
}

it.each(FORMAT_NAMES)('docs/formats.md lists the keys of %s', (name) => {
  const marks = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = text.split(marks[0]);
  const [written, after] = rest.split(marks[1]);
  if (process.env.UPDATE_DOCS) {
    writeFileSync(DOCUMENT, [before, marks[0], tables(name), marks[1], after].join(''));
  } else expect(written).toBe(tables(name));
});
